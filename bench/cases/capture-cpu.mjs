// Taking 1080p MJPEG at 30 frames a second off a camera into the hub, against a bare loop that waits, dequeues, copies and queues.
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { frames } from '../support/frames.mjs'
import { SERVER_CORE } from '../support/gen.mjs'
import { CAMERA, FPS, simulatedCameras } from '../support/mjpeg.mjs'
import { publish } from '../support/report.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const CAPTURE = resolve(import.meta.dirname, '../out/capture')
const PICTURES = { bytes: 160_000, width: 1920, height: 1080 }

export async function run({ quick }) {
  const pictures = await frames(PICTURES)
  const result = await judgeTwice((rounds) => measure(pictures, rounds, quick ? 1 : 3), quick ? 3 : 9)
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

function line({ values, verdict, allocations, seconds }) {
  const text = (list) => {
    const frameUs = median(list.map(({ cpuNs, frames: count }) => cpuNs / count / 1e3))
    const share = median(list.map(({ cpuNs }) => cpuNs / (seconds * 1e9)))
    return `${frameUs.toFixed(1)} µs per frame (${(share * 100).toFixed(2)} %)`
  }
  return [`ours ${text(values.ours)}`, `bare loop ${text(values.bare)}`, ratioText(verdict), `allocations ${allocations}`]
}
