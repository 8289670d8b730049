/** What the control API was asked, how long it took, and what comparisons found. Adding allocates next to nothing. */

import { type Durations, Histogram } from '../base/histogram.js'
import { type Counts, Tally } from '../base/tally.js'
import type { MediamtxFailure } from './api/failures.js'

/** Calls of the control API that we make, by route. */
export type Endpoint =
  | 'info'
  | 'paths/list'
  | 'config/global/get'
  | 'config/paths/list'
  | 'config/paths/replace'
  | 'config/paths/delete'

export interface MediaFigures {
  /** Of calls, failed ones too, by endpoint. */
  readonly calls: Readonly<Record<string, Durations>>
  /** By endpoint and reason, such as `paths/list timeout`. */
  readonly callFailures: Counts
  /** Of comparisons that came to their end. */
  readonly comparisons: Durations
  /** Paths that the last comparison found not to be as they should be. */
  readonly drift: number
}

/** In the words of the metrics. */
const REASONS: Readonly<Record<MediamtxFailure, string>> = {
  unreachable: 'refused',
  timeout: 'timeout',
  unauthorized: 'auth',
  rejected: 'http',
  missing: 'http',
  disabled: 'http',
  broken: 'http',
  torn: 'decode',
}

export class MediaMeter {
  readonly #calls = new Map<Endpoint, Histogram>()
  readonly #failures = new Tally()
  readonly #comparisons = new Histogram()
  #drift = 0

  called(endpoint: Endpoint, ms: number, failure?: MediamtxFailure): void {
    let histogram = this.#calls.get(endpoint)
    if (histogram === undefined) {
      histogram = new Histogram()
      this.#calls.set(endpoint, histogram)
    }
    histogram.add(ms)
    if (failure !== undefined) this.#failures.add(`${endpoint} ${REASONS[failure]}`)
  }

  compared(ms: number, drift: number): void {
    this.#comparisons.add(ms)
    this.#drift = drift
  }

  get figures(): MediaFigures {
    return {
      calls: Object.fromEntries([...this.#calls].map(([endpoint, { durations }]) => [endpoint, durations])),
      callFailures: this.#failures.counts,
      comparisons: this.#comparisons.durations,
      drift: this.#drift,
    }
  }
}
