// Viewers that come, see one part and leave, thousands of times: memory, descriptors and threads of the service meanwhile.
import { setTimeout as pause } from 'node:timers/promises'
import { frames } from '../support/frames.mjs'
import { startOurs, view } from '../support/mjpeg.mjs'
import { handlesOf, memoryOf } from '../support/process.mjs'
import { publish, rate } from '../support/report.mjs'
import { failures } from '../support/verdict.mjs'

const PICTURES = { bytes: 34_000, width: 1280, height: 720 }
const AT_ONCE = 32
/** The heap of JavaScript swings by 30 MB over some 6 000 viewers; its lowest points in the first and the last third are compared.
 * A viewer of whom anything stays would cost about 1 kB. */
const BATCHES = 30
const FULL = { warmUp: 20_000, batch: 1_000, bytesAtMost: 256 }
/** Too short to see more than a swing. */
const QUICK = { warmUp: 1_000, batch: 100, bytesAtMost: 30_000 }
const SETTLE_MS = 100

export async function run({ quick }) {
  const server = await startOurs(await frames(PICTURES))
  try {
    const result = await measure(server, quick ? QUICK : FULL)
    publish('viewer-churn', line(result), result)
    return failures('viewer-churn', result)
  } finally {
    await server.stop()
  }
}

async function measure(server, { warmUp, batch, bytesAtMost }) {
  const come = (cycles) => view(server, { viewers: AT_ONCE, cycles })
  await come(warmUp)
  await pause(SETTLE_MS)
  const before = await handlesOf(server.pid)
  const memory = []
  let seconds = 0
  for (let i = 0; i < BATCHES; i++) {
    seconds += (await come(batch)).seconds
    await pause(SETTLE_MS)
    memory.push((await memoryOf(server.pid)).anonymous)
  }
  const after = await handlesOf(server.pid)
  const cycles = batch * BATCHES
  const third = BATCHES / 3
  const floor = { first: Math.min(...memory.slice(0, third)), last: Math.min(...memory.slice(-third)) }
  const bytesPerViewer = (floor.last - floor.first) / (cycles - batch * third)
  const kept = after.descriptors > before.descriptors || after.threads > before.threads
  const status = kept ? 'FAILED: descriptors or threads stay' : bytesPerViewer <= bytesAtMost ? 'ok' : 'FAILED'
  const handles = { before, after }
  return { cycles, perSecond: cycles / seconds, handles, memory, floor, bytesPerViewer, bytesAtMost, verdict: { status } }
}

const line = ({ cycles, perSecond, handles: { before, after }, floor, bytesPerViewer, bytesAtMost }) => [
  `${cycles} viewers came and left, ${rate(perSecond)}`,
  `memory of its own ${megabytes(floor.first)} → ${megabytes(floor.last)}, ${bytesPerViewer.toFixed(0)} B per viewer gate ≤ ${bytesAtMost}`,
  `descriptors ${before.descriptors} → ${after.descriptors}, threads ${before.threads} → ${after.threads}`,
]

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`
