/** ffmpeg on the stream: every warning counts, of the container and of the pictures. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningService } from '../support/service.js'
import { FRAMES, FRAMES_OVER_RESTART, feedOf, HEIGHT, RestartMidway, run, startFeed, WIDTH } from './support.js'

let service: RunningService
beforeAll(async () => {
  service = await startFeed()
})
afterAll(() => service?.stop())

const framesIn = (progress: string): number => Number([...progress.matchAll(/^frame=(\d+)$/gm)].at(-1)?.[1] ?? 0)

/** Reads so many frames, decodes them and says how many there were. */
async function read(input: readonly string[], frames: number, onFrames: (count: number) => void = () => undefined) {
  const words = ['-v', 'warning', '-nostdin', '-progress', 'pipe:1', '-stats_period', '0.1', ...input]
  const { code, stdout, stderr } = await run('ffmpeg', [...words, '-frames:v', String(frames), '-f', 'null', '-'], {
    onOutput: (progress) => onFrames(framesIn(progress)),
  })
  return { code, stderr, frames: framesIn(stdout), isWhole: /^progress=end$/m.test(stdout) }
}

const wellRead = (frames: number) => ({ code: 0, stderr: '', frames, isWhole: true })

describe('ffmpeg', () => {
  it.concurrent('reads 300 frames as mpjpeg with its strict boundary, without a word', async () => {
    const strict = ['-f', 'mpjpeg', '-strict_mime_boundary', '1', '-i', feedOf(service)]
    expect(await read(strict, FRAMES)).toEqual(wellRead(FRAMES))
  })

  it.concurrent('finds out by itself what the stream is', async () => {
    expect(await read(['-i', feedOf(service)], FRAMES)).toEqual(wellRead(FRAMES))
  })

  it.concurrent('counts the frames and knows their size', async () => {
    const shown = 'stream=codec_name,width,height,nb_read_frames:stream_tags=:format=format_name'
    const words = ['-v', 'warning', '-count_frames', '-read_intervals', `%+#${FRAMES}`, '-show_entries', shown, '-of', 'json']
    const { code, stdout, stderr } = await run('ffprobe', [...words, feedOf(service)])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({
      streams: [{ codec_name: 'mjpeg', width: WIDTH, height: HEIGHT, nb_read_frames: String(FRAMES) }],
      format: { format_name: 'mpjpeg' },
    })
  })

  it('reads on over a restart of the camera, on one connection', async () => {
    const midway = new RestartMidway(service, 'ffmpeg')
    const outcome = await read(['-i', feedOf(service, '?key=ffmpeg')], FRAMES_OVER_RESTART, (count) => midway.see(count))
    const { before, answer, after } = await midway.done
    expect(outcome).toEqual(wellRead(FRAMES_OVER_RESTART))
    expect(answer).toEqual({ success: true, message: 'Camera restart successful' })
    expect(after.since).toBe(before.since)
    expect(after.frames).toBeLessThan(FRAMES_OVER_RESTART)
  })
})
