/** A program with nothing but Python's own HTTP client, which reads the wire format to the letter (usb-camera-server §5). */

import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningService } from '../support/service.js'
import { FRAMES, run, startFeed } from './support.js'

const READER = join(import.meta.dirname, 'strict_reader.py')

let service: RunningService
beforeAll(async () => {
  service = await startFeed()
})
afterAll(() => service?.stop())

describe('Python', () => {
  it.concurrent.each([
    { path: '/video_feed', count: FRAMES },
    { path: '/cameras/camera0/video_feed', count: 60 },
    { path: '/?action=stream', count: 60 },
  ])('reads $count parts of $path to the letter', async ({ path, count }) => {
    const { code, stdout, stderr } = await run('python3', [READER, `127.0.0.1:${service.cameraPort}`, path, String(count)])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ parts: count })
  })
})
