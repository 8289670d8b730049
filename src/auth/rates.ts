/** One rate for many: each name has a place of its own. Either in this thread, or in memory that threads share. */

import type { Clock } from '../base/clock.js'
import { RateLimit, type RateState } from './rate-limit.js'

/** So many at once after a rest, and then per window. */
export interface Rate {
  readonly requests: number
  readonly windowMs: number
}

export interface RatePlace {
  /** As `RateLimit.take`. */
  take(nowMs: number): number
}

export interface Rates {
  /** Whoever asks often keeps what is answered. */
  place(name: string): RatePlace
  /** Another rate from now on. */
  change(rate: Rate): void
}

export interface OwnRatesOptions {
  readonly rate: Rate
  readonly clock: Clock
  /** Names remembered; the one that was asked for longest ago goes first. Default 100 000. */
  readonly maxNames?: number
}

const DEFAULT_MAX_NAMES = 100_000
/** A name that has not asked for so long is forgotten. */
const FORGET_MS = 3_600_000

export class OwnRates implements Rates {
  readonly #limit: RateLimit
  readonly #clock: Clock
  readonly #maxNames: number
  /** In the order in which they were asked for last. */
  readonly #places = new Map<string, OwnPlace>()

  constructor({ rate, clock, maxNames = DEFAULT_MAX_NAMES }: OwnRatesOptions) {
    this.#limit = new RateLimit({ ...rate, clock })
    this.#clock = clock
    this.#maxNames = maxNames
  }

  /** Names remembered now. */
  get size(): number {
    return this.#places.size
  }

  place(name: string): RatePlace {
    const known = this.#places.get(name)
    const place = known ?? new OwnPlace(this.#limit)
    if (known !== undefined) this.#places.delete(name)
    this.#places.set(name, place)
    if (known === undefined) this.#forget()
    return place
  }

  change({ requests, windowMs }: Rate): void {
    this.#limit.change(requests, windowMs)
  }

  #forget(): void {
    const longAgoUs = (this.#clock.nowMs() - FORGET_MS) * 1_000
    for (const [name, { state }] of this.#places) {
      if (this.#places.size <= this.#maxNames && state.arrivalUs > longAgoUs) return
      this.#places.delete(name)
    }
  }
}

class OwnPlace implements RatePlace {
  readonly state: RateState
  readonly #limit: RateLimit

  constructor(limit: RateLimit) {
    this.#limit = limit
    this.state = limit.fresh()
  }

  take(nowMs: number): number {
    return this.#limit.take(this.state, nowMs)
  }
}

/**
 * Names are told apart by hash: two that meet in one place share the rate of one. Few ask at any moment and places are many, so that they
 * hardly ever do; if so, the limit is stricter than told.
 */
const PLACES = 4_096
/** The seed, and how many threads there are. */
const HEAD_BYTES = 8
const STATE_BYTES = PLACES * 2 * Float64Array.BYTES_PER_ELEMENT
/** Another thread needs a microsecond in there. */
const SPINS = 1_000
/** Unless it was put to sleep in there: then the processor is left to it. */
const NAP_MS = 1
/** After so many it is taken for dead. */
const NAPS = 100

export class SharedRates implements Rates {
  /** To be handed to the other threads. */
  readonly buffer: SharedArrayBuffer
  readonly limit: RateLimit
  readonly states: Float64Array
  readonly locks: Int32Array
  readonly scratch: RateState = { arrivalUs: 0, arrivalParts: 0 }
  /** Number of this thread, from 1: what it writes into a lock. */
  readonly thread: number
  /** From the clock of this thread to one that is the same in all. */
  readonly offsetMs: number
  readonly #seed: number

  /** `from`: a random 32-bit integer that nobody outside knows, for fresh ones; or those of another thread. */
  constructor(from: number | SharedArrayBuffer, rate: Rate, clock: Clock) {
    this.buffer = typeof from === 'number' ? new SharedArrayBuffer(HEAD_BYTES + STATE_BYTES + PLACES * 4) : from
    this.states = new Float64Array(this.buffer, HEAD_BYTES, PLACES * 2)
    this.locks = new Int32Array(this.buffer, HEAD_BYTES + STATE_BYTES, PLACES)
    const head = new Int32Array(this.buffer, 0, 2)
    if (typeof from === 'number') head[0] = from
    this.#seed = head[0] ?? 0
    this.thread = Atomics.add(head, 1, 1) + 1
    this.limit = new RateLimit({ ...rate, clock })
    this.offsetMs = offsetOf(clock)
  }

  place(name: string): RatePlace {
    // FNV-1a, begun with the seed.
    let hash = this.#seed
    for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
    return new SharedPlace(this, (hash ^ (hash >>> 15)) & (PLACES - 1))
  }

  change({ requests, windowMs }: Rate): void {
    this.limit.change(requests, windowMs)
  }
}

/** Looks that the difference is taken from: the one that took least, since a thread may be put to sleep between its two clocks. */
const LOOKS = 16

function offsetOf(clock: Clock): number {
  let offsetMs = 0
  let leastMs = Number.POSITIVE_INFINITY
  for (let look = 0; look < LOOKS; look++) {
    const beforeMs = clock.nowMs()
    const commonMs = Number(process.hrtime.bigint()) / 1e6
    const tookMs = clock.nowMs() - beforeMs
    if (tookMs >= leastMs) continue
    leastMs = tookMs
    offsetMs = commonMs - beforeMs
  }
  return offsetMs
}

class SharedPlace implements RatePlace {
  readonly #rates: SharedRates
  readonly #at: number

  constructor(rates: SharedRates, at: number) {
    this.#rates = rates
    this.#at = at
  }

  take(nowMs: number): number {
    const { limit, states, locks, scratch, thread, offsetMs } = this.#rates
    const at = this.#at
    for (;;) {
      this.#lock()
      scratch.arrivalUs = states[at * 2] ?? 0
      scratch.arrivalParts = states[at * 2 + 1] ?? 0
      const waitMs = limit.take(scratch, nowMs + offsetMs)
      // Taken for dead, it would undo what others have counted since.
      if (Atomics.load(locks, at) !== thread) continue
      states[at * 2] = scratch.arrivalUs
      states[at * 2 + 1] = scratch.arrivalParts
      Atomics.compareExchange(locks, at, thread, 0)
      return waitMs
    }
  }

  #lock(): void {
    const { locks, thread } = this.#rates
    const at = this.#at
    for (let looks = 0; ; looks++) {
      const holder = Atomics.compareExchange(locks, at, 0, thread)
      if (holder === 0) return
      if (looks < SPINS) continue
      if (looks < SPINS + NAPS) Atomics.wait(locks, at, holder, NAP_MS)
      else if (Atomics.compareExchange(locks, at, holder, thread) === holder) return
    }
  }
}
