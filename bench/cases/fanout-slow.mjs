// 100 events a second to 500 subscribers of whom 25 never read: what the others wait, and the memory that the slow ones cost. The run is
// long enough that the kernel's buffers fill, then ours, and then the slow ones are given up.
import { listen, startEventServers } from '../support/listeners.mjs'
import { memoryOf } from '../support/process.mjs'
import { duration, publish } from '../support/report.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const LISTENERS = 500
const SLOW = 25
/** Large ones, so that all of it takes seconds. */
const EVENT_BYTES = 8_000
const EVENTS = { rate: 100, events: 700 }
/** Of one slow reader: what may wait for it (DEFAULT_SETTINGS.hardBytes). */
const LIMIT_BYTES = 1024 ** 2
const MORE_BYTES = 10e6
const LOOK_MS = 50

export async function run({ quick }) {
  const result = await judgeTwice((rounds) => measure(rounds), quick ? 1 : 3)
  const { ours, without, grown } = result.values
  const p95 = (list) => duration(median(list.map(({ latencyNs }) => latencyNs.p95)))
  const mostBytes = LIMIT_BYTES * SLOW + MORE_BYTES
  const most = Math.max(...grown)
  const parts = [
    `p95 of the others ${p95(ours)}`,
    `without slow ones ${p95(without)}`,
    ratioText(result.verdict),
    `memory +${megabytes(most)} MB gate ≤ ${megabytes(mostBytes)} MB`,
  ]
  if (most > mostBytes) result.verdict.status = 'FAILED'
  publish(`fanout-slow ${SLOW} of ${LISTENERS}`, parts, result)
  return failures('fanout-slow', result)
}

const megabytes = (bytes) => (bytes / 1e6).toFixed(1)

async function measure(rounds) {
  const values = { ours: [], without: [], grown: [] }
  for (let round = 0; round < rounds; round++) {
    // A process each: what one run leaves in memory would hide what the next one takes.
    const without = await once(0)
    const slow = await once(SLOW)
    values.without.push(without)
    values.ours.push(slow)
    values.grown.push(slow.peakBytes - without.peakBytes)
  }
  const ratios = values.ours.map(({ latencyNs }, round) => latencyNs.p95 / values.without[round].latencyNs.p95)
  return { rounds, values, ratios, verdict: judge(ratios, { atMost: 1.2 }) }
}

/** With the most memory that the process had meanwhile. */
async function once(slow) {
  const { ours, stop } = await startEventServers(EVENT_BYTES)
  let peakBytes = 0
  const look = setInterval(async () => {
    const { anonymous } = await memoryOf(ours.pid)
    peakBytes = Math.max(peakBytes, anonymous)
  }, LOOK_MS)
  try {
    const found = await listen(ours, { connections: LISTENERS, slow, ...EVENTS })
    return { ...found, peakBytes }
  } finally {
    clearInterval(look)
    await stop()
  }
}
