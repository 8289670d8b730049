// Newest frame of a running camera → durable, answered file, against writing the same bytes durably from C++ into the same folder.
// Ours includes the call over the WebSocket from a Node client.
import { execFile } from 'node:child_process'
import { copyFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { startMediaServer } from '../../test/vm/guest/support/media-server.mjs'
import { startService } from '../../test/vm/guest/support/service.mjs'
import { eventually } from '../../test/vm/guest/support/wait.mjs'
import { duration, publish } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const DURABLE = resolve(import.meta.dirname, '../out/durable')
const SHOTS = 40

/** Small and slow enough that encoding the stream leaves the machine to the measurement. */
const MODE = { WIDTH: 640, HEIGHT: 360, FPS: 10 }

export async function run({ quick }) {
  const media = await startMediaServer({ double: true })
  const service = await startService({
    args: ['--virtual-cameras', '1'],
    config: {
      ...Object.fromEntries(Object.entries(MODE).map(([name, value]) => [`CAMERA_VIRTUAL_CAMERAS_${name}`, value])),
      ...media.config,
      SECURITY_RATE_LIMIT_REQUESTS: 1_000_000,
      LOGGING_LEVEL: 'warn',
    },
  })
  try {
    const client = await service.client()
    // Pictures flow, and are encoded, while somebody wants them: here the publisher.
    await eventually('the camera is published', () => published(client), { timeoutMs: 20_000, everyMs: 100 })
    const { file_path } = await client.call('take_snapshot', { device: 'camera0' })
    // Outside the folder, which both sides write into.
    const sample = join(service.stateDir, 'sample.jpg')
    await copyFile(file_path, sample)
    const result = await judgeTwice((rounds) => measure(service, client, sample, rounds), quick ? 3 : 7)
    publish('snapshot-live', line(result), result)
    return failures('snapshot-live', result)
  } finally {
    await service.stop()
    await media.stop()
  }
}

async function published(client) {
  await client.call('start_streaming', { device: 'camera0' }).catch(() => {})
  const status = await client.call('get_stream_status', { device: 'camera0' }).catch(() => undefined)
  return status?.ready === true
}

async function measure(service, client, sample, rounds) {
  const values = await interleave(
    {
      ours: async () => median(await shots(client)),
      durable: async () => {
        const { stdout } = await promisify(execFile)(DURABLE, [sample, service.snapshotDir, String(SHOTS)])
        const { ns, bytes } = JSON.parse(stdout)
        return { ns: median(ns), bytes }
      },
    },
    rounds,
  )
  const ratios = values.ours.map((ns, round) => ns / values.durable[round].ns)
  return { rounds, shotsPerRound: SHOTS, values, ratios, verdict: judge(ratios, { atMost: 2 }) }
}

/** Nanoseconds of each of the calls, one after another. */
async function shots(client) {
  const took = []
  for (let i = 0; i < SHOTS; i++) {
    const begin = process.hrtime.bigint()
    await client.call('take_snapshot', { device: 'camera0' })
    took.push(Number(process.hrtime.bigint() - begin))
  }
  return took
}

const line = ({ values, verdict }) => [
  `ours ${duration(median(values.ours))} (call to reply)`,
  `write+fsync+rename+fsync ${duration(median(values.durable.map(({ ns }) => ns)))} of ${values.durable[0].bytes} B`,
  ratioText(verdict),
]
