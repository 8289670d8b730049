import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { cutTornEnd, hasFrames } from '../../../src/recordings/has-frames.js'

let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'has-frames-'))
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
  expect(await hasFrames(join(dir, 'none.mp4'))).toBe(false)
  expect(await hasFrames(file('a.mp4'))).toBe(false)
  expect(await hasFrames(file('a.mp4', ...head))).toBe(false)
  expect(await hasFrames(file('a.mp4', ...head, box('moof', 100), box('mdat', 5_000).subarray(0, 4_000)))).toBe(false)
  expect(await hasFrames(file('a.mkv', Buffer.from([0x1a, 0x45, 0xdf, 0xa3])))).toBe(false)
})

it('a whole piece does', async () => {
  expect(await hasFrames(file('a.mp4', ...head, ...piece))).toBe(true)
  expect(await hasFrames(file('a.mkv', Buffer.alloc(400), Buffer.from([0x1f, 0x43, 0xb6, 0x75])))).toBe(true)
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
