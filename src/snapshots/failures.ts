/** What a snapshot can fail with: whose fault it is, and what clients are told. Pure. */

import { storageFull } from '../base/disk-room.js'
import { errorText, ServiceError } from '../base/errors.js'
import { captureError, nativeCode } from '../cameras/index.js'
import { DECODE_FAILED } from './decode.js'
import { ThreadLost } from './pool.js'

/** Not the disk's, and not the caller's. */
export function isCamerasFault(thrown: unknown): boolean {
  if (thrown instanceof ServiceError) return thrown.code === 'DEPENDENCY_FAILED' || thrown.code === 'INVALID_STATE'
  const code = nativeCode(thrown)
  return code !== undefined && code !== 'IO' && code !== 'DISK_FULL' && !areTooMany(thrown)
}

/** As many wait for a frame of the camera, or for the disk, as the core lets wait. */
function areTooMany(thrown: unknown): boolean {
  const { call, errno } = thrown as { readonly call?: unknown; readonly errno?: unknown }
  return nativeCode(thrown) !== undefined && (call === 'grab' || call === 'store') && errno === EBUSY
}

/** Somebody was quicker. */
export function isNameTaken(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    (('code' in thrown && thrown.code === 'EEXIST') || ('errno' in thrown && Math.abs(Number(thrown.errno)) === EEXIST))
  )
}

const EBUSY = 16
const EEXIST = 17
/** What a folder can do to a writer. A name that is taken is handled before; here EEXIST is a file where the folder should be. */
const STORAGE_CODES = new Set([
  'ENOENT',
  'EACCES',
  'EPERM',
  'EROFS',
  'EEXIST',
  'ENOTDIR',
  'EISDIR',
  'EIO',
  'EDQUOT',
  'EMFILE',
  'ENFILE',
  'ESTALE',
  'ELOOP',
  'ENAMETOOLONG',
])

/** The folder cannot be written; that its disk is full is another matter. */
export function isFoldersFault(thrown: unknown): boolean {
  if (thrown instanceof ServiceError || areTooMany(thrown)) return false
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  return nativeCode(thrown) === 'IO' || STORAGE_CODES.has(code)
}

/** INVALID_STATE (disk full), RATE_LIMITED, DEPENDENCY_FAILED naming storage, FFmpeg or the camera; what is one already passes. */
export function toServiceError(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown
  if (areTooMany(thrown))
    return new ServiceError('RATE_LIMITED', {
      data: { retry_after_ms: 1_000 },
      details: 'too many snapshots are being taken',
    })
  if (thrown instanceof ThreadLost) {
    return new ServiceError('INTERNAL', {
      details: thrown.message,
      suggestion: 'call again',
      cause: thrown,
    })
  }
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  if (code === 'DISK_FULL' || code === 'ENOSPC') return storageFull('no space is left on the disk')
  if (code === DECODE_FAILED) {
    const detail = `no picture could be made of H.264: ${errorText(thrown)}`
    return new ServiceError('DEPENDENCY_FAILED', { data: { dependency: 'FFmpeg', detail }, details: detail, cause: thrown })
  }
  if (isFoldersFault(thrown)) {
    const detail = `the snapshot could not be written: ${errorText(thrown)}`
    return new ServiceError('DEPENDENCY_FAILED', {
      data: { dependency: 'storage', detail },
      details: detail,
      suggestion: 'check mediamtx.snapshots_path: the service must be able to write there',
      cause: thrown,
    })
  }
  return captureError(thrown)
}
