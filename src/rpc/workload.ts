/** How much slow work is under way, on one connection and on all together, and how much may be. */

import { ServiceError } from '../base/errors.js'
import type { WorkKind } from './method.js'
import { type Failure, failure, refusal } from './wire-error.js'

/** What a client is told to wait when too much is under way. */
const BUSY_RETRY_MS = 250

/** What a client is told to wait when the service has more to do than it can: a calm second ends that. */
const OVERLOADED_RETRY_MS = 2_000

/** Read anew each time, so they may be getters. */
export interface WorkLimits {
  /** Requests of one connection. */
  readonly perConnection: number
  /** Requests of each kind, of all connections. */
  readonly perKind: number
}

export const DEFAULT_WORK_LIMITS: WorkLimits = { perConnection: 32, perKind: 256 }

/** Why there is no place for more. */
export type FullCause = 'connection' | 'kind'

export class Workload {
  readonly #limits: WorkLimits
  readonly #underWay: Record<WorkKind, number> = { snapshot: 0, media: 0, controls: 0, recording: 0, files: 0 }

  constructor(limits: WorkLimits) {
    this.#limits = limits
  }

  /** `ofConnection`: under way on the connection that asks. */
  full(kind: WorkKind, ofConnection: number): FullCause | undefined {
    if (ofConnection >= this.#limits.perConnection) return 'connection'
    return this.#underWay[kind] >= this.#limits.perKind ? 'kind' : undefined
  }

  get underWay(): Readonly<Record<WorkKind, number>> {
    return { ...this.#underWay }
  }

  begin(kind: WorkKind): void {
    this.#underWay[kind] += 1
  }

  end(kind: WorkKind): void {
    this.#underWay[kind] -= 1
  }
}

/** -32040 with a true waiting time. */
export function rateLimited(retryAfterMs: number, details: string): Failure {
  return failure('RATE_LIMITED', { data: { retry_after_ms: retryAfterMs }, details })
}

const BUSY = { data: { retry_after_ms: BUSY_RETRY_MS }, details: 'too many requests are being worked on' }
export const TOO_BUSY = refusal('RATE_LIMITED', BUSY)

/** `TOO_BUSY` to be thrown. */
export function tooBusy(): ServiceError {
  return new ServiceError('RATE_LIMITED', BUSY)
}

export const OVERLOADED = refusal('RATE_LIMITED', {
  data: { retry_after_ms: OVERLOADED_RETRY_MS },
  details: 'the service is overloaded; nothing costly is begun',
})
