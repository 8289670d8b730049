/** The wait of a loop that others may cut short. A wake that comes while the loop works is kept for its next wait. */

import { type Clock, wait } from '../base/clock.js'

export class Pauser {
  readonly #clock: Clock
  #woken = new AbortController()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  wake(): void {
    this.#woken.abort()
  }

  /** Until `wake`, the signal, or the delay (`undefined`: none). Never rejects. */
  async wait(delayMs: number | undefined, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#woken.signal])
    if (!either.aborted) {
      if (delayMs !== undefined) await wait(this.#clock, delayMs, either).catch(() => undefined)
      else await new Promise<void>((resolve) => either.addEventListener('abort', () => resolve(), { once: true }))
    }
    if (this.#woken.signal.aborted) this.#woken = new AbortController()
  }
}
