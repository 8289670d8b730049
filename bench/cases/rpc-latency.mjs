// Latency of get_camera_status over 1 000 connections at fixed rates, counted from when each request was due, against raw at the same rate.
import { generate } from '../support/gen.mjs'
import { merged } from '../support/histogram.mjs'
import { startRaw } from '../support/peer.mjs'
import { duration, publish, rate as rateText } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { askOnce, percent, startRpcService } from '../support/rpc.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const CONNECTIONS = 1_000
const METHOD = 'get_camera_status'
const PARAMS = { device: 'camera0' }
/** What p95 may be: so many times raw's, and so much more. */
const TIMES = 2
const MORE_NS = 50_000

export async function run({ quick }) {
  const service = await startRpcService()
  const { replyBytes } = await askOnce(service, METHOD, PARAMS)
  const raw = await startRaw({ replyBytes })
  const common = { connections: CONNECTIONS, method: METHOD, params: JSON.stringify(PARAMS) }
  const ours = { port: service.port, 'server-pid': service.pid, token: await service.token('operator'), ...common }
  const peer = { port: raw.port, 'server-pid': raw.pid, ...common }
  const failed = []
  try {
    const { perSecond } = await generate({ ...ours, warmup: 0.5, seconds: 1.5 })
    const half = Math.round(perSecond / 2)
    // Beyond half of what it can do there is no gate, and a rate beyond that is none to measure.
    const fixed = (quick ? [10_000] : [1_000, 10_000, 30_000]).filter((rate) => rate <= half)
    for (const rate of [...fixed, half, ...(quick ? [] : [Math.round(perSecond * 0.8)])]) {
      const result = await judgeTwice((rounds) => measure({ ours, peer, rate, rounds }), quick ? 3 : 5)
      const share = rate / perSecond
      if (share > 0.55) result.verdict.status = 'no gate'
      const name = `rpc-latency ${nameOf(rate, perSecond)} c=${CONNECTIONS}`
      publish(name, line(result, share, rate), { connections: CONNECTIONS, rate, saturation: perSecond, ...result })
      if (share <= 0.55) failed.push(...failures(name, result))
    }
  } finally {
    await raw.stop()
    await service.stop()
  }
  return failed
}

/** Without numbers that differ from run to run. */
function nameOf(rate, perSecond) {
  return rate % 1_000 === 0 && rate < perSecond / 2 ? rateText(rate) : `${percent(rate / perSecond)} of saturation`
}

async function measure({ ours, peer, rate, rounds }) {
  const load = (target) => () => generate({ ...target, rate, warmup: 0.3, seconds: 1 })
  const values = await interleave({ ours: load(ours), raw: load(peer) }, rounds)
  const ratios = values.ours.map(({ latencyNs }, round) => latencyNs.p95 / (TIMES * values.raw[round].latencyNs.p95 + MORE_NS))
  const [mine, theirs] = [values.ours, values.raw].map((list) => merged(list.map(({ latencyNs }) => latencyNs)))
  return { rounds, rate, ours: mine, raw: theirs, ratios, verdict: judge(ratios, { atMost: 1 }) }
}

function line({ ours, raw, verdict }, share, rate) {
  const text = ({ p50, p95, p99 }) => [p50, p95, p99].map(duration).join(' / ')
  return [
    `${rateText(rate)}, ${percent(share)} of what it can do`,
    `p50 / p95 / p99 ours ${text(ours)}`,
    `raw ${text(raw)}`,
    `p95 of ${TIMES} × raw + 50 µs: ${ratioText(verdict)}`,
  ]
}
