// Connections per second, 64 under way at once: TCP and upgrade, then with a login; against raw, which upgrades only. A core that the
// generator cannot keep busy is not waited for: what counts is how many connections one second of the server's processor time makes.
import { arrive } from '../support/arrivals.mjs'
import { startRaw } from '../support/peer.mjs'
import { duration, environment, publish, rate } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { medianOf, percent, startRpcService } from '../support/rpc.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const AT_ONCE = 64
const LINES = [
  { name: 'conn-rate upgrade', of: 'upgrade', atLeast: 0.5 },
  { name: 'conn-rate upgrade and authenticate', of: 'login', atLeast: 0.4 },
]

export async function run({ quick }) {
  const service = await startRpcService()
  const raw = await startRaw({})
  const failed = []
  try {
    const server = { port: service.port, pid: service.pid, 'at-once': AT_ONCE, seconds: 1.5 }
    const variants = {
      raw: () => arrive({ ...server, port: raw.port, pid: raw.pid }),
      upgrade: () => arrive(server),
      login: async () => arrive({ ...server, token: await service.token('viewer') }),
    }
    const { connectNs } = environment().limits
    for (const { name, of, atLeast } of LINES) {
      const compared = { raw: variants.raw, ours: variants[of] }
      const result = await judgeTwice((rounds) => measure(compared, atLeast, rounds), quick ? 3 : 7)
      publish(name, line(result, connectNs), { atOnce: AT_ONCE, connectNs, ...result })
      failed.push(...failures(name, result))
    }
  } finally {
    await raw.stop()
    await service.stop()
  }
  return failed
}

async function measure(variants, atLeast, rounds) {
  const values = await interleave(variants, rounds)
  const ratios = values.ours.map(({ cpuNs }, round) => values.raw[round].cpuNs / cpuNs)
  return { rounds, values, ratios, verdict: judge(ratios, { atLeast }) }
}

function line({ values, verdict }, connectNs) {
  const of = (list) => `${rate(medianOf(list, 'perSecond'))} ${duration(medianOf(list, 'cpuNs'))}`
  return [
    `ours ${of(values.ours)} each, p95 to ready ${duration(median(values.ours.map(({ readyNs }) => readyNs.p95)))}`,
    `raw, upgrade only ${of(values.raw)} each`,
    `connect, accept, close ${duration(connectNs)}`,
    `by processor time: ${ratioText(verdict)}`,
    `server ${percent(medianOf(values.ours, 'serverBusy'))} raw ${percent(medianOf(values.raw, 'serverBusy'))}`,
    `gen ${percent(medianOf(values.ours, 'generatorBusy'))}`,
  ]
}
