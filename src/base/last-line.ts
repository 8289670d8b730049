/** The last whole line of a file, found from its end. */

import type { FileHandle } from 'node:fs/promises'

export interface LastLine {
  /** Without its end; undefined when there is none. */
  readonly line: string | undefined
  /** Offset behind its end: what follows is half a line. */
  readonly endsAt: number
}

/** Longer lines than any that we write. */
const MAX_BYTES = 64 * 1024
const LINE_END = 0x0a

/** `bytes`: how long the file is. */
export async function readLastLine(handle: FileHandle, bytes: number): Promise<LastLine> {
  const from = Math.max(0, bytes - 2 * MAX_BYTES)
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes - from), 0, bytes - from, from)
  const read = buffer.subarray(0, bytesRead)
  const end = read.lastIndexOf(LINE_END)
  if (end < 0) return { line: undefined, endsAt: from }
  const begin = end === 0 ? 0 : read.lastIndexOf(LINE_END, end - 1) + 1
  return { line: read.toString('utf8', begin, end), endsAt: from + end + 1 }
}
