// How often JSON is made of an event that 1 000 subscribers get: exactly once.
import { runHost } from '../support/host.mjs'
import { publish } from '../support/report.mjs'
import { failures, judge } from '../support/verdict.mjs'

export async function run() {
  const { subscribers, perEvent } = await runHost('serialise-once')
  const verdict = judge(
    perEvent.map(({ made }) => made),
    { atMost: 1 },
  )
  const right = perEvent.every(({ made, frames, deliveries }) => made === 1 && frames === 1 && deliveries === subscribers)
  const result = { subscribers, perEvent, verdict: { ...verdict, status: right ? 'ok' : 'FAILED' } }
  const [{ made, frames, deliveries }] = perEvent
  publish('serialise-once', [`${deliveries} deliveries`, `JSON made ${made} times`, `${frames} frame`, 'gate exactly 1'], result)
  return failures('serialise-once', result)
}
