/**
 * GCRA, the leaky bucket kept as one timestamp: N requests per window W, as interval W/N with burst N.
 * Any span of length t admits at most N + t·N/W, and a client at the steady rate is never refused.
 */

import type { Clock } from '../base/clock.js'

export interface RateLimitOptions {
  /** N: admitted at once after a rest, and then per window. Integer ≥ 1. */
  readonly requests: number
  /** W, milliseconds. Integer ≥ 1. */
  readonly windowMs: number
  readonly clock: Clock
}

/** What is remembered of one client: the theoretical arrival time of its next request. */
export interface RateState {
  /** Whole monotonic microseconds. */
  arrivalUs: number
  /** N-ths of a microsecond on top, 0 … N-1: W/N is seldom whole, and rounding would add up to refusals. */
  arrivalParts: number
}

/** The rule, shared by all clients of one layer. Holds no state of theirs, and no timer. */
export class RateLimit {
  #requests = 0
  #windowUs = 0
  #intervalUs = 0
  #intervalParts = 0
  readonly #clock: Clock

  constructor({ requests, windowMs, clock }: RateLimitOptions) {
    this.#clock = clock
    this.change(requests, windowMs)
  }

  /** Another rate from now on; what clients have used up stays. */
  change(requests: number, windowMs: number): void {
    this.#requests = requests
    this.#windowUs = Math.round(windowMs * 1000)
    this.#intervalUs = Math.floor(this.#windowUs / requests)
    this.#intervalParts = this.#windowUs % requests
  }

  /** State of a client that has not asked for anything yet. */
  fresh(): RateState {
    return { arrivalUs: Math.round(this.#clock.nowMs() * 1000), arrivalParts: 0 }
  }

  /** Counts one request. 0: admitted. Else milliseconds to wait: a request after that wait is admitted. */
  take(state: RateState, nowMs = this.#clock.nowMs()): number {
    const nowUs = Math.round(nowMs * 1000)
    // A rest gives no more than the full burst: the arrival time never lies in the past.
    const rested = state.arrivalUs < nowUs
    let nextUs = (rested ? nowUs : state.arrivalUs) + this.#intervalUs
    let nextParts = (rested ? 0 : state.arrivalParts) + this.#intervalParts
    if (nextParts >= this.#requests) {
      nextUs += 1
      nextParts -= this.#requests
    }
    const earlyUs = nextUs - nowUs - this.#windowUs
    if (earlyUs > 0 || (earlyUs === 0 && nextParts > 0)) {
      // Two microseconds more: the part of one, and the rounding of the clock.
      return Math.ceil((earlyUs + 2) / 1000)
    }
    state.arrivalUs = nextUs
    state.arrivalParts = nextParts
    return 0
  }
}
