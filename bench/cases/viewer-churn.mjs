// Viewers that come, see one part and leave, 10 000 times: memory, descriptors and threads of the service afterwards.
import { setTimeout as pause } from 'node:timers/promises'
import { frames } from '../support/frames.mjs'
import { handlesOf, memoryOf } from '../support/memory.mjs'
import { startOurs, view } from '../support/mjpeg.mjs'
import { publish, rate } from '../support/report.mjs'
import { failures } from '../support/verdict.mjs'

const PICTURES = { bytes: 34_000, width: 1280, height: 720 }
const AT_ONCE = 32
const BATCHES = 5
/** Before anything is measured; heaps grow to their usual size meanwhile. */
const WARM_UP = 10_000
/** Growth that the memory of a process has anyway. */
const BYTES_PER_CYCLE_AT_MOST = 64
const SETTLE_MS = 1_000

export async function run({ quick }) {
  const server = await startOurs(await frames(PICTURES))
  try {
    const result = await measure(server, quick ? { warmUp: 1_000, batch: 200 } : { warmUp: WARM_UP, batch: 2_000 })
    publish('viewer-churn', line(result), result)
    return failures('viewer-churn', result)
  } finally {
    await server.stop()
  }
}

async function measure(server, { warmUp, batch }) {
  const come = (cycles) => view(server, { viewers: AT_ONCE, cycles })
  await come(warmUp)
  await pause(SETTLE_MS)
  const handles = { before: await handlesOf(server.pid) }
  const memory = [await memoryOf(server.pid)]
  let seconds = 0
  for (let i = 0; i < BATCHES; i++) {
    seconds += (await come(batch)).seconds
    await pause(SETTLE_MS)
    memory.push(await memoryOf(server.pid))
  }
  handles.after = await handlesOf(server.pid)
  const bytesPerCycle = slope(memory.map(({ privateBytes }) => privateBytes)) / batch
  const flat = bytesPerCycle <= BYTES_PER_CYCLE_AT_MOST
  const kept = handles.after.descriptors > handles.before.descriptors || handles.after.threads > handles.before.threads
  const status = kept ? 'FAILED: descriptors or threads stay' : flat ? 'ok' : 'FAILED'
  return { cycles: batch * BATCHES, perSecond: (batch * BATCHES) / seconds, handles, memory, bytesPerCycle, verdict: { status } }
}

/** Least squares over the places of the values. */
function slope(values) {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const covariance = values.reduce((sum, value, place) => sum + (place - middle) * (value - mean), 0)
  return covariance / values.reduce((sum, _, place) => sum + (place - middle) ** 2, 0)
}

const line = ({ cycles, perSecond, handles, memory, bytesPerCycle }) => [
  `${cycles} viewers came and left, ${rate(perSecond)}`,
  `private memory ${megabytes(memory[0])} → ${megabytes(memory.at(-1))}, ${bytesPerCycle.toFixed(0)} B per viewer`,
  `gate ≤ ${BYTES_PER_CYCLE_AT_MOST} B`,
  `descriptors ${handles.before.descriptors} → ${handles.after.descriptors}, threads ${handles.before.threads} → ${handles.after.threads}`,
]

const megabytes = ({ privateBytes }) => `${(privateBytes / 1e6).toFixed(1)} MB`
