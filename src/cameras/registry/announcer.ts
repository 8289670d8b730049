/**
 * When a change of one camera is told: the first at once, flapping only once it has settled (quiet for `quietMs`, or `maxMs` after
 * the first change held back). The last state wins; a camera that is back to what was told last is not told again.
 */

import type { Clock } from '../../base/clock.js'

export interface AnnouncerOptions {
  readonly quietMs: number
  readonly maxMs: number
  readonly clock: Clock
}

export class Announcer<State> {
  readonly #options: AnnouncerOptions
  readonly #tell: (state: State, previous: State | undefined) => void
  readonly #same: (a: State, b: State) => boolean
  #told: State | undefined
  #waiting: State | undefined
  #lastChangeMs = Number.NEGATIVE_INFINITY
  #heldSinceMs = 0
  #cancel: (() => void) | undefined

  constructor(
    options: AnnouncerOptions,
    same: (a: State, b: State) => boolean,
    tell: (state: State, previous: State | undefined) => void,
  ) {
    this.#options = options
    this.#same = same
    this.#tell = tell
  }

  /** What was told last. */
  get told(): State | undefined {
    return this.#told
  }

  update(state: State): void {
    // No change, so the next one is not the second of a burst.
    if (this.#waiting === undefined && this.#told !== undefined && this.#same(this.#told, state)) {
      this.#told = state
      return
    }
    const nowMs = this.#options.clock.nowMs()
    const quiet = nowMs - this.#lastChangeMs >= this.#options.quietMs
    this.#lastChangeMs = nowMs
    if (this.#waiting === undefined && quiet) {
      this.#settle(state)
      return
    }
    if (this.#waiting === undefined) this.#heldSinceMs = nowMs
    this.#waiting = state
    this.#cancel?.()
    const delayMs = Math.min(this.#options.quietMs, this.#heldSinceMs + this.#options.maxMs - nowMs)
    this.#cancel = this.#options.clock.after(Math.max(0, delayMs), () => this.flush())
  }

  /** Tells what is held back, now. */
  flush(): void {
    this.#cancel?.()
    this.#cancel = undefined
    const state = this.#waiting
    this.#waiting = undefined
    if (state !== undefined) this.#settle(state)
  }

  #settle(state: State): void {
    const previous = this.#told
    this.#told = state
    if (previous === undefined || !this.#same(previous, state)) this.#tell(state, previous)
  }
}
