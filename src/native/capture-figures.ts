/** Counters of a capture, from the numbers that the addon answers in this order (native/binding/convert_capture.cpp). Pure. */

import type { CaptureStats } from './capture-types.js'

/** Behind the figures themselves: the core's Incident, then its JpegReject. */
const CAUSES = [
  'restart_silence',
  'restart_poll_error',
  'restart_dequeue_error',
  'restart_queue_error',
  'dequeue_retried',
  'start_retried',
  'invalid_too_short',
  'invalid_no_start',
  'invalid_bad_segment',
  'invalid_no_scan',
  'invalid_no_dimensions',
  'invalid_wrong_size',
  'invalid_truncated',
] as const
const FIGURES = 14
/** Numbers that the addon writes. */
export const CAPTURE_FIGURES = FIGURES + CAUSES.length
const NO_CAUSES: Readonly<Record<string, number>> = {}

export function captureStatsOf(figures: Float64Array): CaptureStats {
  const at = (index: number): number => figures[index] ?? 0
  const ageUs = at(12)
  return {
    running: at(0) === 1,
    frames: at(1),
    bytes: at(2),
    lost: at(3),
    invalidJpeg: at(4),
    invalidUnits: at(5),
    errorFlag: at(6),
    encoderBusy: at(7),
    restarts: at(8),
    causes: causesOf(at, at(5)),
    fps: at(9),
    bytesPerSecond: at(10),
    lastFrameAtUs: at(11),
    ...(ageUs < 0 ? {} : { lastFrameAgeMs: ageUs / 1000 }),
    retained: at(13),
  }
}

/** Only those that came: most streams have none. */
function causesOf(at: (index: number) => number, invalidUnits: number): Readonly<Record<string, number>> {
  let causes: Record<string, number> | undefined
  const add = (name: string, count: number): void => {
    if (count === 0) return
    causes ??= {}
    causes[name] = count
  }
  let index = FIGURES
  for (const name of CAUSES) add(name, at(index++))
  add('invalid_h264', invalidUnits)
  return causes ?? NO_CAUSES
}
