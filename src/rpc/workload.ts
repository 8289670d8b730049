/** How much slow work is under way on all connections together, of each kind. */

import type { WorkKind } from './method.js'
import { type Failure, failure } from './wire-error.js'

const MAX_WORK: Readonly<Record<WorkKind, number>> = {
  snapshot: 256,
  media: 256,
  controls: 256,
  recording: 256,
  files: 256,
}
/** What a client is told to wait when too much is under way. */
const BUSY_RETRY_MS = 250

export class Workload {
  readonly #underWay: Record<WorkKind, number> = { snapshot: 0, media: 0, controls: 0, recording: 0, files: 0 }

  full(kind: WorkKind): boolean {
    return this.#underWay[kind] >= MAX_WORK[kind]
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

export function tooBusy(): Failure {
  return rateLimited(BUSY_RETRY_MS, 'too many requests are being worked on')
}
