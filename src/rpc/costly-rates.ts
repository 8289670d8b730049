/** How often what costs much may be asked for: by one identity, and of one camera (reliability-security §1.2). */

import { OwnRates, type Rate } from '../auth/index.js'
import type { Clock } from '../base/clock.js'
import { ServiceError } from '../base/errors.js'
import { type Counts, Tally } from '../base/tally.js'

/** What is limited, each for itself. */
export type CostlyKind = 'snapshot' | 'control' | 'discovery'

/** Of one identity, but for `camera`: snapshots of one camera, whoever takes them. */
export type CostlyLimits = Readonly<Record<CostlyKind | 'camera', Rate>>

const WORDS: Readonly<Record<CostlyKind | 'camera', string>> = {
  snapshot: 'snapshots of one identity',
  camera: 'snapshots of one camera',
  control: 'recording and streaming of one identity',
  discovery: 'discovery of one identity',
}

export class CostlyRates {
  readonly #clock: Clock
  readonly #rates: Readonly<Record<CostlyKind | 'camera', OwnRates>>
  readonly #refused = new Tally()

  constructor(limits: CostlyLimits, clock: Clock) {
    this.#clock = clock
    const rates = (rate: Rate): OwnRates => new OwnRates({ rate, clock })
    const { snapshot, camera, control, discovery } = limits
    this.#rates = {
      snapshot: rates(snapshot),
      camera: rates(camera),
      control: rates(control),
      discovery: rates(discovery),
    }
  }

  /** Calls refused since the start, by layer. */
  get counts(): Counts {
    return this.#refused.counts
  }

  change(limits: CostlyLimits): void {
    for (const kind of Object.keys(this.#rates) as (CostlyKind | 'camera')[]) this.#rates[kind].change(limits[kind])
  }

  /** Counts one call. Throws RATE_LIMITED with a true waiting time. */
  demand(kind: CostlyKind, userId: string, device: string | undefined): void {
    this.#take(kind, userId)
    if (kind === 'snapshot' && device !== undefined) this.#take('camera', device)
  }

  #take(kind: CostlyKind | 'camera', name: string): void {
    const waitMs = this.#rates[kind].place(name).take(this.#clock.nowMs())
    if (waitMs === 0) return
    this.#refused.add(WORDS[kind])
    throw new ServiceError('RATE_LIMITED', { data: { retry_after_ms: waitMs }, details: `too many: ${WORDS[kind]}` })
  }
}
