/** Faults by code: how often each came, and what was said of it last. What status and metrics tell of faults is kept in these. */

import type { Clock } from './clock.js'

export interface FaultCount {
  readonly code: string
  readonly count: number
  /** Of the last one; one sentence. */
  readonly reason: string
  /** Of the last one, wall-clock milliseconds, whatever the wall clock said when it happened. */
  readonly atMs: number
}

const NONE: readonly FaultCount[] = []
/** Reasons may quote what came from outside. */
const MAX_REASON_CHARS = 240

export class FaultCounts {
  readonly #clock: Pick<Clock, 'nowMs' | 'wallMs'>
  /** `atMs` is monotonic here. */
  readonly #byCode = new Map<string, FaultCount>()

  constructor(clock: Pick<Clock, 'nowMs' | 'wallMs'>) {
    this.#clock = clock
  }

  /** `code`: one of a closed set, never text from outside; each is kept for ever. `by`: at least 1. */
  count(code: string, reason: string, by = 1): void {
    const before = this.#byCode.get(code)?.count ?? 0
    this.#byCode.set(code, { code, count: before + by, reason: reason.slice(0, MAX_REASON_CHARS), atMs: this.#clock.nowMs() })
  }

  /** More became known of the last one. */
  amend(code: string, reason: string): void {
    const known = this.#byCode.get(code)
    if (known !== undefined) this.#byCode.set(code, { ...known, reason: reason.slice(0, MAX_REASON_CHARS) })
  }

  /** In the order in which the codes came first. */
  list(): readonly FaultCount[] {
    if (this.#byCode.size === 0) return NONE
    const shiftMs = this.#clock.wallMs() - this.#clock.nowMs()
    return [...this.#byCode.values()].map((fault) => ({ ...fault, atMs: Math.round(fault.atMs + shiftMs) }))
  }
}
