/** How full a file system is, and when nothing new may be written to it (contract §12.5). */

import { statfs } from 'node:fs/promises'
import { ServiceError } from './errors.js'

export interface DiskRoom {
  readonly totalBytes: number
  readonly usedBytes: number
  /** What a program that is not root may still write. */
  readonly availableBytes: number
  /** As df counts: what is reserved for root is neither used nor available. */
  readonly usedPercent: number
}

const MIB = 1024 * 1024
/** Kept free whatever the limit in percent says, so that state and logs can still be written. */
const RESERVE_PERCENT = 5
const RESERVE_BYTES = 512 * MIB
/** On a disk this small the reserve in bytes would be most of it. */
const SMALL_DISK_BYTES = 8 * 1024 * MIB
/** Number of older editions for the same failure. */
const LEGACY_STORAGE_CRITICAL = -1010

/** Rejects with what the system says when `dir` cannot be looked at. */
export async function diskRoom(dir: string): Promise<DiskRoom> {
  const { blocks, bavail, bfree, bsize } = await statfs(dir)
  const used = blocks - bfree
  return {
    totalBytes: blocks * bsize,
    usedBytes: used * bsize,
    availableBytes: bavail * bsize,
    usedPercent: used + bavail === 0 ? 0 : (used / (used + bavail)) * 100,
  }
}

/** Why nothing new may be written; undefined when there is room. */
export function noRoom(room: DiskRoom, blockPercent: number): string | undefined {
  if (room.usedPercent >= blockPercent) {
    return `the disk is ${room.usedPercent.toFixed(1)} % full, the limit is ${blockPercent} %`
  }
  const share = (room.totalBytes * RESERVE_PERCENT) / 100
  const reserve = room.totalBytes < SMALL_DISK_BYTES ? share : Math.max(share, RESERVE_BYTES)
  // A limit of 100 % asks for the last byte; it gets all but the reserve.
  return room.availableBytes < reserve ? `${Math.floor(room.availableBytes / MIB)} MiB are left on the disk` : undefined
}

export function storageFull(details: string): ServiceError {
  return new ServiceError('INVALID_STATE', {
    data: { state: 'STORAGE_FULL', allowed_states: ['STORAGE_AVAILABLE'], legacy_code: LEGACY_STORAGE_CRITICAL },
    details,
    suggestion: 'delete files or raise storage.block_percent',
  })
}
