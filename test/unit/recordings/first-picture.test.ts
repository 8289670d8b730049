import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { firstPicture } from '../../../src/recordings/first-picture.js'
import { cutTornEnd } from '../../../src/recordings/torn-end.js'
import { tornFile } from '../../support/torn-file.js'

let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'first-picture-'))
})

afterEach(() => {
  rmSync(dir, { recursive: true })
})

function box(type: string, bodyBytes: number): Buffer {
  const bytes = Buffer.alloc(8 + bodyBytes, 7)
  bytes.writeUInt32BE(bytes.length, 0)
  bytes.write(type, 4, 'latin1')
  return bytes
}

function file(name: string, ...parts: readonly Buffer[]): string {
  const path = join(dir, name)
  writeFileSync(path, Buffer.concat(parts))
  return path
}

const head = [box('ftyp', 20), box('moov', 700)]
const piece = [box('moof', 100), box('mdat', 5_000)]

it('a header alone holds no picture, nor does half a piece', async () => {
  expect(await firstPicture(join(dir, 'none.mp4'))).toBe('none')
  expect(await firstPicture(file('a.mp4'))).toBe('none')
  expect(await firstPicture(file('a.mp4', ...head))).toBe('none')
  expect(await firstPicture(file('a.mp4', ...head, box('moof', 100), box('mdat', 5_000).subarray(0, 4_000)))).toBe('none')
  expect(await firstPicture(file('a.mkv', Buffer.from([0x1a, 0x45, 0xdf, 0xa3])))).toBe('none')
})

it('a whole piece does', async () => {
  expect(await firstPicture(file('a.mp4', ...head, ...piece))).toBe('whole')
  expect(await firstPicture(file('a.mkv', Buffer.alloc(400), Buffer.from([0x1f, 0x43, 0xb6, 0x75])))).toBe('whole')
})

/** A second of a test picture; `words` are further ones for the encoder. */
function recorded(codec: string, ...words: readonly string[]): Buffer {
  return execFileSync('ffmpeg', [
    ...[
      '-loglevel',
      'error',
      '-f',
      'lavfi',
      '-i',
      'testsrc=size=320x240:rate=15:duration=1',
      '-f',
      'lavfi',
      '-i',
      'sine=duration=1',
    ],
    ...['-c:v', codec, '-g', '15', '-bf', '0', ...words, '-c:a', 'aac'],
    ...['-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-f', 'mp4', 'pipe:1'],
  ])
}

it('a key frame without its first slices is torn, beside sound as well', async () => {
  const sliced = recorded('libx264', '-x264-params', 'slices=4')
  expect(await firstPicture(file('a.mp4', sliced))).toBe('whole')
  expect(await firstPicture(file('a.mp4', tornFile(sliced)))).toBe('torn')
  // Before its last byte is there nobody says so.
  expect(await firstPicture(file('a.mp4', tornFile(sliced).subarray(0, 3_000)))).toBe('none')
})

it.each(['mjpeg', 'mpeg4'])('%s has nothing of the kind', async (codec) => {
  expect(await firstPicture(file('a.mp4', recorded(codec)))).toBe('whole')
})

it('whatever its bytes are, a file is one of the three', async () => {
  const sliced = recorded('libx264', '-x264-params', 'slices=4')
  for (let at = 0; at < 2_000; at += 7) {
    const bytes = Buffer.from(sliced)
    bytes[at] = (bytes[at] ?? 0) ^ 0xff
    expect(['none', 'torn', 'whole']).toContain(await firstPicture(file('a.mp4', bytes)))
  }
})

it('cuts a file back to its last whole piece, wherever it was torn', async () => {
  const whole = Buffer.concat([...head, ...piece, ...piece])
  const all = Buffer.concat([whole, ...piece])
  for (let length = whole.length; length < all.length; length += 97) {
    const path = file('a.mp4', all.subarray(0, length))
    expect(await cutTornEnd(path)).toBe(length - whole.length)
    expect(readFileSync(path).equals(whole)).toBe(true)
  }
  expect(await cutTornEnd(file('a.mp4', all))).toBe(0)
})

it('leaves alone what is not made of pieces', async () => {
  for (const path of [
    file('a.mp4', Buffer.alloc(5_000, 1)),
    file('b.mp4', box('ftyp', 20), box('mdat', 900).subarray(0, 500)),
    file('a.mkv', Buffer.alloc(99)),
  ]) {
    const before = readFileSync(path)
    expect(await cutTornEnd(path)).toBe(0)
    expect(readFileSync(path).equals(before)).toBe(true)
  }
})
