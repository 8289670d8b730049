/**
 * Keeps the listener from using up the file descriptors of the process: uWebSockets.js spins when there are none, and cameras, files and logs
 * need some. Sockets are counted as they come; what else is open is looked at now and then.
 */

import { readdir, readFile } from 'node:fs/promises'
import type { Clock } from '../base/clock.js'

export interface DescriptorGuardOptions {
  readonly clock: Clock
  /** Descriptors are running out, or are there again. */
  readonly onChange: (isFull: boolean) => void
  /** Open descriptors of the process, and how many there may be; others in tests. */
  readonly count?: () => Promise<number>
  readonly limit?: () => Promise<number>
}

/** Kept for everything but clients. */
const RESERVED = 64
/** Free beyond these before clients are let in again, so that the listener does not flap. */
const MARGIN = 16
const LOOK_MS = 1_000
/** With fewer in use nothing is looked at. */
const NEAR = 0.5

export class DescriptorGuard {
  readonly #options: DescriptorGuardOptions
  #limit = Number.POSITIVE_INFINITY
  #others = 0
  #sockets = 0
  #isFull = false
  #isLooking = false
  #end: () => void = () => undefined

  constructor(options: DescriptorGuardOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { clock, limit = softLimit } = this.#options
    this.#limit = await limit()
    await this.#look()
    this.#end = clock.every(LOOK_MS, () => {
      if (this.#isFull || this.#sockets + this.#others > this.#limit * NEAR) void this.#look()
    })
  }

  stop(): void {
    this.#end()
  }

  /** A socket came (1) or went (-1). */
  socket(change: number): void {
    this.#sockets += change
    if (change > 0) this.#judge()
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    const { count = openDescriptors } = this.#options
    const open = await count().catch(() => this.#limit)
    this.#isLooking = false
    this.#others = Math.max(0, open - this.#sockets)
    this.#judge()
  }

  #judge(): void {
    const free = this.#limit - RESERVED - this.#others - this.#sockets
    const isFull = free <= (this.#isFull ? MARGIN : 0)
    if (isFull === this.#isFull) return
    this.#isFull = isFull
    this.#options.onChange(isFull)
  }
}

async function openDescriptors(): Promise<number> {
  return (await readdir('/proc/self/fd')).length
}

async function softLimit(): Promise<number> {
  const limit = /^Max open files +(\d+)/m.exec(await readFile('/proc/self/limits', 'utf8'))?.[1]
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit)
}
