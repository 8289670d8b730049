/** Pure: a dark grey picture of any size as a JPEG of a few hundred bytes, for when there is no camera to show. */

/** Brightness: 128 + DC × quantiser / 8. */
const QUANTISER = 8
const DC = -96
/** Number of bits of the one DC difference that is not zero, and these bits. */
const DC_CATEGORY = 7
const DC_BITS = '0011111'

/** Sides from 1 to 65535 pixels. */
export function greyJpeg(width: number, height: number): Buffer {
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8)
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xdb, [0, ...new Array<number>(64).fill(QUANTISER)]),
    // One component, eight bits, baseline.
    segment(0xc0, [8, height >> 8, height & 0xff, width >> 8, width & 0xff, 1, 1, 0x11, 0]),
    // Code 0 is "as the block before", code 10 the category of the first block.
    segment(0xc4, [0x00, ...codeLengths(1, 1), 0, DC_CATEGORY]),
    // Code 0 is "the rest of the block is zero".
    segment(0xc4, [0x10, ...codeLengths(1), 0]),
    segment(0xda, [1, 1, 0, 0, 63, 0]),
    scan(blocks),
    Buffer.from([0xff, 0xd9]),
  ])
}

/** The first block says its brightness; each block after it is two zero bits: the same, and nothing else. */
function scan(blocks: number): Buffer {
  const first = `10${DC_BITS}0`
  const bits = first.length + (blocks - 1) * 2
  const data = Buffer.alloc(Math.ceil(bits / 8))
  const head = first.padEnd(16, '0')
  data[0] = Number.parseInt(head.slice(0, 8), 2)
  if (data.length > 1) data[1] = Number.parseInt(head.slice(8), 2)
  // The last byte is filled up with ones.
  const filling = data.length * 8 - bits
  const last = data.length - 1
  data[last] = (data[last] ?? 0) | ((1 << filling) - 1)
  return data
}

function segment(marker: number, content: readonly number[]): Buffer {
  const length = content.length + 2
  return Buffer.from([0xff, marker, length >> 8, length & 0xff, ...content])
}

/** How many codes there are of each length from 1 to 16 bits. */
function codeLengths(...counts: readonly number[]): number[] {
  return [...counts, ...new Array<number>(16 - counts.length).fill(0)]
}

/** Brightness of the picture, 0 to 255. */
export const GREY = 128 + (DC * QUANTISER) / 8
