/** The times of one recording in which nothing was recorded: those that are over, and the one that lasts. */

import type { GapReason, RecordingGap } from './types.js'

export class Gaps {
  readonly #list: RecordingGap[]
  #open: { readonly reason: GapReason; readonly fromMs: number } | undefined

  constructor(known: readonly RecordingGap[] = []) {
    this.#list = [...known]
  }

  /** Those that are over. */
  get list(): readonly RecordingGap[] {
    return this.#list
  }

  get isOpen(): boolean {
    return this.#open !== undefined
  }

  /** Of the one that lasts. */
  get openReason(): GapReason | undefined {
    return this.#open?.reason
  }

  /** Wall clock; undefined while something is recorded. */
  get openSinceMs(): number | undefined {
    return this.#open?.fromMs
  }

  /** Of those that are over. */
  get lostMs(): number {
    return this.#list.reduce((sum, gap) => sum + gap.toMs - gap.fromMs, 0)
  }

  /** There is one at a time: false when one lasts already. */
  begin(reason: GapReason, fromMs: number): boolean {
    if (this.#open !== undefined) return false
    this.#open = { reason, fromMs }
    return true
  }

  /** False when none lasted. */
  end(toMs: number): boolean {
    const open = this.#open
    if (open === undefined) return false
    this.#open = undefined
    this.#list.push({ reason: open.reason, fromMs: open.fromMs, toMs: Math.max(open.fromMs, toMs) })
    return true
  }

  /** Without length: something is missing at this moment. */
  point(reason: GapReason, atMs: number): void {
    this.#list.push({ reason, fromMs: atMs, toMs: atMs })
  }
}
