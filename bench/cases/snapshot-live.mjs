// Newest frame of a running camera → durable, answered file, against writing the same bytes durably from C++ into the same folder.
// Ours includes the call over the WebSocket; the caller is the generator, since a Node client adds a third of the time.
import { execFile } from 'node:child_process'
import { copyFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { startService } from '../../test/vm/guest/support/service.mjs'
import { eventually } from '../../test/vm/guest/support/wait.mjs'
import { generate } from '../support/gen.mjs'
import { duration, publish } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const DURABLE = resolve(import.meta.dirname, '../out/durable')
const DURABLE_SHOTS = 200

/** Small and slow enough that the pattern leaves the machine to the measurement; frames stay new enough between two of them. */
const MODE = { WIDTH: 640, HEIGHT: 360, FPS: 10 }

export async function run({ quick }) {
  const service = await startService({
    args: ['--virtual-cameras', '1'],
    config: {
      ...Object.fromEntries(Object.entries(MODE).map(([name, value]) => [`CAMERA_VIRTUAL_CAMERAS_${name}`, value])),
      CAMERA_LINGER: '1m',
      SECURITY_RATE_LIMIT_REQUESTS: 1_000_000,
      LOGGING_LEVEL: 'warn',
    },
  })
  try {
    const client = await service.client()
    await eventually('the camera is there', async () => (await client.call('get_camera_list')).connected === 1)
    const { file_path } = await client.call('take_snapshot', { device: 'camera0' })
    // Outside the folder, which both sides write into.
    const sample = join(service.stateDir, 'sample.jpg')
    await copyFile(file_path, sample)
    const token = await service.token('operator')
    const result = await judgeTwice((rounds) => measure({ service, token, sample, rounds }), quick ? 3 : 7)
    publish('snapshot-live', line(result), result)
    return failures('snapshot-live', result)
  } finally {
    await service.stop()
  }
}

async function measure({ service, token, sample, rounds }) {
  const values = await interleave(
    {
      ours: () => shots(service, token),
      durable: async () => {
        const { stdout } = await promisify(execFile)(DURABLE, [sample, service.snapshotDir, String(DURABLE_SHOTS)])
        const { ns, bytes } = JSON.parse(stdout)
        return { ns: median(ns), bytes }
      },
    },
    rounds,
  )
  const ratios = values.ours.map(({ latencyNs }, round) => latencyNs.p50 / values.durable[round].ns)
  return { rounds, values, ratios, verdict: judge(ratios, { atMost: 2 }) }
}

/** One call after another, on one connection. */
async function shots(service, token) {
  const options = { connections: 1, depth: 1, method: 'take_snapshot', params: JSON.stringify({ device: 'camera0' }) }
  const result = await generate({ ...options, port: service.port, 'server-pid': service.pid, token, warmup: 0.2, seconds: 1.5 })
  if (result.wrong > 0) throw new Error(`${result.wrong} of ${result.checked} snapshots looked at failed`)
  return result
}

const line = ({ values, verdict }) => [
  `ours ${duration(median(values.ours.map(({ latencyNs }) => latencyNs.p50)))} (call to reply)`,
  `write+fsync+rename+fsync ${duration(median(values.durable.map(({ ns }) => ns)))} of ${values.durable[0].bytes} B`,
  ratioText(verdict),
]
