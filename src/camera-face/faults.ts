/**
 * The one table of what goes wrong around the cameras, and its counters: `server.faults` of `/status`, `camera_server_faults_total`
 * of `/metrics` and the manual are made from it. Faults of a camera itself are counted with the camera.
 */

import type { Clock } from '../base/clock.js'
import { type FaultCount, FaultCounts } from '../base/fault-counts.js'

export const FAULT_KINDS = {
  refusal: {
    doc: 'Requests that were refused, by the `code` of the answer.',
    codes: {},
  },
  connection: {
    doc: 'Connections that were not served or were cut off.',
    codes: {
      ADDRESS_LIMIT: 'Too many of one address.',
      CONNECTION_LIMIT: 'Too many in all; closed without an answer.',
      PIPELINE_LIMIT: 'Too many requests without waiting for answers.',
      DESCRIPTOR_LIMIT:
        'Refused, because the last file descriptors are kept for cameras and files; and looks, one a second, that found none free at all.',
    },
  },
  viewer: {
    doc: 'Viewers of MJPEG streams.',
    codes: {
      STALLED: 'Cut off: it took no byte for 10 s.',
      ERROR: 'Its connection broke.',
      SKIPPED: 'Frames that viewers were too slow for; added when they leave.',
    },
  },
  events: {
    doc: 'Readers of `/events`.',
    codes: { SLOW_READER: 'Cut off: it left too much unread.' },
  },
  config: {
    doc: 'The configuration file and changes of it.',
    codes: {
      UNREADABLE: 'The file is missing, cannot be read or holds mistakes; what was in force stays.',
      REJECTED: 'A change breaks a rule or cannot be done; nothing was changed.',
      UNWRITABLE: 'A change could not be kept; nothing was changed.',
    },
  },
  discovery: {
    doc: 'Hearing of cameras that come and go.',
    codes: {
      EVENTS_LOST: 'The kernel dropped messages; all devices were looked at anew.',
      FLAPPING: 'A camera that keeps coming and going is looked at rarely.',
    },
  },
} as const

export type FaultKind = keyof typeof FAULT_KINDS
type CodeOf<Kind extends FaultKind> = keyof (typeof FAULT_KINDS)[Kind]['codes'] & string

/** Kind to its faults; kinds without any are left out. */
export type FaultTable = Readonly<Partial<Record<FaultKind, readonly FaultCount[]>>>

export class FaceFaults {
  readonly #clock: Clock
  readonly #counts = new Map<FaultKind, FaultCounts>()
  readonly #others: () => FaultTable

  /** `others`: what is counted outside of this face. */
  constructor(clock: Clock, others: () => FaultTable = () => ({})) {
    this.#clock = clock
    this.#others = others
  }

  refused(code: string, reason: string): void {
    this.#of('refusal').count(code, reason)
  }

  count<Kind extends Exclude<FaultKind, 'refusal'>>(kind: Kind, code: CodeOf<Kind>, reason: string, by = 1): void {
    this.#of(kind).count(code, reason, by)
  }

  table(): FaultTable {
    const others = Object.entries(this.#others()).filter(([, counts]) => counts.length > 0)
    return Object.fromEntries([...[...this.#counts].map(([kind, counts]) => [kind, counts.list()] as const), ...others])
  }

  #of(kind: FaultKind): FaultCounts {
    const known = this.#counts.get(kind)
    if (known !== undefined) return known
    const counts = new FaultCounts(this.#clock)
    this.#counts.set(kind, counts)
    return counts
  }
}
