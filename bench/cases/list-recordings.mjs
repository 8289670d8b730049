// A page of 50 recordings out of 10, 10 000 and 100 000, the first and one from the middle, from the call over the WebSocket to the reply;
// beside it what a look at the folder costs, and how long a new file takes into the list. The gate is a limit: 2 ms in the p95, however many.
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startService } from '../../test/vm/guest/support/service.mjs'
import { eventually } from '../../test/vm/guest/support/wait.mjs'
import { generate } from '../support/gen.mjs'
import { duration, publish } from '../support/report.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const COUNTS = [10, 10_000, 100_000]
const LIMIT_NS = 2e6
const LIMIT = 50
const LISTED_MS = 120_000

export async function run({ quick }) {
  const service = await startService({ config: { SECURITY_RATE_LIMIT_REQUESTS: 1_000_000, LOGGING_LEVEL: 'warn' } })
  try {
    const folder = join(service.stateDir, 'recordings')
    await mkdir(folder, { recursive: true })
    const client = await service.client()
    const token = await service.token('viewer')
    const failed = []
    let made = 0
    for (const count of COUNTS) {
      for (; made < count; made++) writeFileSync(join(folder, `camera0_${String(made).padStart(6, '0')}.mp4`), '')
      await eventually(
        'all are listed',
        async () => (await client.call('list_recordings', { limit: 1 })).total === count,
        LISTED_MS,
      )
      const name = `list-recordings n=${count}`
      const result = await judgeTwice((rounds) => measure({ service, client, token, folder, count, rounds }), quick ? 3 : 7)
      publish(name, line(result), result)
      failed.push(...failures(name, result))
      made = count
    }
    return failed
  } finally {
    await service.stop()
  }
}

async function measure({ service, client, token, folder, count, rounds }) {
  const values = { first: [], middle: [], lookNs: [], newFileNs: [] }
  for (let round = 0; round < rounds; round++) {
    values.first.push(await pages(service, token, 0))
    values.middle.push(await pages(service, token, Math.floor(count / 2)))
    values.lookNs.push(look(folder))
    values.newFileNs.push(await newFile(client, folder, count))
  }
  const ratios = values.first.map((first, round) => Math.max(first.latencyNs.p95, values.middle[round].latencyNs.p95) / LIMIT_NS)
  return { rounds, values, verdict: judge(ratios, { atMost: 1, absolute: true }) }
}

/** One call after another, on one connection. */
async function pages(service, token, offset) {
  const options = { connections: 1, depth: 1, method: 'list_recordings', params: JSON.stringify({ limit: LIMIT, offset }) }
  const result = await generate({ ...options, port: service.port, 'server-pid': service.pid, token, warmup: 0.2, seconds: 1 })
  if (result.wrong > 0) throw new Error(`${result.wrong} of ${result.checked} pages looked at failed`)
  return result
}

/** What a request would cost that looks at the folder itself. */
function look(folder) {
  const startedNs = process.hrtime.bigint()
  for (const name of readdirSync(folder)) statSync(join(folder, name))
  return Number(process.hrtime.bigint() - startedNs)
}

/** From the file to the list that has it; it goes again afterwards. */
async function newFile(client, folder, count) {
  const file = join(folder, `one-more-${process.hrtime.bigint()}.mp4`)
  const startedNs = process.hrtime.bigint()
  writeFileSync(file, '')
  const total = async () => (await client.call('list_recordings', { limit: 1 })).total
  await eventually('it is listed', async () => (await total()) === count + 1, LISTED_MS)
  const tookNs = Number(process.hrtime.bigint() - startedNs)
  rmSync(file)
  await eventually('it has gone', async () => (await total()) === count, LISTED_MS)
  return tookNs
}

const line = ({ values, verdict }) => [
  `p95 first ${duration(median(values.first.map(({ latencyNs }) => latencyNs.p95)))} middle ${duration(median(values.middle.map(({ latencyNs }) => latencyNs.p95)))}`,
  `readdir+stat ${duration(median(values.lookNs))}`,
  `new file listed after ${duration(median(values.newFileNs))}`,
  `of 2 ms: ${ratioText(verdict)}`,
]
