/** Refusals of this face: `{"detail", "code"}` with a status (usb-camera-server §3.2, §3.3). */

import { CATALOGUE, ServiceError } from '../base/errors.js'

export type Detail = string | readonly BodyFault[]

/** One item of the list form, used for bodies that are no JSON object. */
export interface BodyFault {
  readonly type: string
  readonly loc: readonly (string | number)[]
  readonly msg: string
  readonly input: unknown
}

export class HttpFault extends Error {
  readonly status: number
  readonly code: string
  readonly detail: Detail
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: string, detail: Detail, headers: Readonly<Record<string, string>> = {}) {
    super(typeof detail === 'string' ? detail : code)
    this.name = 'HttpFault'
    this.status = status
    this.code = code
    this.detail = detail
    this.headers = headers
  }

  get json(): string {
    return JSON.stringify({ detail: this.detail, code: this.code })
  }
}

const RETRY_SOON = { 'Retry-After': '1' }

export const FAULTS = {
  notFound: () => new HttpFault(404, 'NOT_FOUND', 'Not Found'),
  methodNotAllowed: (allow: string) => new HttpFault(405, 'METHOD_NOT_ALLOWED', 'Method Not Allowed', { Allow: allow }),
  originNotAllowed: () => new HttpFault(403, 'ORIGIN_NOT_ALLOWED', 'Origin not allowed'),
  authRequired: (detail: string) => new HttpFault(401, 'AUTH_REQUIRED', detail, { 'WWW-Authenticate': 'Bearer' }),
  permissionDenied: (role: string) => new HttpFault(403, 'PERMISSION_DENIED', `Permission denied: this needs the role ${role}`),
  bodyTooLarge: () => new HttpFault(413, 'BODY_TOO_LARGE', 'Request body too large'),
  targetTooLong: () => new HttpFault(414, 'URL_TOO_LONG', 'Request URL too long'),
  headersTooLarge: () => new HttpFault(431, 'HEADERS_TOO_LARGE', 'Request header fields too large'),
  expectationFailed: () => new HttpFault(417, 'EXPECTATION_FAILED', 'Expectation failed: only 100-continue is known'),
  requestTimeout: () => new HttpFault(408, 'REQUEST_TIMEOUT', 'Request not complete in time'),
  badRequest: (detail: string) => new HttpFault(400, 'BAD_REQUEST', detail),
  badParameter: (name: string, rule: string) =>
    new HttpFault(400, 'INVALID_PARAMETER', `Invalid parameter: ${name} must be ${rule}`),
  invalidCameraId: () => new HttpFault(400, 'INVALID_CAMERA_ID', 'Invalid camera id'),
  cameraNotFound: () => new HttpFault(404, 'CAMERA_NOT_FOUND', 'Camera not found'),
  notReady: () => new HttpFault(503, 'CAMERA_MANAGER_NOT_READY', 'Camera manager not initialized', RETRY_SOON),
  cameraNotRunning: () => new HttpFault(503, 'CAMERA_NOT_RUNNING', 'Camera service not running'),
  noCapabilities: () => new HttpFault(503, 'CAMERA_NOT_PROBED', 'Camera has not been probed', RETRY_SOON),
  noFrame: (code = 'NO_FRAME') => new HttpFault(503, code, 'No frame available', RETRY_SOON),
  tooManyViewers: () => new HttpFault(503, 'TOO_MANY_VIEWERS', 'Too many viewers', { 'Retry-After': '5' }),
  noDescriptor: () =>
    new HttpFault(503, 'NO_DESCRIPTOR', 'No file descriptor is free for a stream: raise the limit (LimitNOFILE, ulimit -n)', {
      'Retry-After': '5',
    }),
  descriptorsLow: () =>
    new HttpFault(503, 'DESCRIPTOR_LIMIT', 'No file descriptor is left for a new connection', { 'Retry-After': '1' }),
  tooManyRequests: () => new HttpFault(503, 'TOO_MANY_REQUESTS', 'Too many requests of this kind', { 'Retry-After': '1' }),
  streamNotPossible: (reason: string) => new HttpFault(500, 'STREAM_NOT_POSSIBLE', `Stream not possible: ${reason}`),
  restartFailed: (reason: string) => new HttpFault(500, 'RESTART_FAILED', `Camera restart failed: ${reason}`),
  reloadFailed: (reason: string) => new HttpFault(500, 'RELOAD_FAILED', `Configuration reload failed: ${reason}`),
  configNotKept: (reason: string) =>
    new HttpFault(500, 'CONFIGURATION_NOT_KEPT', `Configuration not changed, it cannot be kept: ${reason}`),
  invalidConfig: (problems: readonly string[]) =>
    new HttpFault(400, 'INVALID_CONFIGURATION', `Invalid configuration: ${problems.join('; ')}`),
  internal: () => new HttpFault(500, 'INTERNAL', 'Internal server error'),
}

/** Anything thrown as a refusal; undefined when it is none of ours and has to be told in the log. */
export function knownFault(thrown: unknown): HttpFault | undefined {
  if (thrown instanceof HttpFault) return thrown
  if (!(thrown instanceof ServiceError) || thrown.code === 'INTERNAL') return undefined
  if (thrown.code === 'CAMERA_NOT_FOUND') return FAULTS.cameraNotFound()
  if (thrown.code === 'AUTH_FAILED' || thrown.code === 'AUTH_REQUIRED') return FAULTS.authRequired(thrown.details)
  if (thrown.code === 'RATE_LIMITED')
    return new HttpFault(429, thrown.code, thrown.details, retryHeaders(thrown.data.retry_after_ms))
  return new HttpFault(CATALOGUE[thrown.code].http, thrown.code, thrown.details)
}

function retryHeaders(waitMs: unknown): Readonly<Record<string, string>> {
  return typeof waitMs === 'number' ? { 'Retry-After': String(Math.ceil(waitMs / 1000)) } : RETRY_SOON
}
