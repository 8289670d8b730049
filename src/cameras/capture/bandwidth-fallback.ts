/** Which modes need less of the USB bus than one that did not fit (usb-camera-server §12). Pure. */

import type { DeviceReport, FrameInterval } from '../../native/index.js'
import type { Mode } from '../types.js'

const JPEG_FORMATS = ['MJPG', 'JPEG']

/** In the order to try: the same picture as JPEG, then lower rates, then lower sizes. Never `mode` itself. */
export function fallbackModes(report: DeviceReport, mode: Mode): readonly Mode[] {
  const jpeg = report.formats.find((format) => JPEG_FORMATS.includes(format.fourcc))
  const fourcc = jpeg?.fourcc ?? mode.fourcc
  const sizes = (report.formats.find((format) => format.fourcc === fourcc)?.sizes ?? []).filter(
    (size) => size.width * size.height <= mode.width * mode.height,
  )
  const bySize = [...sizes].sort((a, b) => b.width * b.height - a.width * a.height)
  const modes = bySize.flatMap(({ width, height, intervals }) =>
    (intervals.length > 0 ? [...intervals] : [mode.interval])
      .filter((interval) => fps(interval) <= fps(mode.interval) + 0.01)
      .sort((a, b) => fps(b) - fps(a))
      .map((interval): Mode => ({ fourcc, width, height, interval })),
  )
  return modes.filter((candidate) => !sameMode(candidate, mode))
}

export function sameMode(a: Mode, b: Mode): boolean {
  return (
    a.fourcc === b.fourcc &&
    a.width === b.width &&
    a.height === b.height &&
    a.interval.num * b.interval.den === b.interval.num * a.interval.den
  )
}

function fps({ num, den }: FrameInterval): number {
  return den / num
}
