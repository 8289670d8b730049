/** How the calls of the last minute went: what share failed for a reason of ours, and how long they took in the mean. */

import type { Clock } from '../base/clock.js'

/** Counted since the start. */
export interface CallTotals {
  readonly calls: number
  /** Answered with -32603. */
  readonly errors: number
  readonly seconds: number
}

export interface CallQuality {
  readonly errorPercent: number
  readonly meanMs: number
}

const WINDOW_MS = 60_000
/** Of fewer calls nothing can be said: one of three is no rate. */
const MIN_CALLS = 20
const MS_PER_SECOND = 1_000

export class CallWindow {
  readonly #clock: Clock
  /** Oldest first; of those before the window only the last. */
  #seen: { readonly atMs: number; readonly totals: CallTotals }[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** To be called now and then; undefined while too few calls came. */
  look(totals: CallTotals): CallQuality | undefined {
    const atMs = this.#clock.nowMs()
    this.#seen.push({ atMs, totals })
    while ((this.#seen[1]?.atMs ?? atMs) <= atMs - WINDOW_MS) this.#seen.shift()
    const before = this.#seen[0]?.totals ?? totals
    const calls = totals.calls - before.calls
    if (calls < MIN_CALLS) return undefined
    return {
      errorPercent: ((totals.errors - before.errors) / calls) * 100,
      meanMs: ((totals.seconds - before.seconds) / calls) * MS_PER_SECOND,
    }
  }
}
