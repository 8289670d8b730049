/** Failures as they go over the wire: the union of the catalogue's members and `reason`, `details`, `suggestion` (C-12). */

import { CATALOGUE, type ErrorCode, type ErrorDetail } from '../base/errors.js'
import { Rendered } from '../base/rendered.js'

/** The `error` member of a reply. */
export interface WireError {
  readonly code: number
  readonly message: string
  readonly data: Readonly<Record<string, unknown>>
}

/** What there is to tell of a `ServiceError`. One that is not thrown needs no stack, which is what errors cost most. */
export interface Failure {
  readonly code: ErrorCode
  readonly data: Readonly<Record<string, unknown>>
  readonly details: string
  readonly suggestion: string
}

/** One that is told in the same words each time: its reply is made once, so that to refuse costs no more than to answer. */
export type Refusal = Rendered<WireError>

export function failure(code: ErrorCode, { data = {}, details, suggestion }: Omit<ErrorDetail, 'cause'>): Failure {
  const known = CATALOGUE[code]
  return { code, data, details: details ?? known.text, suggestion: suggestion ?? known.suggestion }
}

/** To be kept: it pays only when it is told more than once. */
export function refusal(code: ErrorCode, detail: Omit<ErrorDetail, 'cause'>): Refusal {
  return new Rendered(wireError(failure(code, detail)))
}

export function wireError({ code, data, details, suggestion }: Failure): WireError {
  const known = CATALOGUE[code]
  return { code: known.rpc, message: known.text, data: { reason: known.reason, ...data, details, suggestion } }
}
