// `paths/list` of 8 kB, parsed and validated by our client, against undici's pool with JSON.parse alone; one at a time and eight.
import { Pool } from 'undici'
import { MediamtxClient } from '../../dist/media/api/client.js'
import { startMediamtx } from '../support/mediamtx.mjs'
import { duration, publish, rate } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const NAMES = Array.from({ length: 42 }, (_, at) => `camera${at}`)

export async function run({ quick }) {
  const server = await startMediamtx({ paths: Object.fromEntries(NAMES.map((name) => [name, {}])) })
  const client = new MediamtxClient({ origin: server.origin, credentials: undefined })
  const pool = new Pool(server.origin, { connections: 8, pipelining: 1 })
  const bare = async () => {
    const { body } = await pool.request({ method: 'GET', path: '/v3/paths/list?itemsPerPage=1000&page=0' })
    return JSON.parse(await body.text()).items
  }
  const ours = () => client.listPaths()
  const failed = []
  try {
    const bytes = JSON.stringify(await bare()).length
    for (const parallel of [1, 8]) {
      const name = `mtx-client-${parallel}`
      const calls = quick ? 400 : 2_000
      const result = await judgeTwice((rounds) => measure({ ours, bare }, parallel, calls, rounds), quick ? 5 : 11)
      publish(name, line(result, parallel, bytes), result)
      failed.push(...failures(name, result))
    }
  } finally {
    await client.close()
    await pool.close()
    await server.stop()
  }
  return failed
}

async function measure(callers, parallel, calls, rounds) {
  const variants = Object.fromEntries(Object.entries(callers).map(([name, call]) => [name, () => timed(call, parallel, calls)]))
  await interleave(variants, 1)
  const values = await interleave(variants, rounds)
  const ratios = values.ours.map(({ perCallNs }, round) => perCallNs / values.bare[round].perCallNs)
  return { parallel, calls, rounds, values, verdict: judge(ratios, { atMost: 1.3 }) }
}

async function timed(call, parallel, calls) {
  const timesNs = []
  const worker = async () => {
    for (let done = 0; done < calls / parallel; done++) {
      const begin = process.hrtime.bigint()
      await call()
      timesNs.push(Number(process.hrtime.bigint() - begin))
    }
  }
  const begin = process.hrtime.bigint()
  await Promise.all(Array.from({ length: parallel }, worker))
  const perCallNs = Number(process.hrtime.bigint() - begin) / calls
  timesNs.sort((a, b) => a - b)
  return { perCallNs, p50: timesNs[timesNs.length >> 1], p95: timesNs[Math.floor(timesNs.length * 0.95)] }
}

function line({ values, verdict }, parallel, bytes) {
  const text = (name, list) => {
    const [p50, p95] = [median(list.map((one) => one.p50)), median(list.map((one) => one.p95))]
    return `${name} ${rate(1e9 / median(list.map(({ perCallNs }) => perCallNs)))} p50 ${duration(p50)} p95 ${duration(p95)}`
  }
  return [
    `${parallel} at a time, ${bytes} B`,
    text('ours', values.ours),
    text('undici + JSON.parse', values.bare),
    ratioText(verdict),
  ]
}
