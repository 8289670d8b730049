import { readFile } from 'node:fs/promises'
import { CONFIG_OPTION, type Command, textOf } from './command.js'
import { EXIT } from './exit.js'
import { loadFor } from './load-config.js'

export const doctorCommand: Command = {
  name: 'doctor',
  summary:
    'Explains each camera: permission, who has it open, USB bandwidth, power and stalls, no signal, no camera at all, and what to ' +
    'change. Works beside a running service and without one. Exit code 1 when something is wrong.',
  positional: { name: 'CAMERA', doc: 'only this one: camera0 or /dev/video0' },
  options: {
    json: { type: 'boolean', doc: 'findings and the facts behind them as JSON' },
    config: CONFIG_OPTION,
  },
  async run(values, terminal) {
    const { config } = await loadFor(terminal, textOf(values, 'config'), [], true)
    const { config_file: faceFile, server } = config.camera_server
    const [{ diagnose }, { systemClock }] = await Promise.all([import('../doctor/index.js'), import('../base/clock.js')])
    const { facts, findings, text } = await diagnose(
      {
        stateDir: config.state_dir,
        servicePort: (await portIn(faceFile)) ?? server.port,
        modeWish: (device) => config.camera.modes[device] ?? {},
        env: terminal.env,
        clock: systemClock,
      },
      textOf(values, 'CAMERA'),
    )
    terminal.print(values.json === true ? `${JSON.stringify({ findings, facts }, null, 2)}\n` : text)
    return findings.some(({ severity }) => severity === 'error') ? EXIT.failed : EXIT.ok
  },
}

/** The port in the camera face's own file, which wins over the service's. */
async function portIn(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const port = Number(/"port"\s*:\s*(\d{1,5})\b/.exec(text)?.[1])
  return port > 0 ? port : undefined
}
