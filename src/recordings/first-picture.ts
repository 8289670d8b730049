/**
 * Is there a picture in a file that is being written, and is the first one whole? A header alone is none. Who begins to read a stream in
 * the middle of a key frame of many slices gets the last of them and takes that for a picture; MediaMTX does, and so would a recording
 * begin with pictures that cannot be decoded.
 */

import { open } from 'node:fs/promises'
import { type Box, boxAt, boxesIn } from './boxes.js'

/** `torn`: the first picture lacks its beginning, and what follows depends on it. */
export type FirstPicture = 'none' | 'torn' | 'whole'

/** More than any header, and the beginning of the first picture. */
const HEAD_BYTES = 64 * 1024
/** Element that holds frames in Matroska. */
const CLUSTER = Buffer.from([0x1f, 0x43, 0xb6, 0x75])
const LENGTH_BYTES = 4
/** Flags of a `trun` box. */
const HAS_DATA_OFFSET = 1

/** `none` for a file that is not there. */
export async function firstPicture(file: string): Promise<FirstPicture> {
  const handle = await open(file, 'r').catch(() => undefined)
  if (handle === undefined) return 'none'
  try {
    const buffer = Buffer.alloc(HEAD_BYTES)
    const { bytesRead } = await handle.read(buffer, 0, HEAD_BYTES, 0)
    const head = buffer.subarray(0, bytesRead)
    if (file.endsWith('.mkv')) return head.includes(CLUSTER) ? 'whole' : 'none'
    if (!hasWholePiece(head, (await handle.stat()).size)) return 'none'
    return isTorn(head) ? 'torn' : 'whole'
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

/** Of a fragmented MP4 with H.264 or H.265; what is not understood is taken for whole. */
function isTorn(head: Buffer): boolean {
  const videos = new Map([...inside(head, ['moov', 'trak'])].flatMap((track) => videoOf(head, track) ?? []))
  const fragment = [...boxesIn(head, 0, head.length)].find(({ type }) => type === 'moof')
  if (fragment === undefined) return false
  for (const part of boxesIn(head, fragment.body, fragment.end)) {
    if (part.type !== 'traf') continue
    const codec = videos.get(numberIn(head, part, 'tfhd', 4) ?? 0)
    const run = childOf(head, part, 'trun')
    if (codec === undefined || run === undefined || !hasBytes(head, run.body, 12)) continue
    if ((head.readUInt32BE(run.body) & HAS_DATA_OFFSET) === 0) continue
    return lacksFirstSlice(head, fragment.at + head.readInt32BE(run.body + 8), codec)
  }
  return false
}

type Codec = 'h264' | 'h265'

/** Number of a track and its codec; undefined when it has other pictures, or none. */
function videoOf(head: Buffer, track: Box): [[number, Codec]] | undefined {
  const header = childOf(head, track, 'tkhd')
  const [table] = inside(head, ['mdia', 'minf', 'stbl', 'stsd'], track)
  if (header === undefined || table === undefined || !hasBytes(head, table.body, 16)) return undefined
  // Version and flags, then two times of four or eight bytes.
  const at = header.body + (head[header.body] === 1 ? 20 : 12)
  const entry = head.toString('latin1', table.body + 12, table.body + 16)
  const codec = /^avc[13]$/.test(entry) ? 'h264' : /^h(?:vc|ev)1$/.test(entry) ? 'h265' : undefined
  return codec === undefined || !hasBytes(head, at, 4) ? undefined : [[head.readUInt32BE(at), codec]]
}

/** The first slice of a picture says so in the first bit of its header. */
function lacksFirstSlice(head: Buffer, from: number, codec: Codec): boolean {
  for (let at = from; hasBytes(head, at, LENGTH_BYTES + 3); ) {
    const unit = at + LENGTH_BYTES
    const type = codec === 'h264' ? (head[unit] ?? 0) & 31 : ((head[unit] ?? 0) >> 1) & 63
    const isSlice = codec === 'h264' ? type === 1 || type === 2 || type === 5 : type < 32
    if (isSlice) return ((head[unit + (codec === 'h264' ? 1 : 2)] ?? 0) & 0x80) === 0
    at = unit + head.readUInt32BE(at)
  }
  return false
}

/** The boxes at the end of this way. */
function* inside(head: Buffer, way: readonly string[], from?: Box): Generator<Box> {
  const [type, ...rest] = way
  for (const box of boxesIn(head, from?.body ?? 0, from?.end ?? head.length)) {
    if (box.type !== type) continue
    if (rest.length === 0) yield box
    else yield* inside(head, rest, box)
  }
}

function childOf(head: Buffer, parent: Box, type: string): Box | undefined {
  return [...boxesIn(head, parent.body, parent.end)].find((box) => box.type === type)
}

function numberIn(head: Buffer, parent: Box, type: string, offset: number): number | undefined {
  const box = childOf(head, parent, type)
  return box !== undefined && hasBytes(head, box.body + offset, 4) ? head.readUInt32BE(box.body + offset) : undefined
}

function hasBytes(head: Buffer, at: number, count: number): boolean {
  return at >= 0 && at + count <= head.length
}
