// Processor time of 10 000 connections that are logged in and subscribed and do nothing but answer pings, against raw with as many of both.
// Both run at the same time; neither keeps its core busy.
import { setTimeout as pause } from 'node:timers/promises'
import { SUBSCRIBE } from '../support/arrivals.mjs'
import { hold } from '../support/held.mjs'
import { startRaw } from '../support/peer.mjs'
import { threadCpuNs } from '../support/process.mjs'
import { publish } from '../support/report.mjs'
import { startRpcService } from '../support/rpc.mjs'
import { failures, judge, ratioText } from '../support/verdict.mjs'

const CLIENTS = 10_000
/** Steady: V8 is done with what ten thousand logins left, three collections within a minute. */
const SETTLE_MS = 60_000
/** server.ping_interval as it is by default: every window of so many seconds has one ping of each. */
const PING_SECONDS = 30
const MOST_TIMES = 2
const MOST_SHARE = 0.003

export async function run({ quick }) {
  const windows = quick ? 1 : 3
  const service = await startRpcService()
  const raw = await startRaw({ pingSeconds: PING_SECONDS })
  const held = []
  try {
    held.push(await hold({ port: service.port, connections: CLIENTS, token: await service.token('viewer'), setup: SUBSCRIBE }))
    held.push(await hold({ port: raw.port, connections: CLIENTS }))
    await pause(SETTLE_MS)
    const rounds = []
    for (let window = 0; window < windows; window++) {
      const [ours, theirs] = await Promise.all([share(service.pid), share(raw.pid)])
      rounds.push({ ours, raw: theirs })
    }
    return [...publishTimes(rounds), ...publishShare(rounds)]
  } finally {
    for (const clients of held) await clients.end()
    await raw.stop()
    await service.stop()
  }
}

/** Of one core, by all threads, within one window. */
async function share(pid) {
  const used = async () => [...(await threadCpuNs(pid)).values()].reduce((sum, ns) => sum + ns, 0)
  const before = await used()
  await pause(PING_SECONDS * 1_000)
  return ((await used()) - before) / (PING_SECONDS * 1e9)
}

const percent = (value) => `${(value * 100).toFixed(2)} %`
const text = (rounds, member) => rounds.map((round) => percent(round[member])).join(', ')

function publishTimes(rounds) {
  const name = `conn-idle-cpu n=${CLIENTS}`
  const verdict = judge(
    rounds.map(({ ours, raw }) => ours / raw),
    { atMost: MOST_TIMES },
  )
  publish(name, [`ours ${text(rounds, 'ours')}`, `raw ${text(rounds, 'raw')}`, ratioText(verdict)], { rounds, verdict })
  return failures(name, { verdict })
}

function publishShare(rounds) {
  const name = `conn-idle-cpu share n=${CLIENTS}`
  const verdict = judge(
    rounds.map(({ ours }) => ours / MOST_SHARE),
    { atMost: 1, absolute: true },
  )
  publish(name, [`ours ${text(rounds, 'ours')} gate ≤ ${percent(MOST_SHARE)}`], { rounds, verdict })
  return failures(name, { verdict })
}
