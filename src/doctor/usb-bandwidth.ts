/**
 * How much of a USB bus a mode takes. Isochronous streams reserve their share of every (micro)frame when they start, whatever they
 * send; the kernel refuses a stream that does not fit. The times are those of its usb_calc_bus_time (USB 2.0 §5.11.3).
 */

import type { Mode, UsbPlace } from './facts.js'

/** Bytes per pixel; of compressed formats what a busy picture takes. */
const BYTES_PER_PIXEL: Readonly<Record<string, number>> = {
  YUYV: 2,
  UYVY: 2,
  RGB3: 3,
  BGR3: 3,
  NV12: 1.5,
  YU12: 1.5,
  GREY: 1,
  MJPG: 0.2,
  JPEG: 0.2,
  H264: 0.02,
}
const UNKNOWN_BYTES_PER_PIXEL = 2
/** Header of each UVC payload. */
const HEADER_BYTES = 12

const FULL_SPEED_MBPS = 12
const HIGH_SPEED_MBPS = 480

interface Speed {
  readonly name: string
  readonly framesPerS: number
  /** What periodic transfers may take of each frame. */
  readonly budgetNs: number
  /** Most bytes per frame that one stream can reserve. */
  readonly maxPayload: number
  timeNs(payload: number): number
}

const FULL: Speed = {
  name: 'full speed',
  framesPerS: 1_000,
  // 90 % of a frame of 1 ms.
  budgetNs: 900_000,
  maxPayload: 1_023,
  timeNs: (payload) => 7_268 + 83.54 * (3.167 + bits(payload)) + 1_000,
}
const HIGH: Speed = {
  name: 'high speed',
  framesPerS: 8_000,
  // 80 % of a microframe of 125 µs.
  budgetNs: 100_000,
  maxPayload: 3_072,
  timeNs: (payload) =>
    transactions(payload, 1_024).reduce((sum, bytes) => sum + 38 * 8 * 2.083 + 2.083 * (3.167 + bits(bytes)) + 5, 0),
}
const SUPER: Speed = {
  name: 'SuperSpeed',
  framesPerS: 8_000,
  // 90 % of 125 µs at 500 MB/s without the line code.
  budgetNs: 112_500,
  maxPayload: 49_152,
  timeNs: (payload) => payload * 2 + Math.ceil(payload / 1_024) * 56,
}

export interface BandwidthNeed {
  readonly bytesPerS: number
  /** Reserved in each (micro)frame; absent for a camera that streams in bulk, which takes what is left. */
  readonly payload?: number
  /** Share of the bus that the reservation takes; 1 is all that periodic streams get. */
  readonly share: number
  /** The largest rate the camera can reserve is too small. */
  readonly fits: boolean
  /** What the camera can carry at most. */
  readonly mostBytesPerS: number
  readonly speed: string
}

/** What a capture of `mode` needs of the bus. */
export function bandwidthNeed(mode: Mode, { speedMbps, payloads }: Pick<UsbPlace, 'speedMbps' | 'payloads'>): BandwidthNeed {
  const speed = speedOf(speedMbps)
  const bytesPerS = dataRate(mode)
  const perFrame = bytesPerS / speed.framesPerS + HEADER_BYTES
  const largest = payloads.at(-1)
  if (largest === undefined) {
    const mostBytesPerS = bulkRate(speedMbps)
    return { bytesPerS, share: 0, fits: bytesPerS <= mostBytesPerS, mostBytesPerS, speed: speed.name }
  }
  const payload = payloads.find((bytes) => bytes >= perFrame) ?? largest
  return {
    bytesPerS,
    payload,
    share: speed.timeNs(Math.min(payload, speed.maxPayload)) / speed.budgetNs,
    fits: perFrame <= largest,
    mostBytesPerS: Math.max(0, largest - HEADER_BYTES) * speed.framesPerS,
    speed: speed.name,
  }
}

/** Bytes of pictures in a second. */
export function dataRate({ fourcc, width, height, interval }: Mode): number {
  return width * height * (BYTES_PER_PIXEL[fourcc] ?? UNKNOWN_BYTES_PER_PIXEL) * (interval.den / interval.num)
}

export function isCompressed({ fourcc }: Pick<Mode, 'fourcc'>): boolean {
  return (BYTES_PER_PIXEL[fourcc] ?? UNKNOWN_BYTES_PER_PIXEL) < 1
}

function speedOf(speedMbps: number): Speed {
  if (speedMbps <= FULL_SPEED_MBPS) return FULL
  return speedMbps <= HIGH_SPEED_MBPS ? HIGH : SUPER
}

/** What bulk transfers reach in practice on a bus of their own. */
function bulkRate(speedMbps: number): number {
  if (speedMbps <= FULL_SPEED_MBPS) return 1.1e6
  return speedMbps <= HIGH_SPEED_MBPS ? 40e6 : 380e6
}

/** Bits on the wire with the worst stuffing. */
function bits(bytes: number): number {
  return (7 * 8 * bytes) / 6
}

function transactions(payload: number, most: number): number[] {
  const whole = Math.floor(payload / most)
  const rest = payload % most
  return [...Array.from({ length: whole }, () => most), ...(rest === 0 ? [] : [rest])]
}
