/**
 * Time from the capture of a frame to its painting, although the clocks of browser and service differ. The service says when a
 * frame was captured and how old it was when sent, so the moment of sending is known in its clock; the quickest arrival of the
 * last half minute, less half a round trip, tells how far the clocks are apart. Pure.
 */

const WINDOW_MS = 15_000
const SHOWN = 30

export interface FrameTimes {
  /** By the service's clock, milliseconds. */
  readonly capturedMs: number
  /** When it was sent; undefined when the service does not say. */
  readonly ageMs: number | undefined
  /** By the browser's clock. */
  readonly arrivedMs: number
  readonly paintedMs: number
}

export class Latency {
  #window = { startsMs: 0, least: Number.POSITIVE_INFINITY }
  #before = Number.POSITIVE_INFINITY
  #roundTripMs = Number.POSITIVE_INFINITY
  #recent: number[] = []

  /** Of a small request. The quickest counts. */
  roundTrip(tookMs: number): void {
    this.#roundTripMs = Math.min(this.#roundTripMs, tookMs)
  }

  frame({ capturedMs, ageMs, arrivedMs, paintedMs }: FrameTimes): void {
    const apartMs = ageMs === undefined ? 0 : this.#apart(arrivedMs, arrivedMs - (capturedMs + ageMs))
    this.#recent.push(paintedMs - capturedMs - apartMs)
    if (this.#recent.length > SHOWN) this.#recent.shift()
  }

  /** Median of the last second or so; undefined before the first frame, and when it cannot be true. */
  get medianMs(): number | undefined {
    const sorted = [...this.#recent].sort((one, other) => one - other)
    const median = sorted[Math.floor(sorted.length / 2)]
    return median === undefined || median < 0 || median > 60_000 ? undefined : median
  }

  clear(): void {
    this.#recent = []
    this.#before = Number.POSITIVE_INFINITY
    this.#window = { startsMs: 0, least: Number.POSITIVE_INFINITY }
  }

  #apart(nowMs: number, transitMs: number): number {
    if (nowMs - this.#window.startsMs > WINDOW_MS) {
      this.#before = this.#window.least
      this.#window = { startsMs: nowMs, least: transitMs }
    }
    this.#window.least = Math.min(this.#window.least, transitMs)
    const wayMs = Number.isFinite(this.#roundTripMs) ? this.#roundTripMs / 2 : 0
    return Math.min(this.#before, this.#window.least) - wayMs
  }
}
