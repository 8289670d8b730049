/**
 * The one catalogue of errors. Domain code throws `ServiceError` with a catalogue name and plain detail; the edges map it:
 * `rpc/` to a JSON-RPC error, `http/` to a status. Callers branch on `code`, never on the text.
 */

export interface CatalogueEntry {
  /** JSON-RPC error code on the wire (contract §6). */
  readonly rpc: number
  /** HTTP status when the same failure is told over HTTP. */
  readonly http: number
  /** Message on the wire (contract §6). */
  readonly text: string
  /** `data.reason`: short machine word. */
  readonly reason: string
  /** Default `data.suggestion`: what the caller can do. */
  readonly suggestion: string
}

export const CATALOGUE = {
  INVALID_REQUEST: entry(-32600, 400, 'Invalid Request', 'invalid_request', 'send one JSON-RPC 2.0 request object'),
  INVALID_VERSION: entry(-32600, 400, 'Invalid Request', 'invalid_version', 'set jsonrpc to "2.0"'),
  METHOD_NOT_FOUND: entry(-32601, 404, 'Method not found', 'method_not_found', 'call rpc.discover for the list'),
  INVALID_PARAMS: entry(-32602, 400, 'Invalid parameters', 'invalid_params', 'correct the parameter and call again'),
  INTERNAL: entry(-32603, 500, 'Internal server error', 'internal_error', 'report the request_id to the operator'),
  STORAGE_UNREADABLE: entry(
    -32603,
    500,
    'Internal server error',
    'storage_unreadable',
    'check the folder of the files: the service must be able to read it',
  ),
  AUTH_REQUIRED: entry(-32001, 401, 'Authentication failed or token expired', 'auth_required', 'call authenticate first'),
  AUTH_FAILED: entry(-32001, 401, 'Authentication failed or token expired', 'auth_failed', 'get a new token'),
  PERMISSION_DENIED: entry(-32002, 403, 'Permission denied', 'permission_denied', 'use a token with the required role'),
  CAMERA_NOT_FOUND: entry(-32010, 404, 'Camera not found', 'camera_not_found', 'call get_camera_list for the ids'),
  RECORDING_NOT_FOUND: entry(-32010, 404, 'Recording not found', 'file_not_found', 'call list_recordings for the names'),
  SNAPSHOT_NOT_FOUND: entry(-32010, 404, 'Snapshot not found', 'file_not_found', 'call list_snapshots for the names'),
  STREAM_NOT_FOUND: entry(-32010, 404, 'Stream not found', 'stream_not_found', 'call start_streaming first'),
  EXTERNAL_STREAM_NOT_FOUND: entry(
    -32010,
    404,
    'External stream not found',
    'external_stream_not_found',
    'call get_external_streams for the addresses',
  ),
  INVALID_STATE: entry(-32020, 409, 'Invalid state', 'invalid_state', 'look at allowed_states'),
  UNSUPPORTED: entry(-32030, 501, 'Unsupported', 'feature_disabled', 'switch the feature on in the configuration'),
  RATE_LIMITED: entry(-32040, 429, 'Rate limited', 'rate_limit', 'wait retry_after_ms and call again'),
  DEPENDENCY_FAILED: entry(-32050, 503, 'Dependency failed', 'dependency_failed', 'look at the dependency named'),
  STARTING: entry(-32050, 503, 'Dependency failed', 'service_initializing', 'call again in a moment'),
} as const satisfies Record<string, CatalogueEntry>

export type ErrorCode = keyof typeof CATALOGUE

export interface ErrorDetail {
  /** Catalogue members for the code (`param`, `resource`, `state`, …), spread into `data`. */
  readonly data?: Readonly<Record<string, unknown>>
  /** `data.details`: one sentence on what was seen. Never a secret, never a device path. */
  readonly details?: string
  /** Overrides the catalogue's suggestion. */
  readonly suggestion?: string
  readonly cause?: unknown
}

/**
 * A failure with a place in the catalogue. Everything else that is thrown reaches clients as INTERNAL. Has no stack: such failures are of
 * every day, nobody reads where they came from, and to find it out takes longer than all else that an answer to a wrong request needs.
 */
export class ServiceError extends Error {
  readonly code: ErrorCode
  readonly data: Readonly<Record<string, unknown>>
  readonly details: string
  readonly suggestion: string

  constructor(code: ErrorCode, detail: ErrorDetail = {}) {
    const known = CATALOGUE[code]
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super(detail.details ?? known.text, detail.cause === undefined ? undefined : { cause: detail.cause })
    Error.stackTraceLimit = stackTraceLimit
    this.name = 'ServiceError'
    this.code = code
    this.data = detail.data ?? {}
    this.details = detail.details ?? known.text
    this.suggestion = detail.suggestion ?? known.suggestion
  }
}

/** A parameter that passes its schema but not the domain's own rule. `hint`: what to send instead. */
export function invalidParam(param: string, rule: string, hint: string, details: string): ServiceError {
  return new ServiceError('INVALID_PARAMS', { data: { param, rule, hint }, details })
}

/** The text of anything thrown. */
export function errorText(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

function entry(rpc: number, http: number, text: string, reason: string, suggestion: string): CatalogueEntry {
  return { rpc, http, text, reason, suggestion }
}
