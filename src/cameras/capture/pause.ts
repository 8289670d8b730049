/** The one pause between attempts. */

import type { Clock } from '../../base/clock.js'

export class Pause {
  readonly #clock: Clock
  readonly #over: () => void
  #running: { readonly cancel: () => void; readonly dueMs: number } | undefined

  constructor(clock: Clock, over: () => void) {
    this.#clock = clock
    this.#over = over
  }

  /** Until it is over; undefined when none runs. */
  get leftMs(): number | undefined {
    return this.#running && Math.max(0, this.#running.dueMs - this.#clock.nowMs())
  }

  begin(delayMs: number): void {
    this.end()
    const cancel = this.#clock.after(delayMs, () => {
      this.#running = undefined
      this.#over()
    })
    this.#running = { cancel, dueMs: this.#clock.nowMs() + delayMs }
  }

  end(): void {
    this.#running?.cancel()
    this.#running = undefined
  }
}
