// 100 events a second to 500 subscribers, counted from when each was due, against raw sends of the same bytes.
import { listen, startEventServers } from '../support/listeners.mjs'
import { duration, publish, rate } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const EVENT_BYTES = 260
const LISTENERS = 500
const EVENTS = { rate: 100, events: 150 }

export async function run({ quick }) {
  const servers = await startEventServers(EVENT_BYTES)
  try {
    const name = `fanout-rate ${EVENTS.rate}/s n=${LISTENERS}`
    const result = await judgeTwice((rounds) => measure(servers, rounds), quick ? 3 : 5)
    const of = (list, pick) => median(list.map(pick))
    const text = (list) => `${rate(of(list, perSecond))} p95 ${duration(of(list, ({ latencyNs }) => latencyNs.p95))}`
    publish(name, [`ours ${text(result.values.ours)}`, `raw ${text(result.values.raw)}`, ratioText(result.verdict)], result)
    return failures(name, result)
  } finally {
    await servers.stop()
  }
}

const perSecond = ({ deliveries, seconds }) => deliveries / seconds

async function measure({ ours, raw }, rounds) {
  const load = (server) => () => listen(server, { connections: LISTENERS, ...EVENTS })
  const values = await interleave({ ours: load(ours), raw: load(raw) }, rounds)
  const ratios = values.ours.map((one, round) => perSecond(one) / perSecond(values.raw[round]))
  return { rounds, values, ratios, verdict: judge(ratios, { atLeast: 0.8 }) }
}
