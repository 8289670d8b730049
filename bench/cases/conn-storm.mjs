// 10 000 clients are cut and come back at once: until the last one is logged in and subscribed, against raw, where it only has to be
// upgraded. Beside it what 100 others wait for their calls meanwhile, and waited before.
import { arrive, SUBSCRIBE } from '../support/arrivals.mjs'
import { startRaw } from '../support/peer.mjs'
import { duration, publish } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { medianOf, percent, startRpcService } from '../support/rpc.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const CLIENTS = 10_000
const OTHERS = 100
const AT_MOST = 3

export async function run({ quick }) {
  // All of them are without a login for a moment.
  const service = await startRpcService({ config: { SERVER_MAX_UNAUTHENTICATED: 15_000 } })
  const raw = await startRaw({ replyBytes: 60 })
  try {
    const token = await service.token('viewer')
    const common = { storm: CLIENTS, others: OTHERS, 'others-rate': 1_000, before: 1 }
    const variants = {
      ours: () => arrive({ ...common, port: service.port, pid: service.pid, token, 'others-token': token, setup: SUBSCRIBE }),
      raw: () => arrive({ ...common, port: raw.port, pid: raw.pid }),
    }
    const result = await judgeTwice((rounds) => measure(variants, rounds), quick ? 3 : 7)
    const name = `conn-storm n=${CLIENTS}`
    publish(name, line(result), { clients: CLIENTS, others: OTHERS, ...result })
    return failures(name, result)
  } finally {
    await raw.stop()
    await service.stop()
  }
}

async function measure(variants, rounds) {
  const values = await interleave(variants, rounds)
  const ratios = values.ours.map(({ seconds }, round) => seconds / values.raw[round].seconds)
  return { rounds, values, ratios, verdict: judge(ratios, { atMost: AT_MOST }) }
}

function line({ values, verdict }) {
  const took = (list) => `${duration(medianOf(list, 'seconds') * 1e9)} (${duration(medianOf(list, 'cpuNs'))} each)`
  const p95 = (list, member) => duration(median(list.map((one) => one[member].p95)))
  return [
    `all logged in and subscribed again after ${took(values.ours)}`,
    `raw, upgraded only ${took(values.raw)}`,
    ratioText(verdict),
    `p95 of ${OTHERS} others ${p95(values.ours, 'othersBeforeNs')} → ${p95(values.ours, 'othersNs')}, raw ${p95(values.raw, 'othersNs')}`,
    `server ${percent(medianOf(values.ours, 'serverBusy'))} gen ${percent(medianOf(values.ours, 'generatorBusy'))}`,
  ]
}
