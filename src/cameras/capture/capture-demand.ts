/** Who needs frames of one camera: consumers, and for a while those who left, since starting a camera takes up to seconds. */

import type { Clock } from '../../base/clock.js'

export interface DemandOptions {
  readonly clock: Clock
  readonly lingerMs: () => number
  /** Nothing lingers of a capture that does not run. */
  readonly runs: () => boolean
  readonly changed: () => void
}

export class CaptureDemand {
  readonly #options: DemandOptions
  #consumers = 0
  #cancelLinger: (() => void) | undefined

  constructor(options: DemandOptions) {
    this.#options = options
  }

  get wanted(): boolean {
    return this.#consumers > 0 || this.#cancelLinger !== undefined
  }

  /** Until the function returned is called; again is nothing. */
  add(): () => void {
    this.endLinger()
    this.#consumers += 1
    this.#options.changed()
    let held = true
    return () => {
      if (!held) return
      held = false
      this.#remove()
    }
  }

  /** Those who left count no more. */
  endLinger(): void {
    this.#cancelLinger?.()
    this.#cancelLinger = undefined
  }

  #remove(): void {
    this.#consumers -= 1
    if (this.#consumers === 0 && this.#options.runs()) {
      this.#cancelLinger = this.#options.clock.after(this.#options.lingerMs(), () => {
        this.#cancelLinger = undefined
        this.#options.changed()
      })
    }
    this.#options.changed()
  }
}
