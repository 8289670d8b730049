/** Windows bitmap, 24 bits, bottom row first: the one format of the contract that the image library does not write. Pure. */

const HEADER_BYTES = 54

/** `rgb`: three bytes per pixel, top row first, no padding. */
export function bitmap(rgb: Buffer, width: number, height: number): Buffer {
  const rowBytes = Math.ceil((width * 3) / 4) * 4
  const file = Buffer.alloc(HEADER_BYTES + rowBytes * height)
  file.write('BM', 0, 'latin1')
  file.writeUInt32LE(file.length, 2)
  file.writeUInt32LE(HEADER_BYTES, 10)
  file.writeUInt32LE(40, 14)
  file.writeInt32LE(width, 18)
  file.writeInt32LE(height, 22)
  file.writeUInt16LE(1, 26)
  file.writeUInt16LE(24, 28)
  for (let row = 0; row < height; row += 1) {
    const target = HEADER_BYTES + (height - 1 - row) * rowBytes
    for (let column = 0; column < width; column += 1) {
      const from = (row * width + column) * 3
      const to = target + column * 3
      file[to] = rgb[from + 2] ?? 0
      file[to + 1] = rgb[from + 1] ?? 0
      file[to + 2] = rgb[from] ?? 0
    }
  }
  return file
}
