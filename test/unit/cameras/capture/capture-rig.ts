/** Captures over a core that does what the test says. */

import { createLogger } from '../../../../src/base/logger.js'
import type { CaptureSettings, CaptureStateChange } from '../../../../src/cameras/capture/capture-types.js'
import { Captures } from '../../../../src/cameras/capture/captures.js'
import { CameraRegistry } from '../../../../src/cameras/registry/registry.js'
import type { CaptureInfo, CaptureRequest, CaptureStats, Core, DeviceState, NativeEvent } from '../../../../src/native/index.js'
import { EventTape, state } from '../../../support/devices.js'
import { FakeClock } from '../../../support/fake-clock.js'

export const LINGER_MS = 3_000
export const INTERVAL_MS = 5_000

export const SETTINGS: CaptureSettings = {
  enabled: true,
  onDemand: true,
  wish: {},
  autoReconnect: true,
  reconnectIntervalMs: INTERVAL_MS,
  maxReconnectAttempts: 0,
  bufferSize: 2,
  jpegQuality: 80,
  maxFrameAgeMs: 5_000,
  bandwidthFallback: false,
}

export const STATS: CaptureStats = {
  running: true,
  frames: 0,
  bytes: 0,
  lost: 0,
  invalidJpeg: 0,
  errorFlag: 0,
  encoderBusy: 0,
  invalidUnits: 0,
  restarts: 0,
  causes: {},
  fps: 0,
  bytesPerSecond: 0,
  lastFrameAtUs: 0,
  retained: 0,
} as CaptureStats

export interface Start {
  readonly source: string
  readonly request: CaptureRequest
  /** The device streams. */
  succeed(): CaptureInfo
  fail(code: string, errno?: number): void
}

export interface RigOptions {
  readonly settings?: Partial<CaptureSettings>
  readonly hotplug?: boolean
  readonly beforeStart?: () => Promise<void>
  readonly procDir?: string
  /** Given by the driver; 4. */
  readonly buffers?: number
  /** Plugged in at first; none with false. */
  readonly camera?: DeviceState | false
}

export function captureRig({
  settings,
  hotplug = true,
  beforeStart,
  procDir = '/nowhere',
  buffers = 4,
  camera = state(),
}: RigOptions = {}) {
  const clock = new FakeClock()
  clock.advance(1_000)
  const lines: { readonly level: string; readonly msg: string; readonly [key: string]: unknown }[] = []
  const logger = createLogger({ level: 'debug', format: 'json', write: (line) => void lines.push(JSON.parse(line)) })
  const registry = new CameraRegistry({
    clock,
    logger: createLogger({ level: 'silent', format: 'json' }),
    pins: new Map(),
    modeWish: () => ({}),
    quietMs: 50,
    maxMs: 250,
    ids: new Map(),
    onIds: () => undefined,
    links: () => ({}),
  })
  const tape = new EventTape()

  /** Starts under way, oldest first. */
  const starts: Start[] = []
  const calls: string[] = []
  const tuned: string[] = []
  const shown: string[] = []
  const stats = new Map<string, Partial<CaptureStats>>()
  const changes: CaptureStateChange[] = []
  const takesQuality = new Set<string>()
  let session = 0
  const core: Pick<Core, 'startCapture' | 'stopCapture' | 'captureStats' | 'setRetained' | 'setJpegQuality' | 'setControls'> = {
    startCapture: (source, request) => {
      calls.push(request.anew === true ? 'reopen' : 'start')
      return new Promise((resolve, reject) => {
        starts.push({
          source,
          request,
          succeed: () => {
            session += 1
            const info = { ...request, buffers, session }
            resolve(info)
            return info
          },
          fail: (code, errno = 16) => reject(Object.assign(new Error(code), { code, errno, call: 'open', node: '/dev/video0' })),
        })
      })
    },
    stopCapture: async () => void calls.push('stop'),
    captureStats: (source) => {
      const known = stats.get(source)
      return known === undefined ? undefined : { ...STATS, ...known }
    },
    setRetained: (_source, frames) => void tuned.push(`retain ${frames}`),
    setJpegQuality: (_source, quality) => void tuned.push(`quality ${quality}`),
    setControls: async (source, wishes) =>
      wishes.map(
        ({ id }) => ({ id, outcome: takesQuality.has(source) ? 'applied' : 'unknown', errno: 0, inactive: false }) as never,
      ),
  }
  const captures = new Captures({
    core: core as Core,
    registry,
    clock,
    logger,
    screen: {
      showSource: (channel, source) => void shown.push(`${channel}: ${source}`),
      showPlaceholder: (channel, { text }) => void shown.push(`${channel}: (${text})`),
      setMaxFrameAge: () => undefined,
    },
    settings: { ...SETTINGS, ...settings },
    lingerMs: LINGER_MS,
    hotplug,
    procDir,
    ...(beforeStart === undefined ? {} : { beforeStart }),
  })
  registry.events.on('captureStateChanged', (change) => void changes.push(change))

  const handle = (...events: NativeEvent[]): void => {
    registry.handle(events)
    captures.handle(events)
  }
  /** An event of the capture that started last, unless another is named. */
  const tell = (word: string, code?: string, of: { source?: string; session?: number } = {}): void => {
    const fault = code === undefined ? {} : { fault: { code, errno: 5, call: 'VIDIOC_DQBUF' } }
    const source = of.source ?? registry.list().find((one) => one.source !== undefined)?.source ?? state().source
    handle({ type: 'capture', source, state: word, session: of.session ?? session, atUs: 0, seq: 0, ...fault } as NativeEvent)
  }
  /** Starts that wait succeed and deliver. */
  const deliver = async (): Promise<void> => {
    starts.shift()?.succeed()
    await settled()
    tell('delivering')
  }
  const running = async () => {
    const lease = captures.lease('camera0')
    await deliver()
    return await lease
  }
  const status = (device = 'camera0'): string => {
    const { status: word, reason } = registry.get(device)
    return reason === undefined ? word : `${word} ${reason}`
  }
  const word = (device = 'camera0'): string => captures.state(device).state
  if (camera !== false) handle(tape.ready(camera))
  return {
    captures,
    registry,
    clock,
    calls,
    starts,
    tuned,
    shown,
    stats,
    changes,
    lines,
    takesQuality,
    tape,
    handle,
    tell,
    deliver,
    running,
    status,
    word,
  }
}

/** Lets promises that have settled tell it. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
