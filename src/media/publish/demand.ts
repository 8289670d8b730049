/** Who wants a path published. Demand is the union of all reasons and outlives the last of them by the close-after time. */

import type { Clock } from '../../base/clock.js'

export interface DemandOptions {
  readonly clock: Clock
  /** How long a path stays wanted after the last reason is gone. */
  readonly closeAfterMs: number
  /** Called when `wanted(path)` changed. */
  readonly onChange: (path: string) => void
}

export interface Reasons {
  /** Notifiers connected: MediaMTX holds readers for a path nobody published when they came. */
  readonly notifiers: number
  /** Readers in MediaMTX's runtime list. */
  readonly readers: number
}

interface Entry {
  reasons: Reasons
  /** A recording needs no time after its end: nobody comes back to it. */
  recorded: boolean
  /** A reason was there at some time and its close-after time is not over. */
  lingering: boolean
  cancelTimer: (() => void) | undefined
}

const NONE: Reasons = { notifiers: 0, readers: 0 }

export class Demand {
  readonly #options: DemandOptions
  readonly #entries = new Map<string, Entry>()
  #isOver = false

  constructor(options: DemandOptions) {
    this.#options = options
  }

  wanted(path: string): boolean {
    const entry = this.#entries.get(path)
    return entry !== undefined && isWanted(entry)
  }

  /** Whether somebody reads or waits now. */
  active(path: string): boolean {
    return isActive(this.#entries.get(path)?.reasons ?? NONE)
  }

  /** Whether it is wanted for more than a recording. */
  viewed(path: string): boolean {
    const entry = this.#entries.get(path)
    return entry !== undefined && (entry.lingering || isActive(entry.reasons))
  }

  /** The reasons as they are now. */
  update(path: string, reasons: Reasons): void {
    const entry = this.#entries.get(path)
    if (entry === undefined && !isActive(reasons)) return
    this.#change(path, (known) => {
      const wasActive = isActive(known.reasons)
      known.reasons = reasons
      if (isActive(reasons)) this.#disarm(known)
      else if (wasActive) this.#linger(path, known)
    })
  }

  /** A recording of this path begins or ends. */
  record(path: string, recorded: boolean): void {
    if (!recorded && !this.#entries.has(path)) return
    this.#change(path, (entry) => {
      entry.recorded = recorded
    })
  }

  /** `start_streaming`: wanted for the close-after time, or what is left of it, anew. */
  touch(path: string, forMs = this.#options.closeAfterMs): void {
    this.#change(path, (entry) => {
      if (!isActive(entry.reasons)) this.#linger(path, entry, forMs)
    })
  }

  /** `stop_streaming`: only what is there now counts. */
  release(path: string): void {
    this.#change(path, (entry) => this.#disarm(entry))
  }

  /** For good: no timer of ours runs afterwards, whoever still comes and goes. */
  clear(): void {
    this.#isOver = true
    for (const entry of this.#entries.values()) this.#disarm(entry)
    this.#entries.clear()
  }

  #change(path: string, apply: (entry: Entry) => void): void {
    if (this.#isOver) return
    const before = this.wanted(path)
    const entry = this.#entries.get(path) ?? { reasons: NONE, recorded: false, lingering: false, cancelTimer: undefined }
    this.#entries.set(path, entry)
    apply(entry)
    if (!isWanted(entry)) this.#entries.delete(path)
    if (this.wanted(path) !== before) this.#options.onChange(path)
  }

  #linger(path: string, entry: Entry, forMs = this.#options.closeAfterMs): void {
    this.#disarm(entry)
    entry.lingering = true
    entry.cancelTimer = this.#options.clock.after(forMs, () => this.release(path))
  }

  #disarm(entry: Entry): void {
    entry.cancelTimer?.()
    entry.cancelTimer = undefined
    entry.lingering = false
  }
}

function isActive(reasons: Reasons): boolean {
  return reasons.notifiers > 0 || reasons.readers > 0
}

function isWanted(entry: Entry): boolean {
  return entry.lingering || entry.recorded || isActive(entry.reasons)
}
