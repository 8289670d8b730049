/**
 * Keeps a listener from using up the file descriptors of the process: cameras, files and logs need some, and uWebSockets.js spins when there
 * are none. Sockets are counted as they come; what else is open is looked at now and then.
 */

import type { Clock } from './clock.js'
import { descriptorLimit, openDescriptors } from './descriptors.js'

export interface DescriptorGuardOptions {
  readonly clock: Clock
  /** Kept for everything else. */
  readonly reserved: number
  /** Descriptors are running out, or are there again. */
  readonly onChange: (isFull: boolean) => void
  /** Open descriptors of the process, and how many there may be; others in tests. */
  readonly count?: () => Promise<number>
  readonly limit?: () => Promise<number | undefined>
}

/** Free beyond those kept before clients are let in again, so that the listener does not flap. */
const MARGIN = 16
const LOOK_MS = 1_000
/** While nobody is let in: whoever waits hears within a second that descriptors are free. */
const FULL_LOOK_MS = 250
/** With fewer in use nothing is looked at. */
const NEAR = 0.5

export class DescriptorGuard {
  readonly #options: DescriptorGuardOptions
  #limit = Number.POSITIVE_INFINITY
  /** Of the process beyond those counted; below 0 when the end of some was never told. */
  #others = 0
  #sockets = 0
  #isFull = false
  #isLooking = false
  #stopped = false
  /** Set while it is near the limit, and how often it looks then. */
  #end: (() => void) | undefined
  #everyMs = 0

  constructor(options: DescriptorGuardOptions) {
    this.#options = options
  }

  /** Nobody new is to be let in. */
  get isFull(): boolean {
    return this.#isFull
  }

  async start(): Promise<void> {
    const { limit = descriptorLimit } = this.#options
    this.#limit = (await limit()) ?? Number.POSITIVE_INFINITY
    await this.#look()
  }

  stop(): void {
    this.#stopped = true
    this.#watch()
  }

  /** A socket came (1) or went (-1). */
  socket(change: number): void {
    this.#sockets += change
    this.#judge()
    this.#watch()
  }

  /** Looks again and again while it is near the limit, and wakes nobody while it is not. */
  #watch(): void {
    const isNear = !this.#stopped && (this.#isFull || this.#sockets + this.#others > this.#limit * NEAR)
    const everyMs = !isNear ? 0 : this.#isFull ? FULL_LOOK_MS : LOOK_MS
    if (everyMs === this.#everyMs) return
    this.#everyMs = everyMs
    this.#end?.()
    this.#end = everyMs === 0 ? undefined : this.#options.clock.every(everyMs, () => void this.#look())
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    const { count = openDescriptors } = this.#options
    // Those that come meanwhile may be seen or not: they count on top.
    const counted = this.#sockets
    const open = await count().catch(() => this.#limit)
    this.#isLooking = false
    this.#others = open - counted
    this.#judge()
    this.#watch()
  }

  #judge(): void {
    const free = this.#limit - this.#options.reserved - this.#others - this.#sockets
    const isFull = free <= (this.#isFull ? MARGIN : 0)
    if (isFull === this.#isFull) return
    this.#isFull = isFull
    this.#options.onChange(isFull)
  }
}
