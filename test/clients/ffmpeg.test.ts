import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningService } from '../support/service.js'
import { readWithFfmpeg, wellReadByFfmpeg } from './ffmpeg.js'
import { FRAMES, FRAMES_OVER, feedOf, HEIGHT, Midway, restart, run, startFeed, WIDTH } from './support.js'

let service: RunningService
beforeAll(async () => {
  service = await startFeed()
})
afterAll(() => service?.stop())

describe('ffmpeg', () => {
  it.concurrent('reads 300 frames as mpjpeg with its strict boundary, without a word', async () => {
    const strict = ['-f', 'mpjpeg', '-strict_mime_boundary', '1', '-i', feedOf(service)]
    expect(await readWithFfmpeg(strict, FRAMES)).toEqual(wellReadByFfmpeg(FRAMES))
  })

  it.concurrent('finds out by itself what the stream is', async () => {
    expect(await readWithFfmpeg(['-i', feedOf(service)], FRAMES)).toEqual(wellReadByFfmpeg(FRAMES))
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
    const midway = new Midway(service, 'ffmpeg', restart)
    const input = ['-i', feedOf(service, '?key=ffmpeg')]
    const outcome = await readWithFfmpeg(input, FRAMES_OVER, (count) => midway.see(count))
    expect(outcome).toEqual(wellReadByFfmpeg(FRAMES_OVER))
    await midway.wasSurvived()
  })
})
