/** Builds every service from the configuration and holds the boot order. Only the command line loads it. */

import { bannerLines } from './app/banner.js'
import { buildFacts } from './app/build-facts.js'
import { openCameraConfig } from './app/camera-config.js'
import { buildCameraFace } from './app/camera-face.js'
import type { LogPort } from './app/camera-log.js'
import { buildExternal, externalPort } from './app/external.js'
import { buildMedia } from './app/media.js'
import { connectNotifications } from './app/notifications.js'
import { buildRecordings, connectRecordings, recordingPorts } from './app/recordings.js'
import { type SignalActions, signalActions } from './app/signals.js'
import { stopServices } from './app/stop.js'
import { streamsWithoutMediamtx } from './app/streams.js'
import { System } from './app/system.js'
import { createTokens, firstStartToken, loadSecret, RateLimit, type Tokens } from './auth/index.js'
import type { Clock } from './base/clock.js'
import { type Service, type StopReport, startAll } from './base/lifecycle.js'
import type { Logger } from './base/logger.js'
import { type Cameras, createCameras, pictureSibling, type StreamLinks } from './cameras/index.js'
import type { Config } from './config/index.js'
import { createHttpServer, type HttpServer, type HttpServerSettings } from './http/index.js'
import type { MediaService } from './media/index.js'
import type { ComponentWord } from './monitor/index.js'
import { loadNative } from './native/index.js'
import type { Recordings } from './recordings/index.js'
import { createRpc, type Services, type StreamPort } from './rpc/index.js'
import { Snapshots } from './snapshots/index.js'

export interface AppContext {
  readonly config: Config
  readonly logger: Logger
  readonly clock: Clock
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: LogPort
  /** Asks the process for an orderly end. */
  readonly requestStop: () => void
}

export interface App extends SignalActions {
  /** Resolves when the faces answer. */
  start(): Promise<void>
  stop(): Promise<StopReport>
  /** Lines for people: one per face, and the token of a first start. */
  readonly banner: readonly string[]
}

const HOUR_MS = 3_600_000
/** A busier look at the device folder gains nothing. */
const MIN_POLL_MS = 50

/** Rejects when the native core cannot be loaded or the state directory cannot be used. */
export async function createApp({ config, logger, clock, env, log, requestStop }: AppContext): Promise<App> {
  const build = buildFacts(env)
  const { security } = config
  const secret = await loadSecret({ configured: security.jwt_secret_key, stateDir: config.state_dir })
  const tokens = createTokens({ secret, leewayMs: security.token_leeway, maxLifetimeMs: security.max_token_lifetime, clock })

  let links: (device: string, host: string) => StreamLinks = () => ({})
  const cameras = await buildCameras(config, logger, clock, env.PATH ?? '', (device, host) => links(device, host))
  const cameraConfig = config.faces.camera.enabled ? await openCameraConfig({ config, cameras, clock, logger, log }) : undefined
  const face =
    cameraConfig &&
    (await buildCameraFace({
      ...{ config, cameras, tokens, clock, logger, requestStop },
      store: cameraConfig.store,
      version: build.version,
    }))
  const media = await buildMedia({ config, cameras, clock, logger, env })
  if (media !== undefined) {
    links = (device, host) => media.streamLinks(device, host)
    media.events.on('stateChanged', () => cameras.registry.forgetLinks())
  }
  const external = buildExternal({ config, media, clock, logger })
  const snapshots = buildSnapshots(config, logger, clock, env.PATH ?? '', cameras)
  const recordings = buildRecordings({ config, cameras, media, clock, logger, env })
  snapshots.events.on('taken', ({ device, filename }) => {
    const dir = config.snapshots.use_device_subdirs ? device : ''
    recordings.files.noticed({ kind: 'snapshot', dir, name: filename }).catch(() => undefined)
  })

  const system: System = new System({
    clock,
    build,
    thresholds: {
      memoryUsagePercent: config.performance.monitoring_thresholds.memory_usage_percent,
      connectionsLimit: config.performance.monitoring_thresholds.active_connections_limit,
    },
    storageDir: config.mediamtx.snapshots_path,
    maxCameras: config.camera.device_range[1] - config.camera.device_range[0] + 1,
    connections: () => http.connections,
    mediamtx: () => mediamtxWord(media),
  })
  const rpc = createRpc({
    services: { ...services(cameras, snapshots, recordings, media, system), external: externalPort(external, clock) },
    tokens,
    rateLimit: new RateLimit({ requests: security.rate_limit_requests, windowMs: security.rate_limit_window, clock }),
    clock,
    logger,
  })
  const http: HttpServer = createHttpServer({
    rpc,
    clock,
    logger,
    address: { host: config.server.host, port: config.server.port, key: 'server.port' },
    settings: httpSettings(config),
  })
  const ends = [
    connectNotifications({ registry: cameras.registry, snapshots, media }, rpc.publish),
    ...connectRecordings(recordings, rpc.publish),
  ]

  // MediaMTX is no start dependency: its service starts looking for one and returns.
  const order: readonly Service[] = [
    cameras,
    ...(cameraConfig === undefined ? [] : [cameraConfig.service]),
    // Early: it answers whatever the others still wait for.
    ...(face === undefined ? [] : [face.face]),
    snapshots,
    ...(media === undefined ? [] : [media]),
    external,
    http,
    // Last up and first down: files are closed before cameras, MediaMTX or the process end.
    recordings,
  ]
  const abort = new AbortController()
  let firstToken: string | undefined
  const actions = signalActions({
    logger,
    reopenLog: () => cameraConfig?.log.reopen() ?? log.reopen(),
    reloadConfig: cameraConfig && (() => cameraConfig.store.reload()),
    statistics: () => face?.statistics() ?? {},
    devices: () => cameras.registry.list().map(({ device }) => device),
    restart: (device, options) => cameras.captures.restart(device, options),
  })
  return {
    ...actions,
    async start() {
      await startAll(order, abort.signal)
      // After the start: a token that is shown once must not be lost to a port that was in use.
      firstToken = await newFirstToken(config, tokens)
      system.setReady()
      logger.info({ port: http.port }, 'ready')
    },
    async stop() {
      abort.abort()
      system.setStopping()
      const report = await stopServices({ order, cameras, deadlineMs: config.server.shutdown_timeout, clock, logger })
      for (const end of ends) end()
      await cameraConfig?.log.close()
      return report
    },
    get banner() {
      return bannerLines({
        config,
        version: build.version,
        pid: process.pid,
        rpcPort: http.port,
        camera: face && cameraConfig && { port: face.face.port, config: cameraConfig.store.current },
        firstToken,
      })
    },
  }
}

function buildCameras(
  config: Config,
  logger: Logger,
  clock: Clock,
  searchPath: string,
  links: (device: string, host: string) => StreamLinks,
): Promise<Cameras> {
  const { camera } = config
  const polling = camera.discovery_mode === 'poll-only'
  return createCameras({
    loadAddon: () => loadNative((thrown) => logger.error({ error: String(thrown) }, 'a listener of the native core failed')),
    core: {
      devDir: '/dev',
      sysfsDir: '/sys',
      deviceRange: camera.device_range,
      discovery: polling ? 'poll' : 'events',
      rescanMs: polling ? Math.max(MIN_POLL_MS, camera.poll_interval) : camera.fallback_poll_interval,
      uevents: !polling,
      virtualCameras: camera.virtual_cameras,
      encoderThreads: config.workers.encoder_threads,
      jpegQuality: camera.jpeg_quality,
      viewers: { max: config.faces.camera.max_viewers, maxPerChannel: config.faces.camera.max_viewers_per_camera },
    },
    stateDir: config.state_dir,
    clock,
    logger: logger.child({ component: 'cameras' }),
    pins: new Map(
      Object.entries(config.identity.pins).map(([device, identity]) => [identity, Number(device.slice('camera'.length))]),
    ),
    modeWish: (device) => camera.modes[device],
    lingerMs: camera.linger,
    restoreMotion: camera.restore_motion,
    links,
    ffmpeg: { binary: config.ffmpeg.binary, searchPath },
  })
}

function buildSnapshots(config: Config, logger: Logger, clock: Clock, searchPath: string, cameras: Cameras): Snapshots {
  const { snapshots, mediamtx, workers, storage } = config
  const { captures, registry } = cameras
  return new Snapshots({
    cameras: {
      lease: (device) => captures.lease(device),
      sibling: (device) => pictureSibling(registry.get(device), registry.list())?.device,
    },
    ffmpeg: { binary: config.ffmpeg.binary, searchPath },
    core: cameras.core,
    clock,
    logger: logger.child({ component: 'snapshots' }),
    enabled: snapshots.enabled,
    dir: mediamtx.snapshots_path,
    deviceSubdirs: snapshots.use_device_subdirs,
    filePattern: snapshots.file_name_pattern,
    format: snapshots.format === 'jpeg' ? 'jpg' : snapshots.format,
    quality: snapshots.quality,
    maxWidthPx: snapshots.max_width,
    maxHeightPx: snapshots.max_height,
    timeoutMs: snapshots.timeout,
    workerThreads: workers.snapshot_threads,
    blockPercent: storage.block_percent,
  })
}

function services(
  cameras: Cameras,
  snapshots: Snapshots,
  recordings: Recordings,
  media: MediaService | undefined,
  system: System,
): Omit<Services, 'external'> {
  const { registry } = cameras
  const streams: StreamPort =
    media === undefined
      ? streamsWithoutMediamtx((device) => registry.has(device))
      : {
          start: (device, host) => media.startStreaming(device, host),
          stop: (device) => media.stopStreaming(device),
          url: (device, host) => media.streamUrl(device, host),
          status: (device) => media.streamStatus(device),
          list: () => media.streams(),
        }
  return {
    cameras: {
      resolve: (node) => registry.resolve(node),
      list: (host) => registry.listView(host),
      status: (device, host) => registry.statusView(device, host),
      capabilities: (device) => registry.capabilitiesView(device),
    },
    controls: {
      list: (device) => cameras.controls.list(device),
      set: (device, values) => cameras.controls.set(device, values, { strict: true }),
      reset: (device, names) => cameras.controls.reset(device, names),
    },
    snapshots: { take: (params, signal) => snapshots.take(params, signal) },
    ...recordingPorts(recordings),
    streams,
    system,
  }
}

function httpSettings({ server, security, faces, notifications }: Config): Partial<HttpServerSettings> {
  return {
    path: server.websocket_path,
    publicHost: faces.public_host ?? undefined,
    allowedOrigins: security.cors_origins,
    maxConnections: server.max_connections,
    maxAnonymousPerAddress: server.max_unauthenticated_per_address,
    maxMessageBytes: server.max_message_size,
    anonymousMessageBytes: server.max_message_size_unauthenticated,
    maxNotifications: notifications.websocket.max_queue_size,
    softBytes: server.send_buffer_soft,
    hardBytes: server.send_buffer_hard,
    pingIntervalMs: server.ping_interval,
    pongWaitMs: server.pong_wait,
    loginMs: server.auth_timeout,
    stallMs: server.send_stall_timeout,
  }
}

function mediamtxWord(media: MediaService | undefined): ComponentWord {
  if (media === undefined || media.state === 'off' || media.state === 'searching') return 'STOPPED'
  return media.state === 'up' ? 'RUNNING' : 'ERROR'
}

async function newFirstToken(config: Config, tokens: Tokens): Promise<string | undefined> {
  const lifetimeMs = config.security.jwt_expiry_hours * HOUR_MS
  return firstStartToken({ stateDir: config.state_dir, tokens, lifetimeMs })
}
