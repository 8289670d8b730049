/** The wait of a loop that others may cut short. A wake that comes while the loop works is kept for its next wait. */

import type { Clock } from './clock.js'

export class Pauser {
  readonly #clock: Clock
  #woken = false
  #finish: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  wake(): void {
    if (this.#finish === undefined) this.#woken = true
    else this.#finish()
  }

  /** Until `wake`, the signal, or the delay (`undefined`: none). Never rejects; one wait at a time. */
  async wait(delayMs: number | undefined, signal: AbortSignal): Promise<void> {
    const woken = this.#woken
    this.#woken = false
    if (woken || signal.aborted) return
    await new Promise<void>((resolve) => {
      const finish = () => {
        cancel?.()
        signal.removeEventListener('abort', finish)
        this.#finish = undefined
        resolve()
      }
      const cancel = delayMs === undefined ? undefined : this.#clock.after(delayMs, finish)
      signal.addEventListener('abort', finish, { once: true })
      this.#finish = finish
    })
  }
}
