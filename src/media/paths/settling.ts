/** Who waits until MediaMTX's stored configuration of a path is the desired one, as read back. */

import type { Clock } from '../../base/clock.js'
import { mediamtxUnavailable } from '../api/failures.js'

export interface Verdict {
  /** The path is as desired, or gone as desired. */
  isSettled(name: string): boolean
  /** Why it will not be, if so. */
  problem(name: string): string | undefined
}

interface Waiter {
  readonly name: string
  resolve(): void
  reject(thrown: Error): void
}

/** A write may take 10 s, and waits for those before it: a hundred at once take seconds on a small machine. */
const DEADLINE_MS = 30_000

export class Settling {
  readonly #clock: Clock
  readonly #waiters = new Set<Waiter>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get pending(): boolean {
    return this.#waiters.size > 0
  }

  /** Rejects with DEPENDENCY_FAILED. */
  wait(name: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (act: () => void) => {
        if (!this.#waiters.delete(waiter)) return
        cancel()
        act()
      }
      const waiter: Waiter = {
        name,
        resolve: () => end(resolve),
        reject: (thrown) => end(() => reject(thrown)),
      }
      const cancel = this.#clock.after(DEADLINE_MS, () =>
        waiter.reject(mediamtxUnavailable(`the configuration of ${name} was not taken in time`)),
      )
      this.#waiters.add(waiter)
    })
  }

  /** To be called when a comparison takes its desired set; the function returned tells what came of it. */
  begin(): (verdict: Verdict) => void {
    // Whoever comes later wants a set that this comparison has not seen.
    const concerned = [...this.#waiters]
    return ({ isSettled, problem }) => {
      for (const waiter of concerned) {
        const why = problem(waiter.name)
        if (isSettled(waiter.name)) waiter.resolve()
        else if (why !== undefined) waiter.reject(mediamtxUnavailable(why))
      }
    }
  }

  /** The server is gone. */
  fail(detail: string): void {
    for (const waiter of this.#waiters) waiter.reject(mediamtxUnavailable(detail))
  }
}
