/** Pictures as USB cameras send them, which are passed on and not made here: no Huffman tables, no JFIF, padding behind the end. */

import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../support/raw-http.js'
import { type RunningService, startService } from '../support/service.js'
import { FIRST_NODE, type SimulatedCameras, simulatedCameras } from '../support/simulated-cameras.js'
import { readWithFfmpeg, wellReadByFfmpeg } from './ffmpeg.js'
import { readWithOpencv } from './opencv.js'
import { readStrictly } from './strict.js'
import { FRAMES, feedOf, HEIGHT, isMissing, WIDTH } from './support.js'

const PICTURES = 8
const SEGMENTS = { jfif: 0xe0, huffmanTables: 0xc4, scan: 0xda, comment: 0xfe }
/** What a client would take for the end of the part, and for another part, if it looked for boundaries instead of lengths. */
const TRAP = '\r\n--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\nabcde\r\n--frame--\r\n'

const isRoot = process.getuid?.() === 0
if (!isRoot) console.error('SKIPPED: clients on a simulated USB camera need root, for a mount namespace')

describe.runIf(isRoot)('on pictures of a USB camera', () => {
  let cameras: SimulatedCameras | undefined
  let service: RunningService
  beforeAll(async () => {
    const made = await Promise.all(Array.from({ length: PICTURES }, (_, number) => rawPicture(number)))
    const bytes = Math.max(...made.map(({ length }) => length)) + 512
    const pictures = made.map((picture) => Buffer.concat([picture, Buffer.alloc(bytes - picture.length)]))
    cameras = await simulatedCameras({ count: 1, pictures })
    service = await startService({
      camera: true,
      wrapper: cameras.wrapper,
      env: { CAMERA_SERVICE_CAMERA_SERVER_CAMERA_DEVICE_PATH: `/dev/video${FIRST_NODE}` },
    })
  })
  afterAll(async () => {
    await service?.stop()
    cameras?.remove()
  })

  it('13.12 they hold line ends, dashes and the boundary itself, and go out as they are', async () => {
    const answer = await ask(service.cameraPort, 'GET', '/snapshot')
    expect([answer.status, answer.body.includes(TRAP)]).toEqual([200, true])
  })

  it.concurrent('13.12 ffmpeg reads 300 frames without a word', async () => {
    const strict = ['-f', 'mpjpeg', '-strict_mime_boundary', '1', '-i', feedOf(service)]
    expect(await readWithFfmpeg(strict, FRAMES)).toEqual(wellReadByFfmpeg(FRAMES))
  })

  it.concurrent('13.12 OpenCV reads 300 frames without a word', { skip: isMissing('OpenCV') }, async () => {
    expect(await readWithOpencv(feedOf(service), FRAMES)).toMatchObject({
      code: 0,
      stderr: '',
      facts: { frames: FRAMES, shapes: [[HEIGHT, WIDTH, 3]] },
    })
  })

  it.concurrent('13.12 a strict reader finds whole pictures of several lengths', async () => {
    const { code, stdout, stderr } = await readStrictly(service.cameraPort, '/video_feed', FRAMES)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { lengths, ...facts } = JSON.parse(stdout) as { readonly lengths: number }
    expect(facts).toEqual({ parts: FRAMES, sizes: [`${WIDTH}x${HEIGHT}`] })
    expect(lengths).toBeGreaterThan(1)
  })
})

/**
 * Noise with the standard Huffman tables, which are then left out as cameras do; their pictures say AVI1 instead of JFIF. Before the
 * scan stands the trap.
 */
async function rawPicture(number: number): Promise<Buffer> {
  const noise = { type: 'gaussian', mean: 90 + 10 * number, sigma: 30 } as const
  const jpeg = await sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: 'teal', noise } })
    .jpeg({ quality: 60, optimiseCoding: false })
    .toBuffer()
  const kept = [jpeg.subarray(0, 2), Buffer.from('ffe0000e415649310000000000000000', 'hex')]
  let at = 2
  while (jpeg[at + 1] !== SEGMENTS.scan) {
    const end = at + 2 + jpeg.readUInt16BE(at + 2)
    const kind = jpeg[at + 1]
    if (kind !== SEGMENTS.jfif && kind !== SEGMENTS.huffmanTables) kept.push(jpeg.subarray(at, end))
    at = end
  }
  const comment = Buffer.from([0xff, SEGMENTS.comment, 0, TRAP.length + 2])
  return Buffer.concat([...kept, comment, Buffer.from(TRAP, 'latin1'), jpeg.subarray(at)])
}
