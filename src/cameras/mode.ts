/** Chooses the mode a capture uses (design §8): pure functions of a report. */

import type { DeviceReport, FrameInterval, FrameSize, PixelFormat } from '../native/index.js'

/**
 * Formats the core turns into JPEG frames, best first: JPEG as it comes, then raw by bytes on the bus and work to encode. H.264,
 * whose pictures a decoder has to make, only when there is nothing else.
 */
const JPEG_FORMATS = ['MJPG', 'JPEG']
const RAW_FORMATS = ['YUYV', 'UYVY', 'NV12', 'YU12', 'GREY', 'RGB3', 'BGR3']
const H264_FORMATS = ['H264']

/** Pixel format, size and frame interval, chosen from the report. */
export interface Mode {
  readonly fourcc: string
  readonly width: number
  readonly height: number
  /** Seconds per frame. */
  readonly interval: FrameInterval
}

export interface ModeWish {
  readonly fourcc?: string | undefined
  readonly width?: number | undefined
  readonly height?: number | undefined
  readonly fps?: number | undefined
}

interface Size {
  readonly width: number
  readonly height: number
}

const LARGEST = { width: 1920, height: 1080 }
const FASTEST_FPS = 30
/** Used where a driver names no rates: what UVC cameras do by default. */
const UNKNOWN_RATE: FrameInterval = { num: 1, den: 30 }

/** The mode for a camera, or undefined when it offers nothing the core can turn into pictures. */
export function chooseMode(report: DeviceReport, wish: ModeWish = {}): Mode | undefined {
  const usable = report.formats.filter(
    (format) => !format.emulated && (wish.fourcc === undefined || format.fourcc === wish.fourcc),
  )
  for (const family of [JPEG_FORMATS, RAW_FORMATS, H264_FORMATS]) {
    const offered = usable.filter((format) => family.includes(format.fourcc))
    // Among formats the picture nearest to the wish wins, without a wish the largest; the family's order only breaks ties.
    const candidates = offered.flatMap((format) => candidate(format, report, wish) ?? [])
    const order = bySize(wish)
    const best = candidates.sort((a, b) => order(a, b) || family.indexOf(a.fourcc) - family.indexOf(b.fourcc))[0]
    if (best !== undefined) return best
  }
  return undefined
}

/** Frames per second as a whole number, the wire's form. */
export function wholeFps(interval: FrameInterval): number {
  return Math.round(interval.den / interval.num)
}

function candidate(format: PixelFormat, report: DeviceReport, wish: ModeWish): Mode | undefined {
  const sizes = format.sizes.length > 0 ? format.sizes : currentSize(format, report)
  const size = chooseSize(sizes, wish)
  if (size === undefined) return undefined
  return { fourcc: format.fourcc, width: size.width, height: size.height, interval: chooseInterval(size.intervals, wish.fps) }
}

/** Drivers without size enumeration stream at their current size only. */
function currentSize(format: PixelFormat, report: DeviceReport): readonly FrameSize[] {
  const { current } = report
  return current.fourcc === format.fourcc && current.width > 0
    ? [{ width: current.width, height: current.height, intervals: [] }]
    : []
}

function chooseSize(sizes: readonly FrameSize[], wish: ModeWish): FrameSize | undefined {
  const sorted = [...sizes].sort(bySize(wish))
  if (isSizeWished(wish)) return sorted[0]
  return sorted.find((size) => size.width <= LARGEST.width && size.height <= LARGEST.height) ?? sorted.at(-1)
}

/** The size that is wanted first, then what differs least from it in both directions together; without a wish the largest first. */
function bySize(wish: ModeWish): (a: Size, b: Size) => number {
  const rank = (size: Size): number =>
    isSizeWished(wish) ? Math.abs(size.width - wish.width) + Math.abs(size.height - wish.height) : -pixels(size)
  return (a, b) => rank(a) - rank(b)
}

function isSizeWished(wish: ModeWish): wish is ModeWish & Size {
  return wish.width !== undefined && wish.height !== undefined
}

function chooseInterval(intervals: readonly FrameInterval[], wishFps = FASTEST_FPS): FrameInterval {
  const byRate = [...intervals].sort((a, b) => b.den / b.num - a.den / a.num)
  // A little slack: 30000/1001 and 30 are the same wish.
  return byRate.find((interval) => interval.den / interval.num <= wishFps + 0.01) ?? byRate.at(-1) ?? UNKNOWN_RATE
}

function pixels(size: Size): number {
  return size.width * size.height
}
