// Newest frame of a running camera → durable, answered file, against writing the same bytes durably from C++ into the same folder.
// Ours includes the call over the WebSocket from a Node client.
import { execFile } from 'node:child_process'
import { copyFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { startService } from '../../test/vm/guest/support/service.mjs'
import { duration, publish } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { median } from '../support/stats.mjs'
import { judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const DURABLE = resolve(import.meta.dirname, '../out/durable')
const SHOTS = 40

export async function run({ quick }) {
  const service = await startService({
    args: ['--virtual-cameras', '1'],
    config: { SECURITY_RATE_LIMIT_REQUESTS: 1_000_000, LOGGING_LEVEL: 'warn' },
  })
  try {
    const client = await service.client('operator')
    const { file_path } = await client.call('take_snapshot', { device: 'camera0' })
    // Outside the folder, which both sides write into.
    const sample = join(service.stateDir, 'sample.jpg')
    await copyFile(file_path, sample)
    const result = await judgeTwice((rounds) => measure(service, client, sample, rounds), quick ? 3 : 7)
    publish('snapshot-live', line(result), result)
    return result.verdict.status === 'FAILED' ? ['snapshot-live'] : []
  } finally {
    await service.stop()
  }
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
