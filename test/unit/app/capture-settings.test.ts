import { describe, expect, it } from 'vitest'
import {
  type CaptureContext,
  captureSettings,
  defaultCaptureSettings,
  defaultSelector,
  isServed,
  shownSettings,
} from '../../../src/app/capture-settings.js'
import type { CameraServerConfig } from '../../../src/camera-config/index.js'
import { DEFAULTS } from '../camera-config/support.js'

const config = (change: Partial<CameraServerConfig> = {}): CameraServerConfig => ({ ...DEFAULTS, auto_discover: true, ...change })
const context: CaptureContext = {
  defaults: DEFAULTS.camera,
  modes: { camera1: { fourcc: 'YUYV', width: 800, height: 600 } },
  isSettled: true,
}

describe('the default camera', () => {
  it('is told all keys of "camera", and captures always', () => {
    expect(defaultCaptureSettings(config(), 'camera0', context)).toEqual({
      enabled: true,
      onDemand: false,
      wish: { width: 640, height: 480, fps: 30 },
      autoReconnect: true,
      reconnectIntervalMs: 5000,
      maxReconnectAttempts: 10,
      bufferSize: 2,
      jpegQuality: 80,
      maxFrameAgeMs: 5000,
      bandwidthFallback: false,
    })
  })

  it('is opened in the mode of its own while the mode is not known', () => {
    expect(defaultCaptureSettings(config(), 'camera0', { ...context, isSettled: false }).wish).toEqual({})
    expect(defaultCaptureSettings(config(), 'camera1', context).wish).toEqual({
      fourcc: 'YUYV',
      width: 640,
      height: 480,
      fps: 30,
    })
  })

  it('follows its element in what "camera" cannot say', () => {
    const cameras = [{ id: 'camera0', enabled: false, on_demand: true, width: 16 }]
    expect(defaultCaptureSettings(config({ cameras }), 'camera0', context)).toMatchObject({
      enabled: false,
      onDemand: true,
      wish: { width: 640 },
    })
  })

  it('is named by its path, and by its index when there is none', () => {
    expect(defaultSelector({ camera: { ...DEFAULTS.camera, device_path: '/dev/video2', device_index: 1 } })).toEqual({
      path: '/dev/video2',
    })
    expect(defaultSelector({ camera: { ...DEFAULTS.camera, device_path: null, device_index: 1 } })).toEqual({ index: 1 })
  })
})

describe('another camera', () => {
  it('has the defaults, the mode of the service file, and captures on demand', () => {
    const other = config({ camera: { ...DEFAULTS.camera, buffer_size: 9, width: 16 } })
    expect(captureSettings(other, 'camera1', context)).toMatchObject({
      enabled: true,
      onDemand: true,
      bufferSize: 2,
      wish: { fourcc: 'YUYV', width: 800, height: 600 },
    })
  })

  it('has what its element says in place of them', () => {
    const cameras = [{ id: 'camera1', fps: 7.5, width: 320, height: 240, on_demand: false, max_reconnect_attempts: 0 }]
    expect(captureSettings(config({ cameras }), 'camera1', context)).toMatchObject({
      onDemand: false,
      maxReconnectAttempts: 0,
      wish: { fourcc: 'YUYV', width: 320, height: 240, fps: 7.5 },
    })
    expect(captureSettings(config({ cameras }), 'camera2', context)).toMatchObject({ onDemand: true, wish: {} })
  })

  it('is served unless only named ones are', () => {
    const named = config({ auto_discover: false, cameras: [{ id: 'camera1' }] })
    expect(['camera0', 'camera1', 'camera2'].map((id) => isServed(named, id, 'camera0'))).toEqual([true, true, false])
    expect(isServed(config(), 'camera2', 'camera0')).toBe(true)
  })
})

describe('what is shown of a camera that is not the default one', () => {
  const mode = { width: 1920, height: 1080, interval: { num: 1001, den: 30_000 }, fourcc: 'MJPG' }
  const camera = { node: '/dev/video3', mode }

  it('is how it is plugged in and opened, where no element says otherwise', () => {
    const shown = { ...DEFAULTS.camera, device_index: 3, device_path: '/dev/video3', width: 1920, height: 1080, fps: 30 }
    expect(shownSettings(config(), 'camera1', camera, DEFAULTS.camera)).toEqual(shown)
    expect(
      shownSettings(
        config({ cameras: [{ id: 'camera1', name: 'door', enabled: true, fps: 5 }] }),
        'camera1',
        camera,
        DEFAULTS.camera,
      ),
    ).toEqual({
      ...shown,
      fps: 5,
    })
  })

  it('is what it would have while it was never seen', () => {
    expect(shownSettings(config(), 'camera1', {}, DEFAULTS.camera)).toEqual({ ...DEFAULTS.camera, device_path: null })
  })
})
