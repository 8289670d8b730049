/** The camera face's configuration through the whole service: over HTTP, from the disk, by signals, with viewers who stay. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { streamStarts } from '../support/camera-log.js'
import { MjpegViewer } from '../support/mjpeg-viewer.js'
import { ask, type RawAnswer } from '../support/raw-http.js'
import { type RunningService, startService } from '../support/service.js'

let service: RunningService
beforeAll(async () => {
  service = await startService({ args: ['--virtual-cameras', '2'], camera: true })
  await vi.waitFor(() => expect(document()).toMatchObject({ camera: { width: 1280 } }))
}, 60_000)
afterAll(async () => expect(await service?.stop()).toBe(0))

const file = (): string => join(service.stateDir, 'config.json')
const text = (): string => readFileSync(file(), 'utf8')
const document = (): unknown => JSON.parse(text())

async function put(change: unknown): Promise<RawAnswer> {
  return ask(service.cameraPort, 'PUT', '/config', { body: JSON.stringify(change) })
}

async function get<Value>(target: string): Promise<Value> {
  return JSON.parse((await ask(service.cameraPort, 'GET', target)).body) as Value
}

describe('what a fresh start writes', () => {
  it('13.1 exactly the keys of the contract, the mode being that of the default camera', () => {
    expect(document()).toEqual({
      camera: {
        device_index: 0,
        device_path: '/dev/video0',
        width: 1280,
        height: 720,
        fps: 30,
        buffer_size: 2,
        jpeg_quality: 80,
        auto_reconnect: true,
        reconnect_interval: 5,
        max_reconnect_attempts: 10,
      },
      server: {
        // As the service's own file has them.
        host: '127.0.0.1',
        port: 0,
        log_level: 'info',
        log_file: 'camera_stream.log',
        cors_origins: ['*'],
        trusted_hosts: ['*'],
        max_frame_age: 5,
      },
    })
  })
})

describe('13.5 a change of the mode', () => {
  it('13.5 reaches the camera and every viewer on the connection they have', async () => {
    const viewers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        MjpegViewer.open(service.cameraPort, index % 2 === 0 ? '/video_feed' : '/cameras/camera0/video_feed'),
      ),
    )
    for (const [width, height, fps] of [
      [640, 480, 15],
      [320, 240, 30],
      [1280, 720, 30],
    ] as const) {
      const answer = await put({ camera: { width, height, fps } })
      expect(answer.status).toBe(200)
      const { changed, applied } = JSON.parse(answer.body) as { changed: string[]; applied: string[] }
      expect(applied).toEqual(changed)
      await Promise.all(viewers.map((viewer) => viewer.frameOf(width, height)))
      expect(await get('/status')).toMatchObject({
        actual: { width, height, fps_nominal: fps },
        config: { width, height, fps },
        viewers: { count: 8 },
      })
    }
    for (const viewer of viewers) {
      expect(viewer.isOpen).toBe(true)
      viewer.close()
    }
  })

  it('a size that the camera has not becomes the nearest that it has', async () => {
    await put({ camera: { width: 700, height: 500 } })
    await vi.waitFor(async () => expect(await get('/status')).toMatchObject({ actual: { width: 640, height: 480 } }))
    await put({ camera: { width: 1280, height: 720 } })
  })

  it('a change of one camera leaves the others alone', async () => {
    const other = await MjpegViewer.open(service.cameraPort, '/cameras/camera0/video_feed')
    const viewer = await MjpegViewer.open(service.cameraPort, '/cameras/camera1/video_feed')
    await other.frameOf(1280, 720)
    await viewer.frameOf(1280, 720)
    await vi.waitFor(async () => expect(await get('/cameras/camera0')).toMatchObject({ state: 'streaming' }))
    const before = await streamStarts(service, 'camera0')
    expect((await put({ cameras: [{ id: 'camera1', width: 320, height: 240 }] })).status).toBe(200)
    await viewer.frameOf(320, 240)
    await other.frameOf(1280, 720)
    expect(await streamStarts(service, 'camera0')).toBe(before)
    expect(await get('/config')).toMatchObject({ cameras: [{ id: 'camera1', width: 320, height: 240 }] })
    other.close()
    viewer.close()
    await put({ cameras: [{ id: 'camera1', $delete: true }] })
  })
})

describe('what is refused', () => {
  it('13.4 a wrong type is 400 and neither /config nor the file changes', async () => {
    const before = [text(), await get('/config')]
    const answer = await put({ camera: { fps: 'abc' } })
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.body).detail).toBe(
      'Invalid configuration: camera.fps: must be a number between 1 and 240, got string "abc"',
    )
    expect([text(), await get('/config')]).toEqual(before)
  })

  it('13.2 a broken file: reload is 500, what is in force stays, the file stays', async () => {
    const before = text()
    const inForce = await get('/config')
    for (const broken of [before.slice(0, before.length / 2), before.replace('30', '"abc"'), '']) {
      writeFileSync(file(), broken)
      const answer = await ask(service.cameraPort, 'POST', '/server/reload-config')
      expect(answer.status).toBe(500)
      expect(JSON.parse(answer.body).detail).toMatch(/^Configuration reload failed: config\.json:\d+:\d+: /)
      expect(text()).toBe(broken)
      expect(await get('/config')).toEqual(inForce)
    }
    writeFileSync(file(), before)
    expect((await ask(service.cameraPort, 'POST', '/server/reload-config')).status).toBe(200)
  })

  it('13.2 a broken file at the start: it runs on the defaults and leaves it', async () => {
    const broken = '{\n  "camera": {"fps": 7\n'
    const stateDir = mkdtempSync(join(tmpdir(), 'camera-broken-'))
    writeFileSync(join(stateDir, 'config.json'), broken)
    const other = await startService({ args: ['--virtual-cameras', '1'], camera: true, stateDir })
    try {
      const shown = JSON.parse((await ask(other.cameraPort, 'GET', '/config')).body)
      expect(shown.camera).toMatchObject({ width: 640, height: 480, fps: 30 })
      expect(other.log()).toMatch(/ERROR camera-config: .*line=3 column=1/)
    } finally {
      expect(await other.stop()).toBe(0)
      expect(readFileSync(join(stateDir, 'config.json'), 'utf8')).toBe(broken)
      rmSync(stateDir, { recursive: true })
    }
  })
})
