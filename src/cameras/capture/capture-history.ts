/** How one camera's capture went since it is known: its figures over all appearances, what it delivered last, when it last came back. */

import type { Clock } from '../../base/clock.js'
import type { CaptureInfo, Core } from '../../native/index.js'
import { CaptureTotals } from './capture-totals.js'
import type { CaptureSettings, CaptureStatistics } from './capture-types.js'
import { captureStatistics } from './capture-view.js'

/** Of the moment of asking. */
export interface PresentCapture extends Pick<CaptureStatistics, 'faults' | 'connectionErrors'> {
  readonly settings: CaptureSettings
  /** The device may be delivering. */
  readonly isOpen: boolean
  /** What it streams. */
  readonly info: CaptureInfo | undefined
}

export class CaptureHistory {
  readonly #clock: Clock
  readonly #totals: CaptureTotals
  readonly #begunMs: number
  readonly #begunWallMs: number
  #lastInfo: CaptureInfo | undefined
  #lastReconnectWallMs: number | undefined

  constructor(core: Pick<Core, 'captureStats'>, clock: Clock) {
    this.#clock = clock
    this.#totals = new CaptureTotals(core, clock)
    this.#begunMs = clock.nowMs()
    this.#begunWallMs = clock.wallMs()
  }

  /** What the device streamed last; undefined as long as it never did. */
  get lastInfo(): CaptureInfo | undefined {
    return this.#lastInfo
  }

  /** Wall clock, milliseconds; undefined as long as it never came back. */
  get lastReconnect(): number | undefined {
    return this.#lastReconnectWallMs
  }

  /** The camera is this source now, or none. To be called while the core still knows the one before. */
  follow(source: string | undefined): void {
    this.#totals.follow(source)
  }

  started(info: CaptureInfo): void {
    this.#lastInfo = info
  }

  /** Frames come again after a failure. */
  reconnected(): void {
    this.#lastReconnectWallMs = this.#clock.wallMs()
  }

  statistics({ settings, isOpen, info = this.#lastInfo, faults, connectionErrors }: PresentCapture): CaptureStatistics {
    const totals = this.#totals.read(settings.maxFrameAgeMs, isOpen)
    return captureStatistics(totals, info, {
      queueSize: Math.min(totals.queueSize, settings.bufferSize),
      faults,
      connectionErrors,
      uptimeStart: this.#begunWallMs,
      uptimeMs: this.#clock.nowMs() - this.#begunMs,
      lastReconnect: this.#lastReconnectWallMs,
    })
  }
}
