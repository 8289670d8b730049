/** Repeated failures of one camera: the first is told at once, then at most one line per 30 s with a count (usb-camera-server §7). */

import type { Clock } from '../../base/clock.js'

const EVERY_MS = 30_000

export class FailureLog {
  readonly #clock: Clock
  #toldMs: number | undefined
  #untold = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many failures the line that is due now stands for; 0: say nothing. */
  count(): number {
    this.#untold += 1
    const nowMs = this.#clock.nowMs()
    if (this.#toldMs !== undefined && nowMs - this.#toldMs < EVERY_MS) return 0
    this.#toldMs = nowMs
    const told = this.#untold
    this.#untold = 0
    return told
  }

  /** Frames came: the next failure is a first one. */
  clear(): void {
    this.#toldMs = undefined
    this.#untold = 0
  }
}
