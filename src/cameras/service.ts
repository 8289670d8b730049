/** The cameras of this machine as one service: opens the native core, feeds its events to the registry, ends it in order. */

import type { Clock } from '../base/clock.js'
import { type Durations, Histogram } from '../base/histogram.js'
import type { Service } from '../base/lifecycle.js'
import type { Logger } from '../base/logger.js'
import { type Counts, Tally } from '../base/tally.js'
import type { Addon, Core, CoreOptions, NativeEvent } from '../native/index.js'
import { Captures } from './capture/captures.js'
import { Decoders } from './consumers/decoder.js'
import { CameraFeeds } from './consumers/feeds.js'
import { CameraViewers } from './consumers/viewers.js'
import { ControlStore } from './controls/control-store.js'
import { CameraControls } from './controls/controls.js'
import type { ModeWish } from './mode.js'
import { IdStore } from './registry/id-store.js'
import { CameraRegistry } from './registry/registry.js'
import type { Selection } from './registry/selections.js'
import type { StreamLinks } from './registry/views.js'

export interface CamerasOptions {
  readonly loadAddon: () => Addon
  readonly core: CoreOptions
  readonly stateDir: string
  readonly clock: Clock
  readonly logger: Logger
  readonly pins: ReadonlyMap<string, number>
  /** Cameras that get an id by path, until `registry.select` says otherwise. */
  readonly selections: readonly Selection[]
  readonly modeWish: (device: string) => ModeWish | undefined
  readonly lingerMs: number
  /** Give pan, tilt and zoom back to a camera that was plugged in again: that moves hardware. */
  readonly restoreMotion: boolean
  readonly links: (device: string, host: string) => StreamLinks
  /** The program that makes pictures of H.264, and where it is looked for. */
  readonly ffmpeg: { readonly binary: string; readonly searchPath: string }
}

/** Flapping of one camera is told when it was quiet for so long, or held back for so long (reliability-security R-41). */
const QUIET_MS = 50
const MAX_HELD_MS = 250
/** A publisher that takes no frame for so long is replaced (v4l2-native §12). */
const FEED_STALL_MS = 5_000
/** Threads that hang in a driver are left behind after so long; the whole end of capture has two seconds. */
const SHUTDOWN_MS = 1_500
const US_PER_MS = 1_000
/** Of cameras that nobody configured: captured while somebody wants frames, however often they fail. */
const CAPTURE_DEFAULTS = {
  enabled: true,
  onDemand: true,
  wish: {},
  autoReconnect: true,
  reconnectIntervalMs: 5_000,
  maxReconnectAttempts: 0,
  bufferSize: 2,
  maxFrameAgeMs: 5_000,
  bandwidthFallback: false,
}

export interface Cameras extends Service {
  readonly registry: CameraRegistry
  readonly captures: Captures
  readonly feeds: CameraFeeds
  readonly controls: CameraControls
  readonly viewers: CameraViewers
  readonly core: Core
  /** What hotplug and probes told, by kind, since the start. */
  readonly deviceEvents: Counts
  /** How long probes took, of devices that are real. */
  readonly probes: Durations
}

const DEVICE_EVENTS: ReadonlySet<NativeEvent['type']> = new Set(['present', 'ready', 'changed', 'gone', 'flapping', 'resync'])

/** Opens the core at once, so that a missing addon is a start error; `start` has nothing left to do. */
export async function createCameras(options: CamerasOptions): Promise<Cameras> {
  const { clock, logger } = options
  const store = new IdStore({ stateDir: options.stateDir, logger })
  const registry = new CameraRegistry({
    clock,
    logger,
    pins: options.pins,
    selections: options.selections,
    modeWish: options.modeWish,
    quietMs: QUIET_MS,
    maxMs: MAX_HELD_MS,
    ids: await store.load(),
    onIds: (ids) => void store.save(ids),
    links: options.links,
  })

  // Events arrive in a later turn of the event loop, when all of these exist.
  const deviceEvents = new Tally()
  const probes = new Histogram()
  const core = options.loadAddon().open(options.core, (events: NativeEvent[]) => {
    for (const event of events) {
      if (DEVICE_EVENTS.has(event.type)) deviceEvents.add(event.type)
      const isProbed = (event.type === 'ready' || event.type === 'changed') && !event.virtual
      if (isProbed && event.report !== undefined) probes.add(event.report.durationUs / US_PER_MS)
    }
    registry.handle(events)
    captures.handle(events)
    feeds.handle(events)
    decoders.handle(events)
    viewers.handle(events)
  })
  const controls = new CameraControls({
    core,
    registry,
    store: new ControlStore({ stateDir: options.stateDir, logger }),
    clock,
    logger,
    restoreMotion: options.restoreMotion,
  })
  const captures = new Captures({
    core,
    registry,
    clock,
    logger,
    screen: core,
    settings: { ...CAPTURE_DEFAULTS, jpegQuality: options.core.jpegQuality },
    get lingerMs() {
      return options.lingerMs
    },
    hotplug: options.core.discovery === 'events',
    beforeStart: (camera) => controls.reapply(camera),
  })
  const feeds = new CameraFeeds({ core, captures, stallMs: FEED_STALL_MS })
  const decoders = new Decoders({
    core,
    ffmpeg: options.ffmpeg.binary,
    environment: { PATH: options.ffmpeg.searchPath, LANG: 'C.UTF-8' },
    clock,
    logger,
    random: Math.random,
  })
  const viewers = new CameraViewers({ core, captures, logger })

  let stopped: Promise<void> | undefined
  return {
    name: 'cameras',
    registry,
    captures,
    feeds,
    controls,
    viewers,
    core,
    get deviceEvents() {
      return deviceEvents.counts
    },
    get probes() {
      return probes.durations
    },
    start: async () => undefined,
    stop: () => {
      decoders.stop()
      stopped ??= captures
        .stop()
        .then(() => core.shutdown(SHUTDOWN_MS))
        .then(() => core.detach())
      return stopped
    },
  }
}
