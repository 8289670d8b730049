// The camera face: how long /status takes on a connection that is open, while 64 simulated cameras capture.
import { Agent } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { frames } from '../support/frames.mjs'
import { answer } from '../support/http.mjs'
import { allStream, CAMERAS, startManyCameras } from '../support/many-cameras.mjs'
import { duration, publish } from '../support/report.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const LIMIT_MS = 1
const PICTURES = { bytes: 34_000, width: 1280, height: 720 }
/** Requests of one round, and the pause between them: a client that asks often, not a flood. */
const REQUESTS = 1_000
const PAUSE_MS = 2

export async function run({ quick }) {
  const many = await startManyCameras(await frames(PICTURES))
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    await allStream(many, CAMERAS)
    await round(many.port, agent)
    const result = await judgeTwice((rounds) => measure(many.port, agent, rounds), quick ? 1 : 5)
    const of = (member) => duration(median(result.rounds.map((each) => each[member])) * 1e6)
    publish(
      'face-status',
      [
        `${CAMERAS} cameras capture: p50 ${of('p50Ms')} p99 ${of('p99Ms')}`,
        `p99 against ${LIMIT_MS} ms: ${ratioText(result.verdict)}`,
      ],
      result,
    )
    return failures('face-status', result)
  } finally {
    agent.destroy()
    await many.stop()
  }
}

async function measure(port, agent, count) {
  const rounds = []
  for (let i = 0; i < count; i++) rounds.push(await round(port, agent))
  return {
    rounds,
    verdict: judge(
      rounds.map(({ p99Ms }) => p99Ms / LIMIT_MS),
      { atMost: 1 },
    ),
  }
}

async function round(port, agent) {
  const times = []
  for (let i = 0; i < REQUESTS; i++) {
    const beganMs = performance.now()
    if ((await answer(port, '/status', agent)) !== 200) throw new Error('/status is refused')
    times.push(performance.now() - beganMs)
    await pause(PAUSE_MS)
  }
  times.sort((a, b) => a - b)
  return { p50Ms: times[REQUESTS / 2], p99Ms: times[Math.floor(REQUESTS * 0.99)], maxMs: times.at(-1) }
}
