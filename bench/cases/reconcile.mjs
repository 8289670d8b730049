// 100 missing paths put back on a server that takes 1 ms for each call, against a bare loop of the same calls.
import { Pool } from 'undici'
import { MediamtxClient } from '../../dist/media/api/client.js'
import { Reconciler } from '../../dist/media/paths/reconciler.js'
import { desiredPaths, startMediamtx } from '../support/mediamtx.mjs'
import { duration, publish } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { silent } from '../support/silent.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const PATHS = 100
const LATENCY_MS = 1

export async function run({ quick }) {
  const desired = await desiredPaths(PATHS)
  const server = await startMediamtx({ latencyMs: LATENCY_MS })
  const client = new MediamtxClient({ origin: server.origin, credentials: undefined })
  const pool = new Pool(server.origin, { connections: 8, pipelining: 1 })
  try {
    const result = await judgeTwice((rounds) => measure(desired, client, pool, rounds), quick ? 5 : 15)
    if (result.calls.some((calls) => calls !== PATHS + 1)) result.verdict.status = `FAILED: calls ${result.calls.join()}`
    const text = (name) => duration(median(result.values[name]))
    const what = `${PATHS} paths, ${LATENCY_MS} ms a call`
    publish(
      'reconcile',
      [what, `ours ${text('ours')}`, `bare loop ${text('bare')}`, `calls ${result.calls[0]}`, ratioText(result.verdict)],
      result,
    )
    return failures('reconcile', result)
  } finally {
    await client.close()
    await pool.close()
    await server.stop()
  }
}

async function measure(desired, client, pool, rounds) {
  const calls = []
  const ask = async (method, path, body) => {
    const reply = await pool.request({ method, path: `/v3/${path}`, ...(body === undefined ? {} : { body }) })
    return JSON.parse(await reply.body.text())
  }
  const forget = async () => {
    for (const name of desired.keys()) await ask('DELETE', `config/paths/delete/${name}`)
  }
  const ours = async () => {
    await forget()
    let count = 0
    const counting = Object.fromEntries(
      ['listPathConfigs', 'replacePath', 'deletePath'].map((call) => [
        call,
        (...args) => {
          count++
          return client[call](...args)
        },
      ]),
    )
    // A new server, as far as it knows.
    const reconciler = new Reconciler({ instance: 'bench', takeOver: false, clock: { nowMs: () => 0 }, logger: silent })
    const ns = await timed(() => reconciler.pass(counting, { get: () => desired, mayRemove: () => true }))
    calls.push(count)
    return ns
  }
  const bare = async () => {
    await forget()
    return timed(async () => {
      await ask('GET', 'config/paths/list?itemsPerPage=1000')
      for (const [name, body] of desired) await ask('POST', `config/paths/replace/${name}`, JSON.stringify(body))
    })
  }
  await interleave({ ours, bare }, 1)
  calls.length = 0
  const values = await interleave({ ours, bare }, rounds)
  return {
    rounds,
    calls,
    values,
    verdict: judge(
      values.ours.map((ns, round) => ns / values.bare[round]),
      { atMost: 1.3 },
    ),
  }
}

async function timed(work) {
  const begin = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - begin)
}
