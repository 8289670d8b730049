/**
 * Slows down guessing: failed logins of one address, and of one subject from wherever. A few are free and come back with time; one more
 * locks, and each that follows a lock doubles the next. While locked nothing is checked, or the right guess would show.
 */

import type { Clock } from '../base/clock.js'
import { ServiceError } from '../base/errors.js'
import { Networks, networkOf } from './networks.js'
import { RateLimit, type RateState } from './rate-limit.js'

export interface LoginThrottleOptions {
  /** Failures that are free after a rest. */
  readonly burst: number
  /** Time in which all of them come back, milliseconds. */
  readonly windowMs: number
  /** The first lock and the longest, milliseconds. */
  readonly lockMs: number
  readonly maxLockMs: number
  /** Addresses and networks (`10.0.0.0/8`) that are never locked; their subjects are. */
  readonly exempt: readonly string[]
  readonly clock: Clock
  /** Names remembered; the one that has failed longest ago goes first. Default 100 000. */
  readonly maxNames?: number
}

/** One name that is locked. Durations, since threads have monotonic clocks of their own. */
export interface LoginLock {
  readonly name: string
  readonly forMs: number
}

interface Failures {
  readonly rate: RateState
  lastMs: number
  lockMs: number
  lockedUntilMs: number
}

const DEFAULT_MAX_NAMES = 100_000
/** A name that has not failed for so long is forgotten. */
const FORGET_MS = 3_600_000

export class LoginThrottle {
  readonly #options: LoginThrottleOptions
  readonly #rate: RateLimit
  readonly #exempt: Networks
  /** In the order of their last failure. */
  readonly #failures = new Map<string, Failures>()
  readonly #listeners = new Set<(lock: LoginLock) => void>()

  constructor(options: LoginThrottleOptions) {
    this.#options = options
    this.#rate = new RateLimit({ requests: options.burst, windowMs: options.windowMs, clock: options.clock })
    this.#exempt = new Networks(options.exempt)
  }

  /** Names remembered now. */
  get size(): number {
    return this.#failures.size
  }

  /** Throws RATE_LIMITED while one of them is locked. `address` undefined: nobody who could be told from others. */
  demand(address: string | undefined, subject: string | undefined): void {
    if (this.#failures.size === 0) return
    const nowMs = this.#options.clock.nowMs()
    let waitMs = 0
    for (const name of this.#namesOf(address, subject)) {
      waitMs = Math.max(waitMs, (this.#failures.get(name)?.lockedUntilMs ?? nowMs) - nowMs)
    }
    if (waitMs <= 0) return
    throw new ServiceError('RATE_LIMITED', {
      data: { retry_after_ms: Math.ceil(waitMs) },
      details: 'too many failed logins',
      suggestion: 'wait retry_after_ms and log in with a valid token or key',
    })
  }

  /** Names locked now. */
  locks(): readonly LoginLock[] {
    const nowMs = this.#options.clock.nowMs()
    return [...this.#failures].flatMap(([name, { lockedUntilMs }]) =>
      lockedUntilMs > nowMs ? [{ name, forMs: lockedUntilMs - nowMs }] : [],
    )
  }

  /** Takes over what another throttle has locked. */
  lock({ name, forMs }: LoginLock): void {
    const nowMs = this.#options.clock.nowMs()
    const failures = this.#failuresOf(name, nowMs)
    failures.lastMs = nowMs
    failures.lockedUntilMs = nowMs + forMs
    this.#remember(name, failures)
    this.#forget(nowMs)
  }

  /** Calls `listener` with each lock that sets in. The function returned ends that. */
  onLocked(listener: (lock: LoginLock) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Counts one failed login. */
  failed(address: string | undefined, subject: string | undefined): void {
    const nowMs = this.#options.clock.nowMs()
    for (const name of this.#namesOf(address, subject)) this.#count(name, nowMs)
    this.#forget(nowMs)
  }

  #namesOf(address: string | undefined, subject: string | undefined): string[] {
    const names = subject === undefined ? [] : [`subject ${subject}`]
    if (address !== undefined && !this.#exempt.includes(address)) names.push(`address ${networkOf(address)}`)
    return names
  }

  #count(name: string, nowMs: number): void {
    const { lockMs, maxLockMs } = this.#options
    const failures = this.#failuresOf(name, nowMs)
    // Who kept quiet for the longest lock begins anew.
    if (nowMs - Math.max(failures.lastMs, failures.lockedUntilMs) > maxLockMs) failures.lockMs = 0
    failures.lastMs = nowMs
    if (this.#rate.take(failures.rate) > 0) {
      failures.lockMs = Math.min(maxLockMs, failures.lockMs === 0 ? lockMs : failures.lockMs * 2)
      failures.lockedUntilMs = nowMs + failures.lockMs
      for (const listener of this.#listeners) listener({ name, forMs: failures.lockMs })
    }
    this.#remember(name, failures)
  }

  #failuresOf(name: string, nowMs: number): Failures {
    return this.#failures.get(name) ?? { rate: this.#rate.fresh(), lastMs: nowMs, lockMs: 0, lockedUntilMs: 0 }
  }

  #remember(name: string, failures: Failures): void {
    this.#failures.delete(name)
    this.#failures.set(name, failures)
  }

  #forget(nowMs: number): void {
    const max = this.#options.maxNames ?? DEFAULT_MAX_NAMES
    for (const [name, { lastMs }] of this.#failures) {
      if (this.#failures.size <= max && nowMs - lastMs < FORGET_MS) return
      this.#failures.delete(name)
    }
  }
}
