/**
 * Tells a changing word without a storm: a change is told at once, unless the same word was told a short while ago; then it is told when
 * that while is over, if it still holds. So flapping gives two messages per while, and the last word is always told.
 */

import type { Clock } from '../base/clock.js'

export interface DebounceOptions {
  readonly clock: Clock
  /** Shortest time between two messages of the same word. Read anew each time. */
  readonly repeatMs: () => number
  /** The word that needs no telling at the start. */
  readonly first: string
  readonly tell: (word: string) => void
}

export class Debounce {
  readonly #options: DebounceOptions
  readonly #toldAtMs = new Map<string, number>()
  #told: string
  #now: string
  #cancel: (() => void) | undefined

  constructor(options: DebounceOptions) {
    this.#options = options
    this.#told = options.first
    this.#now = options.first
  }

  /** What it is now, changed or not. */
  set(word: string): void {
    this.#now = word
    this.#settle()
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #settle(): void {
    this.stop()
    const word = this.#now
    if (word === this.#told) return
    const { clock, repeatMs, tell } = this.#options
    const nowMs = clock.nowMs()
    const waitMs = (this.#toldAtMs.get(word) ?? Number.NEGATIVE_INFINITY) + repeatMs() - nowMs
    if (waitMs > 0) {
      this.#cancel = clock.after(waitMs, () => this.#settle())
      return
    }
    this.#told = word
    this.#toldAtMs.set(word, nowMs)
    tell(word)
  }
}
