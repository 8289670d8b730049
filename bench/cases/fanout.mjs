// From an event in the registry until the first, the median and the last of N subscribers has it, against raw sends of the same bytes.
import { listen, startEventServers } from '../support/listeners.mjs'
import { duration, publish, rate } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const SIZES = [260, 1_000]
const AUDIENCES = [1, 100, 1_000, 5_000, 10_000]
const QUICK = { sizes: [260], audiences: [1_000, 10_000] }
const AT_MOST = 1.3
/** One listener alone: so much more than raw, since both take next to nothing. */
const ALONE_MORE_NS = 200_000

export async function run({ quick }) {
  const failed = []
  for (const bytes of quick ? QUICK.sizes : SIZES) {
    const servers = await startEventServers(bytes)
    try {
      for (const listeners of quick ? QUICK.audiences : AUDIENCES) {
        const name = `fanout ${bytes} B n=${listeners}`
        const result = await judgeTwice((rounds) => measure(servers, listeners, rounds), quick ? 3 : 5)
        publish(name, line(result), result)
        failed.push(...failures(name, result))
      }
    } finally {
      await servers.stop()
    }
  }
  return failed
}

async function measure(servers, listeners, rounds) {
  const events = listeners >= 5_000 ? 6 : 12
  const times = (server) => async () => {
    // The first one warms up.
    const [, ...rest] = (await listen(server, { connections: listeners, events: events + 1 })).events
    const of = (member) => median(rest.map((one) => one[member]))
    return {
      first: of('firstNs'),
      median: of('medianNs'),
      last: of('lastNs'),
      slowest: Math.max(...rest.map(({ lastNs }) => lastNs)),
    }
  }
  const values = await interleave({ ours: times(servers.ours), raw: times(servers.raw) }, rounds)
  const ratios = values.ours.map(({ last }, round) => {
    const theirs = values.raw[round].last
    return listeners === 1 ? last / (theirs + ALONE_MORE_NS) : last / theirs
  })
  return { listeners, rounds, values, ratios, verdict: judge(ratios, { atMost: listeners === 1 ? 1 : AT_MOST }) }
}

function line({ listeners, values, verdict }) {
  const of = (list, member) => median(list.map((one) => one[member]))
  const text = (list) => ['first', 'median', 'last'].map((member) => duration(of(list, member))).join(' / ')
  return [
    `first / median / last ours ${text(values.ours)}`,
    `raw ${text(values.raw)}`,
    `${listeners === 1 ? 'last of raw + 0.2 ms' : 'last'}: ${ratioText(verdict)}`,
    `${rate((listeners * 1e9) / of(values.ours, 'last'))} deliveries`,
  ]
}
