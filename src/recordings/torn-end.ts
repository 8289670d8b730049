/** What a killed writer leaves at the end of a file. */

import { open, truncate } from 'node:fs/promises'
import { boxAt } from './boxes.js'

const BOX_HEAD_BYTES = 16

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
