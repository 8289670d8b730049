/** Failures as they go over the wire: the union of the catalogue's members and `reason`, `details`, `suggestion` (C-12). */

import { CATALOGUE, type ServiceError } from '../base/errors.js'

/** The `error` member of a reply. */
export interface WireError {
  readonly code: number
  readonly message: string
  readonly data: Readonly<Record<string, unknown>>
}

export function wireError(error: ServiceError): WireError {
  const known = CATALOGUE[error.code]
  return {
    code: known.rpc,
    message: known.text,
    data: { reason: known.reason, ...error.data, details: error.details, suggestion: error.suggestion },
  }
}
