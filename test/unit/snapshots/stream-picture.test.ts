import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { StreamPictures } from '../../../src/snapshots/index.js'
import { stopwatch } from '../../support/processor-wait.js'

let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'stream-picture-'))
  const picture = ['-f', 'lavfi', '-i', 'testsrc=size=64x48', '-frames:v', '1', '-y', join(dir, 'whole.jpg')]
  execFileSync('ffmpeg', ['-loglevel', 'error', ...picture])
})

afterEach(() => rmSync(dir, { recursive: true }))

/** With a program in place of ffmpeg: `$1` is how often it was run before. */
function open(script: string, readyTimeoutMs = 5_000): StreamPictures {
  const binary = join(dir, 'ffmpeg.sh')
  writeFileSync(binary, `#!/bin/sh\necho . >> "${dir}/runs"\nset -- $(wc -l < "${dir}/runs")\ncd "${dir}"\n${script}\n`)
  chmodSync(binary, 0o755)
  return new StreamPictures({
    streams: { has: () => true, isReady: () => true, address: () => 'rtsp://127.0.0.1:1/gate' },
    ffmpeg: { binary, searchPath: process.env.PATH ?? '' },
    clock: systemClock,
    ...{ readyTimeoutMs, activationTimeoutMs: readyTimeoutMs },
  })
}

const runs = (): number => readFileSync(join(dir, 'runs'), 'utf8').trim().split('\n').length
const TORN = 'echo "rtsp://127.0.0.1:1/gate: corrupt decoded frame in stream 0" >&2; exit 1'

it('a torn picture is none: the next whole one is taken, by the same tier', async () => {
  const pictures = open(`[ "$1" -lt 3 ] && { ${TORN}; }; cat whole.jpg`)
  const picture = await pictures.take('gate', new AbortController().signal)
  expect(picture).toMatchObject({ width: 64, height: 48, used: { tier: 2, method: 'rtsp_immediate' } })
  expect(runs()).toBe(3)
})

it('a stream with nothing but torn pictures is told when the time is over, and any other error at once', async () => {
  const failure = { code: 'DEPENDENCY_FAILED', data: { methods_tried: ['rtsp_immediate', 'rtsp_activation'] } }
  const took = stopwatch()
  await expect(open(TORN, 200).take('gate', new AbortController().signal)).rejects.toMatchObject(failure)
  expect(took()).toBeLessThan(3_000)
  rmSync(join(dir, 'runs'))
  await expect(open('echo "404 Not Found" >&2; exit 1').take('gate', new AbortController().signal)).rejects.toMatchObject(failure)
  expect(runs()).toBe(2)
})
