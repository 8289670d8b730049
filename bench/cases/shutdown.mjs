// From SIGTERM until the process is gone while 10 000 clients are connected, against the end of a process that just dies with as many.
import { hold } from '../support/held.mjs'
import { startRaw } from '../support/peer.mjs'
import { duration, publish } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { startRpcService } from '../support/rpc.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, ratioText } from '../support/verdict.mjs'

const CLIENTS = 10_000
const MOST_NS = 3e9

export async function run({ quick }) {
  const rounds = quick ? 1 : 3
  const values = await interleave({ ours, raw }, rounds)
  const ratios = values.ours.map((ns) => ns / MOST_NS)
  const result = { clients: CLIENTS, rounds, values, ratios, verdict: judge(ratios, { atMost: 1, absolute: true }) }
  const name = `shutdown n=${CLIENTS}`
  const parts = [`ours ${duration(median(values.ours))}`, `raw ${duration(median(values.raw))}`]
  publish(name, [...parts, `of 3 s: ${ratioText(result.verdict)}`], result)
  return failures(name, result)
}

async function ours() {
  const service = await startRpcService()
  try {
    const token = await service.token('viewer')
    return await timeEnd({ port: service.port, token, end: () => service.stop() })
  } finally {
    await service.stop()
  }
}

async function raw() {
  const server = await startRaw({})
  return timeEnd({ port: server.port, end: () => server.stop() })
}

/** Nanoseconds that `end` takes with everyone connected. All of them must hear of it. */
async function timeEnd({ port, token, end }) {
  const clients = await hold({ port, connections: CLIENTS, ...(token && { token }) })
  const begin = process.hrtime.bigint()
  await end()
  const took = Number(process.hrtime.bigint() - begin)
  const status = await clients.gone
  if (status !== 0) throw new Error(`the clients ended with ${status}`)
  return took
}
