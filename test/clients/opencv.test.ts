/** OpenCV from the Python registry, as most programs that look at pictures read the stream. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningService } from '../support/service.js'
import { readWithOpencv, wellReadByOpencv } from './opencv.js'
import { FRAMES, FRAMES_OVER, feedOf, isMissing, Midway, restart, startFeed } from './support.js'

describe.skipIf(isMissing('OpenCV'))('OpenCV', () => {
  let service: RunningService
  beforeAll(async () => {
    service = await startFeed()
  })
  afterAll(() => service?.stop())

  it('reads 300 frames, each of them another picture, without a word', async () => {
    expect(await readWithOpencv(feedOf(service), FRAMES)).toEqual(wellReadByOpencv(FRAMES))
  })

  it('reads on over a restart of the camera, on one connection', async () => {
    const midway = new Midway(service, 'opencv', restart)
    const outcome = await readWithOpencv(feedOf(service, '?key=opencv'), FRAMES_OVER, (count) => midway.see(count))
    expect(outcome).toEqual(wellReadByOpencv(FRAMES_OVER))
    await midway.wasSurvived()
  })
})
