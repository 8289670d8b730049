/** A camera face on a free port of loopback with scripted ports. */

import { writeSync } from 'node:fs'
import { createTokens, Tickets, type Tokens } from '../../../src/auth/index.js'
import { systemClock } from '../../../src/base/clock.js'
import { createLogger } from '../../../src/base/logger.js'
import {
  type CameraFace,
  type CameraFaceSettings,
  type CaptureFigures,
  type CaptureStatus,
  createCameraFace,
  type FacePorts,
  type ViewerEnd,
  type ViewerWish,
  type WebRules,
} from '../../../src/camera-face/index.js'

export interface Stage {
  readonly face: CameraFace
  readonly port: number
  readonly tokens: Tokens
  /** What management did, in order: `restart camera0`, `put {...}`, … */
  readonly done: string[]
  readonly log: string[]
  /** In force for the next request. */
  rules: WebRules
  /** `viewerFault`: what a socket's hand-over fails with. */
  readonly ports: FacePorts & { status: CaptureStatus; viewerFault?: Error | undefined }
  readonly viewers: Map<number, { readonly camera: string; readonly wish: ViewerWish }>
  endViewer(end: Partial<ViewerEnd> & { readonly viewer: number }): void
  changeState(id: string, status: CaptureStatus): void
  close(): Promise<void>
}

export const STREAMING: CaptureStatus = {
  state: 'streaming',
  isRunning: true,
  isConnected: true,
  isIdle: false,
  reconnectAttempts: 0,
}

export const FIGURES: CaptureFigures = {
  queueSize: 2,
  framesCaptured: 120,
  drops: { driver_gap: 1, error_flag: 2, invalid_jpeg: 3, encoder_busy: 4 },
  connectionErrors: 5,
  streamRestarts: 6,
  causes: { restart_silence: 6, invalid_truncated: 3 },
  faults: [{ code: 'CAMERA_BUSY', count: 7, reason: 'another program holds the camera', atMs: 1_700_000_000_000 }],
  startedMs: 1_700_000_000_500,
  uptimeMs: 4_250,
  lastFrameAgeMs: 12.5,
  actual: { width: 640, height: 480, fpsNominal: 30, fpsMeasured: 29.9, pixelFormat: 'MJPG', bytesPerSecond: 1_000_000 },
}

export const OPEN_RULES: WebRules = {
  corsOrigins: ['*'],
  trustedHosts: ['*'],
  crossOriginManagement: false,
  maxFrameAgeMs: 5_000,
}

export interface StageOptions {
  readonly rules?: Partial<WebRules>
  readonly settings?: Partial<CameraFaceSettings>
  readonly ports?: Partial<FacePorts>
  readonly host?: string
}

export async function stage(options: StageOptions = {}): Promise<Stage> {
  const done: string[] = []
  const log: string[] = []
  const viewers: Stage['viewers'] = new Map()
  const ended = new Set<(end: ViewerEnd) => void>()
  const changed = new Set<(id: string) => void>()
  const statuses = new Map<string, CaptureStatus>()
  let nextViewer = 1
  let revision = 0
  const names = ['camera0', 'camera2'].map((id) => ({ id, name: `Camera ${id}`, identity: { id: `usb-${id}` } }))
  const change = { changed: ['camera.fps'], applied: ['camera.fps'], pending: [] }
  const status = (id: string): CaptureStatus => statuses.get(id) ?? ports.status

  const ports: Stage['ports'] = {
    status: STREAMING,
    cameras: {
      ready: true,
      get revision() {
        return revision
      },
      list: () => names,
      defaultId: 'camera0',
      find: (id) => names.find((name) => name.id === id),
      status,
      figures: () => FIGURES,
      settings: () => ({ config: { width: 640, height: 480 }, jpegQualityApplied: false }),
      capabilities: (id) => (id === 'camera0' ? { formats: [] } : undefined),
      restart: async (id) => {
        done.push(`restart ${id}`)
        return true
      },
      lease: async () => ({
        grab: async () => ({ jpeg: Buffer.from([0xff, 0xd8, 0xff, 0xd9]), sequence: 7, capturedWallMs: 1_700_000_000_123.456 }),
        release: () => undefined,
      }),
      onStateChanged: (listener) => {
        changed.add(listener)
        return () => void changed.delete(listener)
      },
    },
    viewers: {
      add: (fd, camera, wish) => {
        if (ports.viewerFault !== undefined) throw ports.viewerFault
        const viewer = nextViewer++
        viewers.set(viewer, { camera: camera ?? 'default', wish })
        writeSync(fd, `${wish.head}--frame\r\n`)
        return viewer
      },
      end: (viewer) => current.endViewer({ viewer, reason: 'ended' }),
      endAll: () => void done.push('end all viewers'),
      count: (id) =>
        [...viewers.values()].filter(({ camera }) => camera === id || (camera === 'default' && id === 'camera0')).length,
      list: () => [{ label: 'tv', remote: '::1', frames: 3, bytes: 99, skipped: 1, sinceMs: 1_700_000_000_000, state: 'idle' }],
      onEnded: (listener) => {
        ended.add(listener)
        return () => void ended.delete(listener)
      },
    },
    config: {
      document: { camera: { fps: 30 }, server: { port: 8000 } },
      get rules() {
        return current.rules
      },
      put: async (document) => {
        done.push(`put ${JSON.stringify(document)}`)
        return change
      },
      reload: async () => {
        done.push('reload')
        return change
      },
    },
    controls: {
      list: async () => [{ name: 'brightness', value: 3 }],
      set: async (id, wanted) => {
        done.push(`controls ${id} ${JSON.stringify(wanted)}`)
        return [{ name: 'brightness', value: 4, ok: true }]
      },
      reset: async (id, names) => {
        done.push(`reset ${id} ${names?.join(' ') ?? 'all'}`)
        return [{ name: 'brightness', value: 0, ok: true }]
      },
    },
    page: async () =>
      new Map([['index.html', { bytes: Buffer.from('<p>page'), type: 'text/html; charset=utf-8', etag: '"abc"' }]]),
    shutdown: () => void done.push('shutdown'),
    ...options.ports,
  }

  const clock = systemClock
  const tokens = createTokens({ secret: 'a secret of thirty-two characters', leewayMs: 0, maxLifetimeMs: 0, clock })
  const face = createCameraFace({
    ports,
    credentials: tokens,
    tickets: new Tickets({ clock, lifetimeMs: 60_000 }),
    clock,
    logger: createLogger({ level: 'debug', format: 'json', write: (line) => void log.push(line) }),
    address: { host: options.host ?? '127.0.0.1', port: 0 },
    settings: { sweepMs: 20, ...options.settings },
    version: '1.2.3',
    pid: 4711,
  })
  const current: Stage = {
    face,
    get port() {
      return face.port
    },
    tokens,
    done,
    log,
    rules: { ...OPEN_RULES, ...options.rules },
    ports,
    viewers,
    endViewer: (end) => {
      for (const listener of ended) listener({ reason: 'closed', frames: 0, bytes: 0, skipped: 0, ...end })
      viewers.delete(end.viewer)
    },
    changeState: (id, next) => {
      statuses.set(id, next)
      revision += 1
      for (const listener of changed) listener(id)
    },
    close: () => face.stop(),
  }
  await face.start(new AbortController().signal)
  return current
}
