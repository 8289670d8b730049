import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLogger } from '../../../../src/base/logger.js'
import { EncoderChoice, type EncoderChoiceOptions } from '../../../../src/media/publish/encoder-choice.js'
import { type Encoder, SOFTWARE } from '../../../../src/media/publish/encoders.js'
import { DEFAULT_CODEC, encodeWish } from '../../../../src/media/publish/ffmpeg-args.js'
import { FakeClock } from '../../../support/fake-clock.js'

const VAAPI: Encoder = { word: 'vaapi', device: '/dev/dri/renderD128' }
const NVENC: Encoder = { word: 'nvenc', device: undefined }
const wish = encodeWish({ width: 640, height: 360, fps: 30 }, DEFAULT_CODEC)

let dir: string
let log: string[]

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'encoder-'))
  log = []
})

afterEach(() => rmSync(dir, { recursive: true }))

test('the first encoder that encodes a picture is taken, and asked once', async () => {
  const choice = chooser(
    'case "$*" in *h264_vaapi*) echo "no VA display" >&2; exit 1;; *h264_nvenc*) cat > /dev/null; echo x;; esac',
  )
  expect(await choice.choose(wish)).toEqual(NVENC)
  expect(await choice.choose(wish)).toEqual(NVENC)
  expect(runs()).toHaveLength(2)
  expect(log.join()).toContain('no VA display')
  expect(runs()[0]).toContain('-vaapi_device /dev/dri/renderD128')
})

test('an encoder that says it went well and gave nothing is of no use, nor is one that is not there', async () => {
  expect(await chooser('cat > /dev/null').choose(wish)).toEqual(SOFTWARE)
  expect(await chooser('', { ffmpeg: join(dir, 'nothing') }).choose(wish)).toEqual(SOFTWARE)
})

test('an encoder that hangs is given five seconds', async () => {
  const clock = new FakeClock()
  const choosing = chooser('exec sleep 60', { clock, candidates: async () => [VAAPI] }).choose(wish)
  const timer = setInterval(() => clock.advance(1_000), 5)
  expect(await choosing).toEqual(SOFTWARE)
  clearInterval(timer)
  expect(clock.nowMs()).toBeGreaterThanOrEqual(5_000)
})

test('one that fails in earnest is proved anew, and after that given up', async () => {
  const choice = chooser('cat > /dev/null; echo x', { candidates: async () => [VAAPI] })
  expect(await choice.choose(wish)).toEqual(VAAPI)
  choice.failed(VAAPI, wish)
  expect(await choice.choose(wish)).toEqual(VAAPI)
  expect(runs()).toHaveLength(2)
  choice.failed(VAAPI, wish)
  expect(await choice.choose(wish)).toEqual(SOFTWARE)
  // Another size has nothing to do with it.
  expect(await choice.choose({ ...wish, width: 320 })).toEqual(VAAPI)
})

test('hardware is not asked for what it cannot do, nor when software is wished for', async () => {
  const choice = chooser('echo x')
  expect(await choice.choose({ ...wish, profile: 'high422', pixelFormat: 'yuv422p' })).toEqual(SOFTWARE)
  expect(await chooser('echo x', { wish: 'software' }).choose(wish)).toEqual(SOFTWARE)
  expect(runs()).toEqual([])
})

test('a configured encoder is the only one tried, and its failure is a warning', async () => {
  const choice = chooser('cat > /dev/null; exit 1', { wish: 'nvenc' })
  expect(await choice.choose(wish)).toEqual(SOFTWARE)
  expect(runs()).toHaveLength(1)
  expect(log.join()).toContain('the configured encoder cannot be used')
})

test('the real ffmpeg proves its software encoder by the same line, and fails with hardware that is not there', async () => {
  const real = { ffmpeg: 'ffmpeg', candidates: async () => [{ word: 'vaapi', device: '/dev/null' } as const] }
  expect(await chooser('', real).choose(wish)).toEqual(SOFTWARE)
  const software = { ffmpeg: 'ffmpeg', candidates: async () => [{ word: 'software', device: '/proof' } as const] }
  expect(await chooser('', software).choose(wish)).toEqual({ word: 'software', device: '/proof' })
})

/** `script` stands in for ffmpeg. */
function chooser(script: string, options: Partial<EncoderChoiceOptions> = {}): EncoderChoice {
  const ffmpeg = join(dir, 'ffmpeg')
  writeFileSync(ffmpeg, `#!/bin/sh\necho "$*" >> ${dir}/runs\n${script}\n`)
  chmodSync(ffmpeg, 0o755)
  return new EncoderChoice({
    ffmpeg,
    wish: 'auto',
    environment: { PATH: process.env.PATH ?? '' },
    // No time goes by unless a test says so.
    clock: new FakeClock(),
    logger: createLogger({ level: 'info', format: 'json', write: (line) => log.push(line) }),
    candidates: async () => [VAAPI, NVENC],
    ...options,
  })
}

function runs(): string[] {
  try {
    return readFileSync(join(dir, 'runs'), 'utf8').trim().split('\n')
  } catch {
    return []
  }
}
