/**
 * At most so many lines a minute about one cause from one client (reliability-security §1), then one that says that more are left out.
 * How many those were is told with the next line that is written.
 */

import type { Clock } from './clock.js'

export interface LogThrottleOptions {
  readonly clock: Clock
  /** Lines of one cause and client per minute. */
  readonly perMinute: number
}

/** What to do with one line. */
export type LogVerdict =
  | { readonly write: false }
  /** `last`: more are left out from now on. `leftOut`: how many were before this one. */
  | { readonly write: true; readonly last: boolean; readonly leftOut: number }

const MINUTE_MS = 60_000
/** Causes and clients that are remembered; the oldest are forgotten, and then begin anew. */
const MAX_KEYS = 1_000

interface Window {
  readonly sinceMs: number
  lines: number
  leftOut: number
}

export class LogThrottle {
  readonly #clock: Clock
  readonly #perMinute: number
  readonly #windows = new Map<string, Window>()
  #dropped = 0

  constructor({ clock, perMinute }: LogThrottleOptions) {
    this.#clock = clock
    this.#perMinute = perMinute
  }

  /** Lines left out since the start. */
  get dropped(): number {
    return this.#dropped
  }

  judge(cause: string, client: string): LogVerdict {
    const key = `${client} ${cause}`
    const nowMs = this.#clock.nowMs()
    const known = this.#windows.get(key)
    const running = known !== undefined && nowMs - known.sinceMs < MINUTE_MS
    const window = running ? known : { sinceMs: nowMs, lines: 0, leftOut: 0 }
    if (!running) this.#remember(key, window)
    if (window.lines >= this.#perMinute) {
      window.leftOut += 1
      this.#dropped += 1
      return { write: false }
    }
    window.lines += 1
    return { write: true, last: window.lines === this.#perMinute, leftOut: running ? 0 : (known?.leftOut ?? 0) }
  }

  #remember(key: string, window: Window): void {
    this.#windows.delete(key)
    this.#windows.set(key, window)
    const [oldest] = this.#windows.keys()
    if (this.#windows.size > MAX_KEYS && oldest !== undefined) this.#windows.delete(oldest)
  }
}
