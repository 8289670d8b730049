import { spawnSync } from 'node:child_process'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { filterOf, SOFTWARE } from '../../../../src/media/publish/encoders.js'
import { DEFAULT_CODEC, encodeWish } from '../../../../src/media/publish/ffmpeg-args.js'

const SIZE = { width: 320, height: 180 }
const FRAME_BYTES = (SIZE.width * SIZE.height * 3) / 2
/** Of limited range. */
const [BLACK, WHITE] = [16, 235]

test.each([
  ['the size it began with', 320, 180, WHITE, WHITE],
  ['half of it', 160, 90, WHITE, WHITE],
  ['odd sides', 321, 181, WHITE, WHITE],
  ['4:3', 320, 240, BLACK, WHITE],
  ['upright', 180, 320, BLACK, WHITE],
  ['wider', 640, 180, WHITE, BLACK],
])('a camera that changes to %s keeps the shape of its pictures', async (_what, width, height, atSide, atTop) => {
  const last = framesOf(await white(320, 180), await white(width, height)).at(-1)
  expect(pixel(last, 160, 90)).toBe(WHITE)
  expect(pixel(last, 4, 90)).toBe(atSide)
  expect(pixel(last, 160, 4)).toBe(atTop)
})

function white(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: 'white' } })
    .jpeg()
    .toBuffer()
}

/** Brightness planes, as an encoder gets them. */
function framesOf(...pictures: readonly Buffer[]): Buffer[] {
  const filter = filterOf(SOFTWARE, encodeWish({ ...SIZE, fps: 30 }, DEFAULT_CODEC))
  const args = [
    '-v',
    'error',
    '-f',
    'mjpeg',
    '-i',
    'pipe:0',
    '-vf',
    filter,
    '-fps_mode',
    'passthrough',
    '-f',
    'rawvideo',
    'pipe:1',
  ]
  const { stdout } = spawnSync('ffmpeg', args, { input: Buffer.concat(pictures) })
  expect(stdout.length).toBe(pictures.length * FRAME_BYTES)
  return pictures.map((_, order) => stdout.subarray(order * FRAME_BYTES, order * FRAME_BYTES + SIZE.width * SIZE.height))
}

function pixel(plane: Buffer | undefined, x: number, y: number): number | undefined {
  return plane?.[y * SIZE.width + x]
}
