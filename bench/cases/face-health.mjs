// The camera face: from exec to the first 200 of /health, with 64 cameras; beside it `node -e 0`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../../test/support/free-port.mjs'
import { answer } from '../support/http.mjs'
import { duration, publish } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const MAIN = resolve(import.meta.dirname, '../../dist/main.cjs')
const CAMERAS = 64
const LIMIT_MS = 150
/** On a machine that is slower or busy the limit is so many times what the bare runtime takes. */
const BARE_FACTOR = 3.5
const DEADLINE_MS = 20_000

export async function run({ quick }) {
  const stateDir = await mkdtemp(join(tmpdir(), 'camera-service-health-'))
  try {
    // The first start also makes the state folder; the later ones are what a restart costs.
    await firstAnswer(stateDir)
    const result = await judgeTwice((rounds) => measure(stateDir, rounds), quick ? 3 : 11)
    const of = (name) => duration(median(result.values[name]) * 1e6)
    publish(
      'face-health',
      [
        `${of('ours')} after exec with ${CAMERAS} virtual cameras, node -e 0 ${of('node')}`,
        `against ${LIMIT_MS} ms or ${BARE_FACTOR} times node: ${ratioText(result.verdict)}`,
      ],
      result,
    )
    return failures('face-health', result)
  } finally {
    await rm(stateDir, { recursive: true, force: true })
  }
}

async function measure(stateDir, rounds) {
  const values = await interleave({ ours: () => firstAnswer(stateDir), node: bareNode }, rounds)
  const ratios = values.ours.map((ms, round) => ms / Math.max(LIMIT_MS, BARE_FACTOR * values.node[round]))
  return { values, verdict: judge(ratios, { atMost: 1, absolute: true }) }
}

/** In the environment that ours gets: a variable such as NODE_EXTRA_CA_CERTS makes a start of Node twice as long. */
async function bareNode() {
  const beganMs = performance.now()
  await once(spawn(process.execPath, ['-e', '0'], { env: { PATH: process.env.PATH }, stdio: 'ignore' }), 'exit')
  return performance.now() - beganMs
}

async function firstAnswer(stateDir) {
  const port = await freePort()
  const env = {
    PATH: process.env.PATH,
    CAMERA_SERVICE_STATE_DIR: stateDir,
    CAMERA_SERVICE_SERVER_HOST: '127.0.0.1',
    CAMERA_SERVICE_SERVER_PORT: String(await freePort()),
    CAMERA_SERVICE_HTTP_HEALTH_PORT: '0',
    CAMERA_SERVICE_MEDIAMTX_MODE: 'off',
    CAMERA_SERVICE_CAMERA_SERVER_CONFIG_FILE: join(stateDir, `config-${port}.json`),
    CAMERA_SERVICE_CAMERA_SERVER_SERVER_HOST: '127.0.0.1',
    CAMERA_SERVICE_CAMERA_SERVER_SERVER_PORT: String(port),
  }
  const beganMs = performance.now()
  const child = spawn(process.execPath, [MAIN, 'run', '--virtual-cameras', String(CAMERAS)], { env, stdio: 'ignore' })
  const gone = once(child, 'exit')
  try {
    while ((await answer(port, '/health').catch(() => undefined)) !== 200) {
      if (child.exitCode !== null || performance.now() - beganMs > DEADLINE_MS) throw new Error('the service does not start')
      // The processor is free for others meanwhile.
      await pause(2)
    }
    return performance.now() - beganMs
  } finally {
    child.kill('SIGKILL')
    await gone
  }
}
