/** Those who wait for one camera: for its stream to begin, or for its first frame. Each is answered once. */

import type { Clock } from '../../base/clock.js'
import type { CaptureInfo } from '../../native/index.js'

interface StartWaiter {
  readonly resolve: (info: CaptureInfo) => void
  readonly reject: (reason: unknown) => void
}

export class CaptureWaiters {
  readonly #clock: Clock
  readonly #starts = new Set<StartWaiter>()
  readonly #frames = new Set<(came: boolean) => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  forStart(): Promise<CaptureInfo> {
    return new Promise((resolve, reject) => this.#starts.add({ resolve, reject }))
  }

  /** False when none came within `waitMs`, or none will. */
  forFrames(waitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (came: boolean): void => {
        cancel()
        this.#frames.delete(settle)
        resolve(came)
      }
      const cancel = this.#clock.after(waitMs, () => settle(false))
      this.#frames.add(settle)
    })
  }

  started(info: CaptureInfo): void {
    for (const { resolve } of this.#starts) resolve(info)
    this.#starts.clear()
  }

  /** `reason` is made only for those who wait: an error costs its stack, and mostly nobody does. */
  notStarted(reason: () => unknown): void {
    if (this.#starts.size === 0) return
    const thrown = reason()
    for (const { reject } of this.#starts) reject(thrown)
    this.#starts.clear()
  }

  frames(came: boolean): void {
    for (const settle of [...this.#frames]) settle(came)
  }
}
