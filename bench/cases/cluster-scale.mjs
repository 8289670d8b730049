// What a second core brings: the service with `server.workers` 2 against 1, beside the least code that can do the same with two threads
// on one port (bench/raw) against one. Servers and generator share all cores, so that the generator's share is taken from both alike.
import { cpus } from 'node:os'
import { ANY_CORE, generate } from '../support/gen.mjs'
import { startRaw } from '../support/peer.mjs'
import { publish, rate } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { askOnce, CAMERAS, medianOf, percent, startRpcService } from '../support/rpc.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

/** Many, since the kernel deals connections out by chance. */
const CONNECTIONS = 400
const METHODS = [
  { label: 'get_camera_status', method: 'get_camera_status', params: { device: 'camera0' } },
  { label: `get_camera_list of ${CAMERAS}`, method: 'get_camera_list' },
]
const AT_LEAST = 0.9

export async function run({ quick }) {
  if (cpus().length < 2) throw new Error('this needs two cores')
  const one = await startRpcService({ wrapper: ANY_CORE, config: { SERVER_WORKERS: 1 } })
  const two = await startRpcService({ wrapper: ANY_CORE, config: { SERVER_WORKERS: 2 } })
  const failed = []
  try {
    for (const { label, method, params } of METHODS) {
      const { replyBytes } = await askOnce(one, method, params)
      const raw = await startRaw({ replyBytes, threads: 1, place: ANY_CORE })
      const raws = await startRaw({ replyBytes, threads: 2, place: ANY_CORE })
      try {
        const call = { method, ...(params && { params: JSON.stringify(params) }), depth: 4 }
        const targets = {
          ours1: { server: one, token: await one.token('operator') },
          ours2: { server: two, token: await two.token('operator') },
          raw1: { server: raw },
          raw2: { server: raws },
        }
        const name = `cluster-scale ${label} d=4 c=${CONNECTIONS}`
        const result = await judgeTwice((rounds) => measure(targets, call, rounds), quick ? 3 : 7)
        publish(name, line(result), { connections: CONNECTIONS, ...result })
        failed.push(...failures(name, result))
      } finally {
        await raw.stop()
        await raws.stop()
      }
    }
  } finally {
    await one.stop()
    await two.stop()
  }
  return failed
}

async function measure(targets, call, rounds) {
  const load =
    ({ server, token }) =>
    () =>
      generate(
        {
          ...{ port: server.port, 'server-pid': server.pid, connections: CONNECTIONS },
          ...(token && { token }),
          ...{ ...call, warmup: 0.3, seconds: 1 },
        },
        ANY_CORE,
      )
  const values = await interleave(
    Object.fromEntries(Object.entries(targets).map(([name, target]) => [name, load(target)])),
    rounds,
  )
  const ratios = values.ours2.map(
    ({ perSecond }, round) =>
      perSecond / values.ours1[round].perSecond / (values.raw2[round].perSecond / values.raw1[round].perSecond),
  )
  const verdict = judge(ratios, { atLeast: AT_LEAST })
  // One thread that does not fill its core would make a second one look useless, or the first one slow.
  const idle = values.ours1.find(({ serverBusy }) => serverBusy < 0.9)
  return {
    rounds,
    values,
    ratios,
    verdict: idle === undefined ? verdict : { ...verdict, status: 'invalid: the machine was busy' },
  }
}

function line({ values, verdict }) {
  const of = (name) => medianOf(values[name], 'perSecond')
  const gain = (name) => `${rate(of(`${name}1`))} → ${rate(of(`${name}2`))} = ${(of(`${name}2`) / of(`${name}1`)).toFixed(2)} ×`
  return [
    `ours ${gain('ours')}`,
    `raw ${gain('raw')}`,
    ...(verdict.status.startsWith('invalid') ? [] : [ratioText(verdict)]),
    `server ${percent(medianOf(values.ours1, 'serverBusy'))} → ${percent(medianOf(values.ours2, 'serverBusy'))}`,
    `gen ${percent(medianOf(values.ours2, 'generatorBusy'))}`,
  ]
}
