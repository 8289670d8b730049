/** What others want of paths, checked where it comes in. */

import { invalidParam, type ServiceError } from '../../base/errors.js'
import { CHECK_PATH } from '../notify/check-path.js'

/** How a path is recorded by MediaMTX. */
export interface RecordingWish {
  /** Absolute pattern with `%path` and `%f`, without extension. */
  readonly recordPath: string
  readonly format: 'fmp4' | 'mpegts'
  /** A new file begins at the first key frame after it; at most 24 h. */
  readonly segmentDurationMs: number
  /** A crash of MediaMTX loses at most this. */
  readonly partDurationMs: number
}

/** A stream that MediaMTX fetches from elsewhere. */
export interface SourceWish {
  /** `rtsp://` or `rtsps://`; may hold credentials, so it is never logged. */
  readonly url: string
  /** Fetched while somebody reads, else all the time. A change of it, and of the address, drops readers. */
  readonly onDemand: boolean
  readonly transport: 'automatic' | 'tcp' | 'udp' | 'multicast'
}

const HOUR_MS = 3_600_000
const MAX_NAME_CHARS = 200
const RESERVED = new Set(['all', 'all_others', CHECK_PATH])

/** Names that every version takes, that are no camera's, and that need no escaping anywhere. */
function isSourceName(name: string): boolean {
  if (name.length > MAX_NAME_CHARS || RESERVED.has(name) || /^camera\d+$/.test(name)) return false
  return /^[A-Za-z0-9_-]+(?:\/[A-Za-z0-9_-]+)*$/.test(name)
}

/** Throws INVALID_PARAMS naming what is wrong. */
export function checkSource(name: string, wish: SourceWish | undefined): void {
  if (!isSourceName(name)) {
    throw invalid('name', 'letters, digits, _ and -, in parts separated by /, at most 200 characters, and no name of a camera')
  }
  if (wish === undefined) return
  // Visible ASCII: the rest would have to be escaped somewhere on the way.
  const address = /^[\x21-\x7e]+$/.test(wish.url) && URL.canParse(wish.url) ? new URL(wish.url) : undefined
  if (address === undefined || !['rtsp:', 'rtsps:'].includes(address.protocol) || address.hostname === '') {
    throw invalid('url', 'an rtsp:// or rtsps:// address')
  }
}

/** Throws INVALID_PARAMS naming what is wrong. */
export function checkRecording(wish: RecordingWish): void {
  const { recordPath, segmentDurationMs, partDurationMs } = wish
  const complete = recordPath.startsWith('/') && recordPath.includes('%path') && recordPath.includes('%f')
  if (!complete || /[\0\n\r]/.test(recordPath) || /(?:^|\/)\.\.?(?:\/|$)/.test(recordPath)) {
    throw invalid('recordPath', 'an absolute path pattern with %path and %f')
  }
  if (!(segmentDurationMs >= 1_000 && segmentDurationMs <= 24 * HOUR_MS)) {
    throw invalid('segmentDurationMs', 'between 1 s and 24 h')
  }
  if (!(partDurationMs >= 100 && partDurationMs <= segmentDurationMs)) {
    throw invalid('partDurationMs', 'between 100 ms and the length of a segment')
  }
}

/** The value itself is not repeated: it may hold a password. */
function invalid(param: string, rule: string): ServiceError {
  return invalidParam(param, rule, `give ${rule}`, `${param} must be ${rule}`)
}
