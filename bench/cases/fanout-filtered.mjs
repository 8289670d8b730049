// An event that the filters of 9 900 of 10 000 subscribers let not pass, against one with 100 subscribers who all want it.
import { listen, startEventServers } from '../support/listeners.mjs'
import { duration, publish } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const WANTING = 100
const OTHERS = 9_900
const EVENTS = 20

export async function run({ quick }) {
  const servers = await startEventServers(260)
  try {
    const result = await judgeTwice((rounds) => measure(servers.ours, rounds), quick ? 3 : 5)
    const { among, alone } = result.values
    const parts = [
      `last of ${WANTING} among ${OTHERS} others ${duration(median(among))}`,
      `without them ${duration(median(alone))}`,
    ]
    publish('fanout-filtered', [...parts, ratioText(result.verdict)], result)
    return failures('fanout-filtered', result)
  } finally {
    await servers.stop()
  }
}

async function measure(server, rounds) {
  const last = (options) => async () => {
    const [, ...rest] = (await listen(server, { events: EVENTS + 1, ...options })).events
    return median(rest.map(({ lastNs }) => lastNs))
  }
  const variants = {
    among: last({ connections: WANTING + OTHERS, filtered: OTHERS }),
    alone: last({ connections: WANTING }),
  }
  const values = await interleave(variants, rounds)
  const ratios = values.among.map((ns, round) => ns / values.alone[round])
  return { rounds, values, ratios, verdict: judge(ratios, { atMost: 1.3 }) }
}
