/** 13.5 through well-known clients: the camera changes its size under them, and they read on with the connection they have. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningService } from '../support/service.js'
import { readWithFfmpeg, wellReadByFfmpeg } from './ffmpeg.js'
import { readWithOpencv } from './opencv.js'
import { FRAMES_OVER, feedOf, HEIGHT, isMissing, Midway, resize, startFeed, WIDTH } from './support.js'

const SMALL = { width: 320, height: 240 }

let service: RunningService
beforeAll(async () => {
  service = await startFeed()
})
afterAll(() => service?.stop())

describe('13.5 a change of size', () => {
  it('is read over by ffmpeg', async () => {
    const midway = new Midway(service, 'ffmpeg', (on) => resize(on, SMALL.width, SMALL.height))
    // Not scaled to the size of the first one: of that its scaler has things to say which are not about the stream.
    const input = ['-i', feedOf(service, '?key=ffmpeg'), '-autoscale', '0']
    const outcome = await readWithFfmpeg(input, FRAMES_OVER, (count) => midway.see(count))
    expect(outcome).toEqual(wellReadByFfmpeg(FRAMES_OVER))
    await midway.wasSurvived()
  })

  it('is read over by OpenCV', { skip: isMissing('OpenCV') }, async () => {
    await resize(service, SMALL.width, SMALL.height)
    const midway = new Midway(service, 'opencv', (on) => resize(on, WIDTH, HEIGHT))
    const outcome = await readWithOpencv(feedOf(service, '?key=opencv'), FRAMES_OVER, (count) => midway.see(count))
    // It scales all to the size of the first one.
    expect(outcome).toMatchObject({
      code: 0,
      stderr: '',
      facts: { frames: FRAMES_OVER, shapes: [[SMALL.height, SMALL.width, 3]] },
    })
    await midway.wasSurvived()
  })
})
