/** Is there a picture in a file that is being written? A header alone is none. Pure but for the reading. */

import { open, truncate } from 'node:fs/promises'

/** More than any header. */
const HEAD_BYTES = 64 * 1024
const BOX_HEAD_BYTES = 16
/** Element that holds frames in Matroska. */
const CLUSTER = Buffer.from([0x1f, 0x43, 0xb6, 0x75])

/** False for a file that is not there. */
export async function hasFrames(file: string): Promise<boolean> {
  const handle = await open(file, 'r').catch(() => undefined)
  if (handle === undefined) return false
  try {
    const head = Buffer.alloc(HEAD_BYTES)
    const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0)
    const read = head.subarray(0, bytesRead)
    return file.endsWith('.mkv') ? read.includes(CLUSTER) : hasWholePiece(read, (await handle.stat()).size)
  } finally {
    await handle.close()
  }
}

/** A fragment that is there to its last byte, or a file whose pictures come before their table. */
function hasWholePiece(head: Buffer, sizeBytes: number): boolean {
  for (let at = 0; at + 8 <= head.length; ) {
    const box = boxAt(head, at)
    if (box === undefined) return false
    if (box.type === 'mdat') return box.end <= sizeBytes
    at = box.end
  }
  return false
}

/**
 * Cuts what a killed writer left half written off a fragmented MP4: the last piece that is not whole. Other files are left alone.
 * Returns the bytes removed. Rejects with what the system says.
 */
export async function cutTornEnd(file: string): Promise<number> {
  if (!file.endsWith('.mp4')) return 0
  const handle = await open(file, 'r')
  let wholeBytes = 0
  let sizeBytes = 0
  let fragmented = false
  try {
    sizeBytes = (await handle.stat()).size
    const head = Buffer.alloc(BOX_HEAD_BYTES)
    for (let at = 0; at < sizeBytes; ) {
      const { bytesRead } = await handle.read(head, 0, BOX_HEAD_BYTES, at)
      const box = boxAt(head.subarray(0, bytesRead), 0)
      if (box === undefined || at + box.end > sizeBytes) break
      at += box.end
      fragmented ||= box.type === 'moof'
      // A head without its pictures is half a piece.
      if (box.type !== 'moof') wholeBytes = at
    }
  } finally {
    await handle.close()
  }
  if (!fragmented || wholeBytes === sizeBytes) return 0
  await truncate(file, wholeBytes)
  return sizeBytes - wholeBytes
}

function boxAt(bytes: Buffer, at: number): { readonly type: string; readonly end: number } | undefined {
  if (at + 8 > bytes.length) return undefined
  const type = bytes.toString('latin1', at + 4, at + 8)
  const size = bytes.readUInt32BE(at)
  if (size === 1) return at + 16 > bytes.length ? undefined : { type, end: at + Number(bytes.readBigUInt64BE(at + 8)) }
  return size < 8 ? undefined : { type, end: at + size }
}
