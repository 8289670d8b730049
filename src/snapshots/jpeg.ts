/** What the bytes of a JPEG say of it. Pure. */

const SMALLEST_BYTES = 125
const START_OF_IMAGE = 0xffd8
const END_OF_IMAGE = 0xffd9

/** From its first marker to its last one. */
export function isWholeJpeg(picture: Buffer): boolean {
  return (
    picture.length >= SMALLEST_BYTES &&
    picture.readUInt16BE(0) === START_OF_IMAGE &&
    picture.readUInt16BE(picture.length - 2) === END_OF_IMAGE
  )
}

/** Pixels; undefined when its frame header is not found. */
export function jpegSize(picture: Buffer): { readonly width: number; readonly height: number } | undefined {
  let at = 2
  while (at + 9 <= picture.length && picture[at] === 0xff) {
    const marker = picture[at + 1] ?? 0
    if (isFrameHeader(marker)) return { height: picture.readUInt16BE(at + 5), width: picture.readUInt16BE(at + 7) }
    at += 2 + picture.readUInt16BE(at + 2)
  }
  return undefined
}

/** SOF0 to SOF15, without the tables and the extension that stand between them. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
}
