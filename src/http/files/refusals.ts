/** What a client reads when it does not get its file (contract §11.1). Pure. */

import { ServiceError } from '../../base/errors.js'
import type { Answer } from '../routes.js'

export type Refused = Pick<Answer, 'status' | 'body'> & { readonly headers?: Readonly<Record<string, string>> }

export const REFUSED = {
  name: { status: '400 Bad Request', body: 'Invalid filename' },
  unknown: { status: '404 Not Found', body: 'File not found' },
  forbidden: { status: '403 Forbidden', body: 'Permission denied' },
  credentials: { status: '401 Unauthorized', body: 'Unauthorized', headers: { 'WWW-Authenticate': 'Bearer' } },
  method: { status: '405 Method Not Allowed', body: 'Method not allowed', headers: { Allow: 'GET, HEAD, OPTIONS' } },
  written: { status: '409 Conflict', body: 'File is being recorded' },
  identity: { status: '429 Too Many Requests', body: 'Too many downloads of yours', headers: { 'Retry-After': '5' } },
  all: { status: '503 Service Unavailable', body: 'Too many downloads', headers: { 'Retry-After': '5' } },
  internal: { status: '500 Internal Server Error', body: 'Internal server error' },
} as const satisfies Readonly<Record<string, Refused>>

/** Errors of the system and of the service. `internal` is what the log should hear of, too. */
export function refusalOf(thrown: unknown): Refused {
  const code = codeOf(thrown)
  switch (code) {
    case 'INVALID_PARAMS':
    case 'ENAMETOOLONG':
      return REFUSED.name
    case 'RECORDING_NOT_FOUND':
    case 'SNAPSHOT_NOT_FOUND':
    case 'ENOENT':
    case 'ELOOP':
    case 'ENOTDIR':
    case 'ENXIO':
      return REFUSED.unknown
    case 'AUTH_REQUIRED':
    case 'AUTH_FAILED':
      return REFUSED.credentials
    case 'PERMISSION_DENIED':
    case 'EACCES':
    case 'EPERM':
      return REFUSED.forbidden
    case 'INVALID_STATE':
      return REFUSED.written
    case 'RATE_LIMITED':
      return { status: '429 Too Many Requests', body: 'Too many requests', headers: { 'Retry-After': '5' } }
    default:
      return REFUSED.internal
  }
}

function codeOf(thrown: unknown): string | undefined {
  if (thrown instanceof ServiceError) return thrown.code
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined
}
