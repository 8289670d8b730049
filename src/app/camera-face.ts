/** The camera face's ports, mapped to cameras, core and configuration. */

import { fileURLToPath } from 'node:url'
import { type Credentials, Tickets } from '../auth/index.js'
import type { Audit } from '../base/audit-log.js'
import type { Clock } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { CameraConfigStore } from '../camera-config/index.js'
import {
  type CameraFace,
  type CameraName,
  type CamerasPort,
  type CaptureFigures,
  type CaptureStatus,
  createCameraFace,
  type FacePorts,
  pageOf,
  statusDocuments,
  type ViewersPort,
} from '../camera-face/index.js'
import { type Camera, type Cameras, DEFAULT_CAMERA } from '../cameras/index.js'
import type { Config } from '../config/index.js'
import { bindApplier, configPort } from './camera-config.js'
import { CameraElements } from './camera-elements.js'
import { isServed, shownSettings } from './capture-settings.js'

/** Where the build puts the page. */
const PAGE_DIR = fileURLToPath(new URL('../web/camera-page/', import.meta.url))

export interface CameraFaceContext {
  readonly config: Config
  readonly cameras: Cameras
  readonly store: CameraConfigStore
  readonly credentials: Credentials
  readonly audit: Audit
  readonly clock: Clock
  readonly logger: Logger
  readonly version: string
  readonly requestStop: () => void
}

export interface BuiltCameraFace {
  readonly face: CameraFace
  /** Id to the `/status` document of each camera. */
  statistics(): Readonly<Record<string, unknown>>
}

export function buildCameraFace(context: CameraFaceContext): BuiltCameraFace {
  const { config, cameras, store, clock, logger, credentials, version } = context
  const settings = config.faces.camera
  const { host, port } = store.current.server
  const ports: FacePorts = {
    cameras: camerasPort(context),
    viewers: viewersPort(cameras),
    config: configPort(store, () => cameras.captures.defaultDevice),
    controls: {
      list: (id) => cameras.controls.list(id),
      set: (id, wanted) => cameras.controls.set(id, wanted),
      reset: (id, names) => cameras.controls.reset(id, names),
    },
    page: pageOf(PAGE_DIR),
    faults: () => ({ config: store.faults, discovery: cameras.registry.faults.list() }),
    shutdown: context.requestStop,
  }
  const face = createCameraFace({
    ports,
    credentials,
    audit: context.audit,
    tickets: new Tickets({ clock, lifetimeMs: settings.ticket_lifetime }),
    clock,
    logger,
    address: { host, port },
    settings: {
      auth: settings.auth,
      maxViewers: settings.max_viewers,
      maxViewersPerCamera: settings.max_viewers_per_camera,
      maxUnauthenticatedPerAddress: settings.max_unauthenticated_per_address,
    },
    version,
    pid: process.pid,
  })
  store.onApply(bindApplier(face))
  return { face, statistics: () => statusDocuments(ports) }
}

function camerasPort({ config, cameras: { registry, captures, controls, core }, store }: CameraFaceContext): CamerasPort {
  const elements = new CameraElements(store)
  let changes = 0
  const changed = (): void => {
    changes += 1
  }
  registry.events.on('captureStateChanged', changed)
  registry.events.on('changed', changed)
  /** The default camera may never have been seen: then only this name leads to it. */
  const known = (id: string): string => (registry.has(id) ? id : DEFAULT_CAMERA)
  const nameOf = (camera: Camera): CameraName => ({
    id: camera.device,
    name: elements.find(camera.device)?.name ?? camera.name,
    // Most who ask want no more than the id.
    get identity() {
      return identityOf(camera)
    },
  })
  return {
    ready: true,
    get revision() {
      return changes + elements.revision
    },
    get defaultId() {
      return captures.defaultDevice
    },
    list: () =>
      registry
        .list()
        .filter(({ device }) => isServed(store.current, device, captures.defaultDevice))
        .map(nameOf),
    find(id) {
      const isDefault = id === captures.defaultDevice
      if (registry.has(id)) return isServed(store.current, id, captures.defaultDevice) ? nameOf(registry.get(id)) : undefined
      return isDefault ? { id, name: elements.find(id)?.name ?? '', identity: null } : undefined
    },
    status: (id) => statusOf(captures.state(known(id))),
    figures: (id) => figuresOf(captures.statistics(known(id)), controls.faults(id)),
    settings(id) {
      const { jpegQualityApplied } = captures.state(known(id))
      if (id === captures.defaultDevice) return { config: store.current.camera, jpegQualityApplied }
      const camera = registry.has(id) ? registry.get(id) : {}
      return { config: shownSettings(store.current, id, camera, config.camera_server.camera), jpegQualityApplied }
    },
    capabilities(id) {
      if (!registry.has(id)) return undefined
      const camera = registry.get(id)
      return camera.report === undefined ? undefined : { ...camera.report, identity: identityOf(camera) }
    },
    restart: (id, waitMs) => captures.restart(known(id), { waitMs }),
    async lease(id) {
      const lease = await captures.lease(id)
      return { grab: (wish) => core.grab(lease.source, wish), release: () => lease.release() }
    },
    onStateChanged(listener) {
      const ends = [
        registry.events.on('captureStateChanged', ({ device }) => listener(device)),
        registry.events.on('changed', ({ device }) => listener(device)),
      ]
      return () => {
        for (const end of ends) end()
      }
    },
  }
}

function viewersPort({ viewers }: Cameras): ViewersPort {
  return {
    add: (fd, id, { maxFps, maxAgeMs, ...wish }) =>
      viewers.add(fd, id ?? DEFAULT_CAMERA, {
        ...wish,
        ...(maxFps === undefined ? {} : { maxFps }),
        ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
      }),
    end: (viewer) => viewers.end(viewer),
    endAll: () => viewers.endAll(),
    count: (id) => viewers.count(id),
    list: (id) =>
      viewers.list(id).map(({ label, remote, frames, bytes, skipped, sinceWallMs, state }) => ({
        label,
        remote,
        frames,
        bytes,
        skipped,
        sinceMs: sinceWallMs,
        state,
      })),
    onEnded: (listener) => viewers.events.on('ended', listener),
  }
}

// Written out: these are made for each camera with each /status.
function statusOf(of: ReturnType<Cameras['captures']['state']>): CaptureStatus {
  return {
    state: of.state,
    isRunning: of.isRunning,
    isConnected: of.isConnected,
    isIdle: of.isIdle,
    reconnectAttempts: of.reconnectAttempts,
    lastReconnectMs: of.lastReconnect,
    lastError: of.lastError,
  }
}

function figuresOf(of: ReturnType<Cameras['captures']['statistics']>, others: CaptureFigures['faults']): CaptureFigures {
  const { drops, faults } = of
  return {
    queueSize: of.queueSize,
    framesCaptured: of.framesCaptured,
    drops: {
      driver_gap: drops.driverGap,
      error_flag: drops.errorFlag,
      invalid_jpeg: drops.invalidJpeg,
      encoder_busy: drops.encoderBusy,
    },
    streamRestarts: of.streamRestarts,
    causes: of.causes,
    connectionErrors: of.connectionErrors,
    faults: others.length === 0 ? faults : [...faults, ...others],
    startedMs: of.uptimeStart,
    uptimeMs: of.uptimeMs,
    lastFrameAgeMs: of.lastFrameAgeMs,
    actual: of.actual,
  }
}

function identityOf({ hardware, identity, node }: Camera): unknown {
  return { id: identity, ...hardware, node: node ?? null }
}
