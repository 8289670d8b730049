/** What tells one state of a file from another, and what clients make depend on it (RFC 9110 §13). Pure. */

import type { RequestHeaders } from '../request-headers.js'

export interface FileState {
  readonly sizeBytes: number
  /** Milliseconds since 1970. */
  readonly modifiedMs: number
  readonly inode: number
}

/** Strong: a file with the same size, time and inode has the same bytes. */
export function etagOf({ sizeBytes, modifiedMs, inode }: FileState): string {
  return `"${sizeBytes.toString(16)}-${Math.trunc(modifiedMs * 1000).toString(16)}-${inode.toString(16)}"`
}

export function lastModified({ modifiedMs }: FileState): string {
  return new Date(modifiedMs).toUTCString()
}

/** Whether the client has it already (304). */
export function isUnchanged(headers: RequestHeaders, state: FileState): boolean {
  const tags = headers.get('if-none-match')
  if (tags !== '') {
    const own = etagOf(state)
    return tags.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === own)
  }
  const sinceMs = Date.parse(headers.get('if-modified-since'))
  return !Number.isNaN(sinceMs) && seconds(state.modifiedMs) <= seconds(sinceMs)
}

/** Whether a range may be served: without `If-Range`, or when it names this very state. */
export function rangeHolds(headers: RequestHeaders, state: FileState): boolean {
  const wanted = headers.get('if-range')
  if (wanted === '' || wanted === etagOf(state)) return true
  return wanted === lastModified(state)
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}
