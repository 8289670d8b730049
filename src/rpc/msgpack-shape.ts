/**
 * Whether bytes are MessagePack that means plain values and nothing else, looked at without building any of them. The library also
 * understands extensions of its own (references into the message, sets, expressions, joined strings): with references alone a message
 * of a thousand bytes stands for more values than anybody could look at in a lifetime.
 */

/** Deeper than any message may be. */
const MAX_DEPTH = 64
const TIMESTAMP = 0xff

/** Bytes behind the first for each of 0xc0 to 0xdf that is neither array nor map; `[n]`: a length of n bytes, then so many. */
const SIZES: readonly (number | readonly [number] | undefined)[] = [
  ...[0, undefined, 0, 0, [1], [2], [4]],
  // Extensions, their type included.
  ...[[1], [2], [4], 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, [1], [2], [4]],
] as const
const ARRAY_16 = 0xdc
const MAP_16 = 0xde

/** One value of plain types and no byte behind it, at most `MAX_DEPTH` deep. Keys of maps are names: strings, numbers, booleans or nil. */
export function isPlainMsgpack(bytes: Uint8Array): boolean {
  /** Values that each open array or map still wants; of a map, an even number is wanted where a key comes next. */
  const open: number[] = []
  const isMap: boolean[] = []
  let at = 0
  do {
    const first = bytes[at]
    if (first === undefined) return false
    const left = open[open.length - 1]
    if (left !== undefined && left % 2 === 0 && isMap[open.length - 1] === true && !mayBeKey(first)) return false
    at += 1
    let inside = 0
    let ofMap = false
    if (first >= 0xa0 && first <= 0xbf) at += first & 0x1f
    else if (first >= 0x90 && first <= 0x9f) inside = first & 0x0f
    else if (first >= 0x80 && first <= 0x8f) {
      inside = 2 * (first & 0x0f)
      ofMap = true
    } else if (first >= ARRAY_16 && first <= 0xdf) {
      const width = first % 2 === 0 ? 2 : 4
      ofMap = first >= MAP_16
      inside = lengthAt(bytes, at, width) * (ofMap ? 2 : 1)
      at += width
    } else if (first >= 0xc0 && first < ARRAY_16) {
      const size = SIZES[first - 0xc0]
      if (size === undefined) return false
      const extension = extensionTypeAt(first, at)
      if (extension !== undefined && bytes[extension] !== TIMESTAMP) return false
      if (typeof size === 'number') at += size
      else at += size[0] + lengthAt(bytes, at, size[0]) + (extension === undefined ? 0 : 1)
    }
    // Each value takes a byte at least.
    if (at > bytes.length || inside > bytes.length - at) return false
    if (inside > 0) {
      if (open.length === MAX_DEPTH) return false
      isMap[open.length] = ofMap
      open.push(inside)
      continue
    }
    while (open.length > 0) {
      const after = (open.pop() ?? 0) - 1
      if (after > 0) {
        open.push(after)
        break
      }
    }
  } while (open.length > 0)
  return at === bytes.length
}

/** By the first byte. Lists, maps, blobs and dates have no name that all languages agree on. */
function mayBeKey(first: number): boolean {
  if (first < 0x80 || first >= 0xe0) return true
  if (first < 0xc0) return first >= 0xa0
  if (first <= 0xc3) return first !== 0xc1
  return (first >= 0xca && first <= 0xd3) || (first >= 0xd9 && first <= 0xdb)
}

/** Where the type of an extension stands; undefined for what is none. */
function extensionTypeAt(first: number, at: number): number | undefined {
  if (first >= 0xc7 && first <= 0xc9) return at + 2 ** (first - 0xc7)
  return first >= 0xd4 && first <= 0xd8 ? at : undefined
}

function lengthAt(bytes: Uint8Array, at: number, width: number): number {
  let length = 0
  for (let index = 0; index < width; index++) length = length * 256 + (bytes[at + index] ?? 0)
  return length
}
