/** From config.json to cameras and listener, with cameras that only listen. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { bannerLines } from '../../../src/app/banner.js'
import { bindApplier, configPort, openCameraConfig, shownConfig } from '../../../src/app/camera-config.js'
import { TypedEvents } from '../../../src/base/events.js'
import { createLogger } from '../../../src/base/logger.js'
import type { CameraEvents, Cameras, CaptureSettings, Selection } from '../../../src/cameras/index.js'
import { type Config, loadConfig } from '../../../src/config/index.js'
import { FakeClock } from '../../support/fake-clock.js'
import { DEFAULTS, removeFolders, started } from '../camera-config/support.js'

/** A loaded machine takes its time. */

const folders: string[] = []
const logs: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const log of logs.splice(0)) await log.close()
  removeFolders()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

interface SeenCamera {
  readonly device: string
  readonly node: string
  readonly source?: string
  readonly mode?: {
    readonly width: number
    readonly height: number
    readonly interval: { readonly num: number; readonly den: number }
  }
}

/** `defaultDevice`: what the selector means, by hand. */
function fakeCameras(present: SeenCamera[], meant: Readonly<Record<string, string>> = {}) {
  const events = new TypedEvents<CameraEvents>(() => undefined)
  const told = new Map<string, CaptureSettings>()
  const selected: (readonly Selection[])[] = []
  let defaultDevice = present[0]?.device ?? 'camera0'
  const cameras = {
    registry: {
      events,
      select: (selections: readonly Selection[]) => void selected.push(selections),
      list: () => present,
      has: (device: string) => present.some((camera) => camera.device === device),
      resolve: (node: string) => present.find((camera) => camera.node === node)?.device ?? node.replace('/dev/video', 'camera'),
    },
    captures: {
      get defaultDevice() {
        return defaultDevice
      },
      chooseDefault(selector: { path?: string; index?: number }) {
        defaultDevice = meant[selector.path ?? String(selector.index)] ?? defaultDevice
      },
      configure: (device: string, settings: CaptureSettings) => void told.set(device, settings),
    },
  }
  const appear = (camera: SeenCamera): void => {
    present.push(camera)
    events.emit('changed', camera as unknown as CameraEvents['changed'])
  }
  return { cameras: cameras as unknown as Cameras, told, appear, selected }
}

async function open(cameras: Cameras, env: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'camera-app-'))
  folders.push(folder)
  const { config } = await loadConfig({
    env: { CAMERA_SERVICE_STATE_DIR: folder, ...env },
    workingDir: folder,
    defaultFile: '/none',
  })
  const clock = new FakeClock()
  const log: Record<string, unknown>[] = []
  const logger = createLogger({ level: 'info', format: 'json', write: (line) => log.push(JSON.parse(line)) })
  const port = { overrideLevel: () => undefined, setExtra: () => undefined, reopen: async () => undefined }
  const opened = await openCameraConfig({ config, cameras, clock, logger, log: port })
  logs.push(opened.log)
  const text = (): Record<string, Record<string, unknown>> => JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))
  return { ...opened, clock, logged: log, text, config }
}

const MODE = { width: 1920, height: 1080, interval: { num: 1001, den: 30_000 } }

describe('a fresh start', () => {
  it('writes the mode of the default camera when it becomes known, and opens it in that one only', async () => {
    const { cameras, told, appear } = fakeCameras([])
    const { store, text, clock, service } = await open(cameras)
    expect(told.get('default')?.wish).toEqual({})
    clock.advance(400)
    appear({ device: 'camera0', node: '/dev/video0', source: 'x', mode: MODE })
    await store.settled
    expect(text().camera).toMatchObject({ width: 1920, height: 1080, fps: 30 })
    await vi.waitFor(() => expect(told.get('default')?.wish).toEqual({ width: 1920, height: 1080, fps: 30 }))
    await service.stop()
  })

  it('writes 640x480 at 30 when no camera shows up', async () => {
    const { store, text, clock, service } = await open(fakeCameras([]).cameras)
    clock.advance(500)
    await store.settled
    expect(text().camera).toMatchObject({ width: 640, height: 480, fps: 30 })
    await service.stop()
  })

  it('waits no longer than a probe takes for a camera that says nothing', async () => {
    const { store, text, clock, service } = await open(
      fakeCameras([{ device: 'camera0', node: '/dev/video0', source: 'x' }]).cameras,
    )
    clock.advance(2_499)
    clock.advance(1)
    await store.settled
    expect(text().camera).toMatchObject({ width: 640 })
    await service.stop()
  })
})

describe('a change', () => {
  it('reaches the cameras, those that come later too', async () => {
    const { cameras, told, appear } = fakeCameras([
      { device: 'camera0', node: '/dev/video0', source: 'x', mode: MODE },
      { device: 'camera1', node: '/dev/video1' },
    ])
    const { store, service } = await open(cameras)
    await store.settled
    await store.put({
      camera: { buffer_size: 5 },
      server: { max_frame_age: 2, bandwidth_fallback: true },
      cameras: [{ id: 'camera2', fps: 5 }],
    })
    expect(told.get('default')).toMatchObject({ bufferSize: 5, maxFrameAgeMs: 2000, bandwidthFallback: true })
    expect(told.get('camera1')).toMatchObject({ bufferSize: 2, maxFrameAgeMs: 2000, wish: {} })
    appear({ device: 'camera2', node: '/dev/video2' })
    expect(told.get('camera2')).toMatchObject({ wish: { fps: 5 } })
    await service.stop()
    told.clear()
    appear({ device: 'camera3', node: '/dev/video3' })
    expect(told.size).toBe(0)
  })

  it('chooses the camera of an element by its path, and warns once of one that cannot get the id', async () => {
    const { cameras, told, selected } = fakeCameras([
      { device: 'camera0', node: '/dev/video0' },
      { device: 'camera1', node: '/dev/video1' },
    ])
    const { store, logged, service } = await open(cameras)
    const warnings = (): unknown[] =>
      logged.filter(({ msg }) => String(msg).startsWith('device_path names a camera that has another id'))
    await store.put({ cameras: [{ id: 'camera1', device_path: '/dev/video1', fps: 5 }] })
    await store.put({ cameras: [{ id: 'camera1', device_path: '/dev/video7' }] })
    expect(warnings()).toEqual([])
    expect(selected.at(-1)).toEqual([{ number: 1, path: '/dev/video7' }])
    await store.put({ cameras: [{ id: 'camera1', device_path: '/dev/video0' }] })
    await store.put({ camera: { buffer_size: 5 } })
    expect(warnings()).toMatchObject([{ level: 'warn', id: 'camera1', device_path: '/dev/video0', named: 'camera0' }])
    expect(told.get('camera1')?.wish).toEqual({ fps: 5 })
    await service.stop()
  })

  it('warns once when path and index name different cameras, and only when both are there', async () => {
    const { cameras, appear } = fakeCameras([{ device: 'camera0', node: '/dev/video0' }], {
      '/dev/video2': 'camera2',
      '/dev/video0': 'camera0',
    })
    const { store, logged, service } = await open(cameras)
    const warnings = (): unknown[] => logged.filter(({ msg }) => String(msg).startsWith('device_path and device_index'))
    await store.put({ camera: { device_path: '/dev/video2' } })
    expect(warnings()).toEqual([])
    appear({ device: 'camera2', node: '/dev/video2' })
    await store.put({ camera: { buffer_size: 5 } })
    expect(warnings()).toMatchObject([{ level: 'warn', used: 'camera2', ignored: 'camera0' }])
    await store.put({ camera: { device_index: 2 } })
    await store.put({ camera: { device_path: null, device_index: 0 } })
    expect(warnings()).toHaveLength(1)
    await service.stop()
  })
})

describe('the listener', () => {
  it('listens on the new address before the change is accepted, and leaves the old one after', async () => {
    const { store } = await started('{}')
    const steps: string[] = []
    let isTaken = false
    store.onApply(
      bindApplier({
        prepareMove: async ({ host, port }) => {
          if (isTaken) throw new Error(`${host}:${port} is in use`)
          steps.push(`listen ${host}:${port}`)
          return { commit: async () => void steps.push('leave'), undo: async () => void steps.push('undo') }
        },
      }),
    )
    expect(await store.put({ server: { port: 8001 } })).toMatchObject({ applied: ['server.port'] })
    await store.put({ camera: { fps: 5 } })
    expect(steps).toEqual(['listen 0.0.0.0:8001', 'leave'])
    isTaken = true
    await expect(store.put({ server: { host: '::1' } })).rejects.toThrow('server.port: ::1:8001 is in use')
    expect(store.current.server.host).toBe('0.0.0.0')
  })
})

describe('what clients see', () => {
  it('the element of the default camera mirrors "camera"', () => {
    const config = { ...DEFAULTS, auto_discover: true }
    expect(shownConfig(config, 'camera0')).toEqual(DEFAULTS)
    const cameras = [
      { id: 'camera0', name: 'door' },
      { id: 'camera1', fps: 5 },
    ]
    expect(shownConfig({ ...config, cameras }, 'camera0')).toEqual({
      ...DEFAULTS,
      cameras: [
        { id: 'camera0', name: 'door', ...DEFAULTS.camera },
        { id: 'camera1', fps: 5 },
      ],
      auto_discover: true,
    })
  })

  it('what is shown can be sent back as it is', async () => {
    const { store, text } = await started('{"cameras":[{"id":"camera0","name":"door"}]}', { defaultCameraId: () => 'camera0' })
    const port = configPort(store, () => 'camera0')
    await port.put(JSON.parse(JSON.stringify(port.document)))
    const written = text()
    expect(await port.put(JSON.parse(JSON.stringify(port.document)))).toMatchObject({ changed: [] })
    expect(text()).toBe(written)
    expect(await port.put({ camera: 1 })).toEqual({ problems: ['camera: must be an object, got number 1'] })
  })

  it('the banner says product, process, camera, mode, address, log and signals', async () => {
    const { config } = await loadConfig({ env: {}, workingDir: '/tmp', defaultFile: '/none' })
    const facts = { config: config as Config, version: '1.2.3', pid: 42, rpcPort: 8002, healthPort: 8003, firstToken: undefined }
    const camera = { port: 8000, config: { ...DEFAULTS, auto_discover: true } }
    const text = bannerLines({ ...facts, camera }).join('\n')
    for (const said of [
      '1.2.3',
      'pid 42',
      '/dev/video0',
      '640x480 at 30',
      'http://127.0.0.1:8000/',
      'info',
      'camera_stream.log',
      'SIGUSR2',
    ]) {
      expect(text).toContain(said)
    }
    expect(bannerLines({ ...facts, camera: undefined }).join('\n')).not.toContain('8000')
    expect(bannerLines({ ...facts, camera: undefined, firstToken: 'ey.x' }).at(-1)).toBe('ey.x')
  })
})
