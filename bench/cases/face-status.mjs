// The camera face: how long /status takes on a connection that is open, while 64 simulated cameras capture; beside it a bare server
// of node:http that answers the same bytes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { frames } from '../support/frames.mjs'
import { answer } from '../support/http.mjs'
import { allStream, CAMERAS, startManyCameras } from '../support/many-cameras.mjs'
import { duration, publish } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const LIMIT_MS = 1
/** On a machine where even the bare server is slow the limit is so many times what that takes. */
const BARE_FACTOR = 2
const PICTURES = { bytes: 34_000, width: 1280, height: 720 }
/** Requests of one round, and the pause between them: a client that asks often, not a flood. */
const REQUESTS = 1_000
const PAUSE_MS = 2

const BARE = `require('node:http').createServer((_, response) => response.end('x'.repeat(BYTES)))
  .listen(0, '127.0.0.1', function () { console.log(this.address().port) })`

export async function run({ quick }) {
  const many = await startManyCameras(await frames(PICTURES))
  const agent = new Agent({ keepAlive: true, maxSockets: 2 })
  let bare
  try {
    await allStream(many, CAMERAS)
    bare = await startBare((await (await fetch(`http://127.0.0.1:${many.port}/status`)).text()).length)
    const variants = { ours: () => round(many.port, agent), bare: () => round(bare.port, agent) }
    await interleave(variants, 1)
    const result = await judgeTwice((rounds) => measure(variants, rounds), quick ? 3 : 5)
    const of = (name, member) => duration(median(result.values[name].map((each) => each[member])) * 1e6)
    publish(
      'face-status',
      [
        `${CAMERAS} cameras capture: p50 ${of('ours', 'p50Ms')} p99 ${of('ours', 'p99Ms')}, bare server ${of('bare', 'p50Ms')} and ${of('bare', 'p99Ms')}`,
        `p99 against ${LIMIT_MS} ms or ${BARE_FACTOR} times bare: ${ratioText(result.verdict)}`,
      ],
      result,
    )
    return failures('face-status', result)
  } finally {
    agent.destroy()
    bare?.child.kill('SIGKILL')
    await many.stop()
  }
}

async function measure(variants, rounds) {
  const values = await interleave(variants, rounds)
  const ratios = values.ours.map(({ p99Ms }, i) => p99Ms / Math.max(LIMIT_MS, BARE_FACTOR * values.bare[i].p99Ms))
  return { values, verdict: judge(ratios, { atMost: 1, absolute: true }) }
}

async function startBare(bytes) {
  const child = spawn(process.execPath, ['-e', BARE.replace('BYTES', String(bytes))], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  return { child, port: Number(line) }
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
