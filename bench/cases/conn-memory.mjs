// User memory of one idle connection that has logged in and subscribed to four topics: what the service asked the system for with so many
// more than without, by one, garbage collected. The kernel's share is not in it. Beside it the same number without login, and bench/raw.
import { setTimeout as pause } from 'node:timers/promises'
import { hold } from '../support/held.mjs'
import { startRaw } from '../support/peer.mjs'
import { startCollectedService } from '../support/probed-service.mjs'
import { memoryOf } from '../support/process.mjs'
import { publish } from '../support/report.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, ratioText } from '../support/verdict.mjs'

const MOST_BYTES = 4096
/** The method's time for a process to settle. */
const SETTLE_MS = 5_000
/** So many come and go first: a heap grows in steps, and what is asked for is what connections add to one in use. */
const FIRST = 500
const SETUP = JSON.stringify({
  ...{ jsonrpc: '2.0', id: 2, method: 'subscribe_events' },
  params: { topics: ['camera.connected', 'camera.disconnected', 'recording.start', 'recording.stop'] },
})

export async function run({ quick }) {
  const failed = []
  for (const connections of [1_000, 10_000]) {
    const rounds = quick ? 1 : 3
    const values = { subscribed: [], anonymous: [], raw: [] }
    for (let round = 0; round < rounds; round++) {
      values.subscribed.push(await ofService(connections, true))
      values.anonymous.push(await ofService(connections, false))
      values.raw.push(await ofRaw(connections))
    }
    const verdict = judge(
      values.subscribed.map((bytes) => bytes / MOST_BYTES),
      { atMost: 1, absolute: true },
    )
    const result = { connections, rounds, values, verdict }
    const name = `conn-memory n=${connections}`
    const of = (list) => `${(median(list) / 1024).toFixed(1)} kB`
    const parts = [`ours ${of(values.subscribed)}, without login ${of(values.anonymous)}`, `raw ${of(values.raw)}`]
    publish(name, [...parts, `of 4 kB: ${ratioText(verdict)}`], result)
    failed.push(...failures(name, result))
  }
  return failed
}

async function ofService(connections, subscribed) {
  const { service, look, stop } = await startCollectedService({ SERVER_MAX_UNAUTHENTICATED: 20_000, SERVER_AUTH_TIMEOUT: '10m' })
  try {
    const login = subscribed ? { token: await service.token('viewer'), setup: SETUP } : {}
    return await added(service, connections, login, look)
  } finally {
    await stop()
  }
}

async function ofRaw(connections) {
  const raw = await startRaw({})
  try {
    return await added(raw, connections, {})
  } finally {
    await raw.stop()
  }
}

/** Bytes that one connection adds. */
async function added({ port, pid }, connections, login, collect = () => undefined) {
  const first = await hold({ port, connections: FIRST, ...login })
  await first.end()
  await pause(SETTLE_MS)
  await collect()
  const before = (await memoryOf(pid)).anonymous
  const held = await hold({ port, connections, ...login })
  await pause(SETTLE_MS)
  await collect()
  const after = (await memoryOf(pid)).anonymous
  await held.end()
  return (after - before) / connections
}
