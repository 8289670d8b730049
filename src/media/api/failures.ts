/** What can go wrong between us and MediaMTX, as one typed error, and its way into the service's catalogue. */

import { ServiceError } from '../../base/errors.js'

/**
 * `unreachable`: no connection. `timeout`: no whole reply in time. `unauthorized`: 401. `rejected`: a 400, permanent.
 * `missing`: JSON 404, no such object. `disabled`: plain-text 404, no such route in this server. `broken`: a 5xx.
 * `torn`: a reply that is cut, too long or not what the API promises.
 */
export type MediamtxFailure = 'unreachable' | 'timeout' | 'unauthorized' | 'rejected' | 'missing' | 'disabled' | 'broken' | 'torn'

export class MediamtxError extends Error {
  readonly kind: MediamtxFailure

  constructor(kind: MediamtxFailure, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'MediamtxError'
    this.kind = kind
  }
}

/** The catalogue's error for anything that needs MediaMTX and cannot have it. `detail` never holds a secret. */
export function mediamtxUnavailable(detail: string, cause?: unknown): ServiceError {
  return new ServiceError('DEPENDENCY_FAILED', {
    data: { dependency: 'MediaMTX', detail },
    details: `MediaMTX: ${detail}`,
    cause,
  })
}
