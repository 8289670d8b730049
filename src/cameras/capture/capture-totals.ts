/** Counters of one camera over all its appearances: the core counts anew with each. */

import type { Clock } from '../../base/clock.js'
import type { CaptureStats, Core } from '../../native/index.js'
import type { CaptureDrops } from './capture-types.js'

export interface Totals {
  readonly frames: number
  readonly drops: CaptureDrops
  readonly restarts: number
  readonly causes: Causes
  readonly lastFrameAgeMs: number | undefined
  readonly queueSize: number
  readonly fps: number
  readonly bytesPerSecond: number
}

type Causes = Readonly<Record<string, number>>
type Counter = 'frames' | 'lost' | 'errorFlag' | 'invalidJpeg' | 'encoderBusy' | 'restarts'
type Counts = Readonly<Record<Counter, number>> & { readonly causes: Causes }

const NONE: Counts = { frames: 0, lost: 0, errorFlag: 0, invalidJpeg: 0, encoderBusy: 0, restarts: 0, causes: {} }

export class CaptureTotals {
  readonly #core: Pick<Core, 'captureStats'>
  readonly #clock: Clock
  #source: string | undefined
  /** Of appearances that are over. */
  #past: Counts = NONE
  #present: Counts = NONE
  /** `#present` was read after the device was closed. */
  #isFinal = true
  /** Monotonic; undefined before the first frame. */
  #lastFrameMs: number | undefined

  constructor(core: Pick<Core, 'captureStats'>, clock: Clock) {
    this.#core = core
    this.#clock = clock
  }

  /** The camera is this source now, or none. To be called while the core still knows the one before. */
  follow(source: string | undefined): void {
    if (source === this.#source) return
    this.read(0, true)
    this.#past = sum(this.#past, this.#present)
    this.#present = NONE
    this.#source = source
    this.#isFinal = source === undefined
  }

  /** `isOpen`: the device may be delivering, so the core is asked; of a closed one what was counted stays as it is. */
  read(maxFrameAgeMs: number, isOpen: boolean): Totals {
    const stats =
      this.#source === undefined || (this.#isFinal && !isOpen) ? undefined : this.#core.captureStats(this.#source, maxFrameAgeMs)
    if (stats !== undefined) this.#take(stats)
    this.#isFinal = !isOpen
    const { frames, lost, errorFlag, invalidJpeg, encoderBusy, restarts, causes } =
      this.#past === NONE ? this.#present : sum(this.#past, this.#present)
    return {
      frames,
      drops: { driverGap: lost, errorFlag, invalidJpeg, encoderBusy },
      restarts,
      causes,
      lastFrameAgeMs: this.#lastFrameMs === undefined ? undefined : Math.max(0, this.#clock.nowMs() - this.#lastFrameMs),
      queueSize: stats?.retained ?? 0,
      fps: stats?.fps ?? 0,
      bytesPerSecond: stats?.bytesPerSecond ?? 0,
    }
  }

  #take(stats: CaptureStats): void {
    const { frames, lost, errorFlag, encoderBusy, restarts, causes } = stats
    // What the camera sent was no picture, whatever its format.
    const invalidJpeg = stats.invalidJpeg + stats.invalidUnits
    this.#present = { frames, lost, errorFlag, invalidJpeg, encoderBusy, restarts, causes }
    if (stats.lastFrameAgeMs !== undefined) this.#lastFrameMs = this.#clock.nowMs() - stats.lastFrameAgeMs
  }
}

function sum(a: Counts, b: Counts): Counts {
  return {
    frames: a.frames + b.frames,
    lost: a.lost + b.lost,
    errorFlag: a.errorFlag + b.errorFlag,
    invalidJpeg: a.invalidJpeg + b.invalidJpeg,
    encoderBusy: a.encoderBusy + b.encoderBusy,
    restarts: a.restarts + b.restarts,
    causes: sumOf(a.causes, b.causes),
  }
}

function sumOf(a: Causes, b: Causes): Causes {
  const total = { ...a }
  for (const [cause, count] of Object.entries(b)) total[cause] = (total[cause] ?? 0) + count
  return total
}
