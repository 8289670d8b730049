// Taking 1080p MJPEG at 30 frames a second off a camera into the hub, against a bare loop that waits, dequeues, copies and queues.
// Beside it, without a gate, what the same thread and all threads together use inside the service.
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { frames } from '../support/frames.mjs'
import { SERVER_CORE } from '../support/gen.mjs'
import { CAMERA, FPS, simulatedCameras, startOurs } from '../support/mjpeg.mjs'
import { threadCpuNs } from '../support/process.mjs'
import { publish } from '../support/report.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const CAPTURE = resolve(import.meta.dirname, '../out/capture')
const CAPTURE_THREAD = 'cam-video'
const PICTURES = { bytes: 160_000, width: 1920, height: 1080 }

export async function run({ quick }) {
  const pictures = await frames(PICTURES)
  const seconds = quick ? 1 : 3
  const judged = await judgeTwice((rounds) => measure(pictures, rounds, seconds), quick ? 3 : 9)
  const result = { ...judged, service: await insideService(pictures, seconds) }
  publish('capture-cpu', line(result), result)
  return failures('capture-cpu', result)
}

async function measure(pictures, rounds, seconds) {
  const words = [CAPTURE, CAMERA, pictures.width, pictures.height, FPS, rounds, seconds].map(String)
  const [command, ...args] = [...SERVER_CORE, ...simulatedCameras(pictures), ...words]
  const values = JSON.parse((await promisify(execFile)(command, args)).stdout)
  const perFrame = ({ cpuNs, frames: count }) => cpuNs / count
  const ratios = values.ours.map((one, round) => perFrame(one) / perFrame(values.bare[round]))
  const verdict = judge(ratios, { atMost: 1.3 })
  const allocations = Math.max(...values.ours.map((one) => one.allocations))
  if (allocations > 0) verdict.status = 'FAILED: it allocates'
  return { rounds, seconds, values, ratios, allocations, verdict }
}

/** Shares of a core that the service uses for one camera without viewers. */
async function insideService(pictures, seconds) {
  const { pid, stop } = await startOurs(pictures)
  try {
    // What a start leaves to be done.
    await pause(2_000)
    const before = await threadCpuNs(pid)
    await pause(seconds * 1_000)
    const after = await threadCpuNs(pid)
    const share = (threads) => threads.reduce((sum, name) => sum + after.get(name) - (before.get(name) ?? 0), 0) / (seconds * 1e9)
    const all = [...after.keys()]
    return { capture: share(all.filter((name) => name.startsWith(CAPTURE_THREAD))), all: share(all) }
  } finally {
    await stop()
  }
}

function line({ values, verdict, allocations, seconds, service }) {
  const text = (list) => {
    const frameUs = median(list.map(({ cpuNs, frames: count }) => cpuNs / count / 1e3))
    const share = median(list.map(({ cpuNs }) => cpuNs / (seconds * 1e9)))
    return `${frameUs.toFixed(1)} µs per frame (${percent(share)})`
  }
  return [
    `ours ${text(values.ours)}`,
    `bare loop ${text(values.bare)}`,
    ratioText(verdict),
    `allocations ${allocations}`,
    `in the service ${percent(service.capture)}, all its threads ${percent(service.all)}`,
  ]
}

const percent = (share) => `${(share * 100).toFixed(2)} %`
