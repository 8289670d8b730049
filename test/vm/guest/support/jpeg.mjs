// Reads the markers of a JPEG: enough to say that it is whole and how large its picture is.

/** `{ width, height, components, hasHuffmanTables }`; throws when the bytes are not a whole JPEG. */
export function inspectJpeg(bytes) {
  if (bytes.length < 125 || bytes.readUInt16BE(0) !== 0xffd8) throw new Error('no start of image')
  if (bytes.readUInt16BE(bytes.length - 2) !== 0xffd9) throw new Error('no end of image')
  const facts = { hasHuffmanTables: false }
  for (const { marker, offset } of headerSegments(bytes)) {
    if (marker === 0xc4) facts.hasHuffmanTables = true
    if (marker >= 0xc0 && marker <= 0xc2) {
      facts.height = bytes.readUInt16BE(offset + 3)
      facts.width = bytes.readUInt16BE(offset + 5)
      facts.components = bytes[offset + 7]
    }
  }
  if (facts.width === undefined) throw new Error('no frame header')
  return facts
}

/** The bytes without tables: what is left of a frame after our rule to put in missing Huffman tables. */
export function withoutHuffmanTables(bytes) {
  const kept = [bytes.subarray(0, 2)]
  let end = 2
  for (const { marker, offset, length } of headerSegments(bytes)) {
    end = offset + length
    if (marker !== 0xc4) kept.push(bytes.subarray(offset - 2, end))
  }
  return Buffer.concat([...kept, bytes.subarray(end)])
}

/** Cuts a stream of JPEGs, each of which ends where the next begins. */
export function splitJpegs(stream) {
  const frames = []
  let start = 0
  for (;;) {
    const next = stream.indexOf(Buffer.from([0xff, 0xd9, 0xff, 0xd8]), start)
    if (next < 0) break
    frames.push(stream.subarray(start, next + 2))
    start = next + 2
  }
  if (start < stream.length) frames.push(stream.subarray(start))
  return frames
}

/** Segments up to and with the start of scan; `offset` and `length` are those of the part after the marker. */
function* headerSegments(bytes) {
  let at = 2
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) throw new Error(`no marker at ${at}`)
    const marker = bytes[at + 1]
    const length = bytes.readUInt16BE(at + 2)
    yield { marker, offset: at + 2, length }
    if (marker === 0xda) return
    at += 2 + length
  }
  throw new Error('no start of scan')
}
