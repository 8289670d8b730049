/** OpenCV from the Python registry on the stream, as most programs that look at pictures read it. */

import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningService } from '../support/service.js'
import { FRAMES, FRAMES_OVER_RESTART, feedOf, HEIGHT, isMissing, RestartMidway, run, startFeed, WIDTH } from './support.js'

const READER = join(import.meta.dirname, 'opencv_reader.py')
/** FFmpeg's number for warnings: OpenCV prints only errors by itself. */
const LOUD = { OPENCV_FFMPEG_LOGLEVEL: '24', OPENCV_LOG_LEVEL: 'WARNING' }

async function read(url: string, frames: number, onFrames: (count: number) => void = () => undefined) {
  const python = process.env.CLIENTS_OPENCV_PYTHON ?? ''
  const { code, stdout, stderr } = await run(python, [READER, url, String(frames)], {
    env: LOUD,
    onOutput: (text) => onFrames(Number([...text.matchAll(/^frame=(\d+)$/gm)].at(-1)?.[1] ?? 0)),
  })
  return { code, stderr, facts: JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as unknown }
}

/** Every frame of the right size, none twice in a row: the picture of a virtual camera always moves. */
const wellRead = (frames: number) => ({
  code: 0,
  stderr: '',
  facts: { backend: 'FFMPEG', frames, repeated: 0, shapes: [[HEIGHT, WIDTH, 3]] },
})

describe.skipIf(isMissing('OpenCV', 'CLIENTS_OPENCV_PYTHON'))('OpenCV', () => {
  let service: RunningService
  beforeAll(async () => {
    service = await startFeed()
  })
  afterAll(() => service?.stop())

  it('reads 300 frames, each of them another picture, without a word', async () => {
    expect(await read(feedOf(service), FRAMES)).toEqual(wellRead(FRAMES))
  })

  it('reads on over a restart of the camera, on one connection', async () => {
    const midway = new RestartMidway(service, 'opencv')
    const outcome = await read(feedOf(service, '?key=opencv'), FRAMES_OVER_RESTART, (count) => midway.see(count))
    const { before, answer, after } = await midway.done
    expect(outcome).toEqual(wellRead(FRAMES_OVER_RESTART))
    expect(answer).toEqual({ success: true, message: 'Camera restart successful' })
    expect(after.since).toBe(before.since)
    expect(after.frames).toBeLessThan(FRAMES_OVER_RESTART)
  })
})
