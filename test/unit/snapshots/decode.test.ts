import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeKeyFrame } from '../../../src/snapshots/decode.js'

const searchPath = process.env.PATH ?? ''
const options = { ffmpeg: 'ffmpeg', searchPath, timeoutMs: 10_000 }

let dir: string
let keyFrame: Buffer
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'decode-'))
  const source = ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc=size=160x120:rate=1', '-frames:v', '1', '-pix_fmt', 'yuv420p']
  keyFrame = execFileSync('ffmpeg', [...source, '-c:v', 'libx264', '-f', 'h264', 'pipe:1'])
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** A program in ffmpeg's place. */
function program(script: string): string {
  const file = join(dir, 'ffmpeg')
  writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return file
}

describe('a key frame', () => {
  it('becomes one whole JPEG of its size', async () => {
    const jpeg = await decodeKeyFrame(keyFrame, options)
    expect(jpeg.readUInt16BE(0)).toBe(0xffd8)
    expect(jpeg.readUInt16BE(jpeg.length - 2)).toBe(0xffd9)
    const start = jpeg.indexOf(Buffer.from([0xff, 0xc0]))
    expect([jpeg.readUInt16BE(start + 7), jpeg.readUInt16BE(start + 5)]).toEqual([160, 120])
  })

  it('that is none is refused with what the decoder says', async () => {
    await expect(decodeKeyFrame(Buffer.from('no picture at all'), options)).rejects.toMatchObject({ code: 'DECODE_FAILED' })
  })

  it.each([
    ['that ends without a picture', 'exit 0', /no picture/],
    ['that says why', 'echo broken decoder >&2; exit 1', /broken decoder/],
    ['that writes something else', 'head -c 500 /dev/zero', /no picture/],
  ])('is refused by a decoder %s', async (_what, script, message) => {
    const refused = decodeKeyFrame(keyFrame, { ...options, ffmpeg: program(script) })
    await expect(refused).rejects.toMatchObject({ code: 'DECODE_FAILED', message: expect.stringMatching(message) })
  })

  it('does not wait for a decoder that hangs', async () => {
    const refused = decodeKeyFrame(keyFrame, { ...options, ffmpeg: program('exec sleep 60'), timeoutMs: 50 })
    await expect(refused).rejects.toMatchObject({ code: 'DECODE_FAILED', message: expect.stringMatching(/SIGKILL/) })
  })

  it('needs a decoder', async () => {
    const refused = decodeKeyFrame(keyFrame, { ...options, ffmpeg: join(dir, 'missing') })
    await expect(refused).rejects.toMatchObject({ code: 'DECODE_FAILED', message: expect.stringMatching(/cannot be started/) })
  })
})
