/** A clock that moves when told. Timers fire in order of their time, within `advance`. */

import type { Clock } from '../../src/base/clock.js'

interface Timer {
  atMs: number
  readonly everyMs: number | undefined
  readonly task: () => void
}

export class FakeClock implements Clock {
  #nowMs = 0
  #startWallMs: number
  readonly #timers = new Set<Timer>()

  constructor(startWallMs = Date.UTC(2030, 3, 1, 8, 15)) {
    this.#startWallMs = startWallMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  wallMs(): number {
    return this.#startWallMs + this.#nowMs
  }

  /** Somebody sets the date; nothing that is monotonic moves. */
  stepWall(byMs: number): void {
    this.#startWallMs += byMs
  }

  after(delayMs: number, task: () => void): () => void {
    return this.#add({ atMs: this.#nowMs + delayMs, everyMs: undefined, task })
  }

  every(intervalMs: number, task: () => void): () => void {
    return this.#add({ atMs: this.#nowMs + intervalMs, everyMs: intervalMs, task })
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size
  }

  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (due === undefined) break
      this.#nowMs = Math.max(this.#nowMs, due.atMs)
      if (due.everyMs === undefined) this.#timers.delete(due)
      else due.atMs += due.everyMs
      due.task()
    }
    this.#nowMs = untilMs
  }

  #add(timer: Timer): () => void {
    this.#timers.add(timer)
    return () => {
      this.#timers.delete(timer)
    }
  }
}
