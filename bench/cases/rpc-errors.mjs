// Requests that are refused, per second over 100 connections, against `ping` over the same: a mistake of a client must not cost more.
import { generate } from '../support/gen.mjs'
import { publish, rate } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { cpuUs, medianOf, startRpcService } from '../support/rpc.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const CONNECTIONS = 100
const KINDS = {
  'no JSON': { payload: '{"jsonrpc":"2.0","id":7,"method":"ping"', expect: '"code":-32600' },
  'unknown method': { method: 'no_such_method', expect: '"code":-32601' },
  'wrong params': { method: 'get_camera_status', params: '{"device":5}', expect: '"code":-32602' },
  denied: { method: 'get_metrics', expect: '"code":-32002' },
}

export async function run({ quick }) {
  const service = await startRpcService()
  const failed = []
  try {
    const target = {
      port: service.port,
      'server-pid': service.pid,
      token: await service.token('operator'),
      connections: CONNECTIONS,
    }
    for (const [kind, request] of Object.entries(KINDS)) {
      const name = `rpc-errors ${kind} d=1 c=${CONNECTIONS}`
      const result = await judgeTwice((rounds) => measure(target, request, rounds), quick ? 3 : 5)
      publish(name, line(result), result)
      failed.push(...failures(name, result))
    }
  } finally {
    await service.stop()
  }
  return failed
}

async function measure(target, request, rounds) {
  const load = (call) => () => generate({ ...target, ...call, depth: 1, warmup: 0.2, seconds: 1 })
  const values = await interleave({ refused: load(request), ping: load({ method: 'ping' }) }, rounds)
  const ratios = values.refused.map(({ perSecond }, round) => perSecond / values.ping[round].perSecond)
  return { rounds, values, ratios, verdict: judge(ratios, { atLeast: 0.7 }) }
}

function line({ values, verdict }) {
  const of = (list) => `${rate(medianOf(list, 'perSecond'))} ${cpuUs(list)} µs/op`
  return [`refused ${of(values.refused)}`, `ping ${of(values.ping)}`, ratioText(verdict)]
}
