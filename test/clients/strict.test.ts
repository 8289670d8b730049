import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningService } from '../support/service.js'
import { readStrictly } from './strict.js'
import { FRAMES, HEIGHT, startFeed, WIDTH } from './support.js'

let service: RunningService
beforeAll(async () => {
  service = await startFeed()
})
afterAll(() => service?.stop())

describe('a strict reader', () => {
  it.concurrent.each([
    { path: '/video_feed', count: FRAMES },
    { path: '/cameras/camera0/video_feed', count: 60 },
    { path: '/?action=stream', count: 60 },
  ])('finds every byte of $count parts of $path in place', async ({ path, count }) => {
    const { code, stdout, stderr } = await readStrictly(service.cameraPort, path, count)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ parts: count, sizes: [`${WIDTH}x${HEIGHT}`] })
  })
})
