// Files of JPEGs that all have the same size in bytes, one after the other: what simulated cameras and peers send.
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import sharp from 'sharp'

const OUT = resolve(import.meta.dirname, '../out')
const PICTURES = 8
const START_OF_SCAN = 0xda
const COMMENT_HEAD = 4
const LONGEST_COMMENT = 0xffff + 2

/** `{ file, bytes, width, height }`; made once. */
export async function frames({ bytes, width = 1280, height = 720 }) {
  const file = resolve(OUT, `frames-${width}x${height}-${bytes}.bin`)
  if (!existsSync(file)) {
    const pictures = []
    for (let i = 0; i < PICTURES; i++) pictures.push(await picture({ bytes, width, height }))
    await mkdir(OUT, { recursive: true })
    await writeFile(file, Buffer.concat(pictures))
  }
  return { file, bytes, width, height }
}

/** Clouds in the best quality that fits, filled up with comments. */
async function picture({ bytes, width, height }) {
  const seed = {
    create: { width: width >> 3, height: height >> 3, channels: 3, noise: { type: 'gaussian', mean: 128, sigma: 40 } },
  }
  const raw = await sharp(seed).resize(width, height).raw().toBuffer()
  let best
  for (let low = 1, high = 99; low <= high; ) {
    const quality = (low + high) >> 1
    const jpeg = await sharp(raw, { raw: { width, height, channels: 3 } })
      .jpeg({ quality })
      .toBuffer()
    if (jpeg.length + COMMENT_HEAD > bytes) {
      high = quality - 1
    } else {
      best = jpeg
      low = quality + 1
    }
  }
  if (best === undefined) throw new Error(`no JPEG of ${width}x${height} has ${bytes} bytes`)
  return padded(best, bytes)
}

function padded(jpeg, bytes) {
  // In front of the scan: some look for the Huffman tables in the first 2 kB only.
  let at = 2
  while (jpeg[at + 1] !== START_OF_SCAN) at += 2 + jpeg.readUInt16BE(at + 2)
  return Buffer.concat([jpeg.subarray(0, at), ...comments(bytes - jpeg.length), jpeg.subarray(at)])
}

function comments(missing) {
  const made = []
  while (missing > 0) {
    // What is left must be long enough for another comment.
    const length = missing <= LONGEST_COMMENT ? missing : Math.min(LONGEST_COMMENT, missing - COMMENT_HEAD)
    const comment = Buffer.alloc(length)
    comment.writeUInt16BE(0xfffe)
    comment.writeUInt16BE(length - 2, 2)
    made.push(comment)
    missing -= length
  }
  return made
}
