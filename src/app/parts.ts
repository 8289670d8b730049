/** Everything besides the cameras and their face: loaded and built when that answers already. */

import { dirname } from 'node:path'
import { type Credentials, type LoginThrottle, OwnRates, RateLimit, type Tokens } from '../auth/index.js'
import type { Audit } from '../base/audit-log.js'
import type { Clock } from '../base/clock.js'
import type { Service } from '../base/lifecycle.js'
import type { Logger } from '../base/logger.js'
import type { CameraConfigStore } from '../camera-config/index.js'
import { type Cameras, pictureSibling, type StreamLinks } from '../cameras/index.js'
import type { Config, ConfigurationPort } from '../config/index.js'
import { DescriptionRoute, HlsRoute, type HttpServer, MetricsRoute, type PlainServer, SessionRoute } from '../http/index.js'
import type { MediaService } from '../media/index.js'
import {
  type CallTotals,
  type ComponentWord,
  type HealthThresholds,
  METRICS_TYPES,
  type MetricsFormat,
  metricsText,
} from '../monitor/index.js'
import { CostlyRates, createRpc, type RpcStats, type Services, type StreamPort } from '../rpc/index.js'
import { Snapshots, type StreamPictures } from '../snapshots/index.js'
import type { buildFacts } from './build-facts.js'
import type { LoginFailures } from './credentials.js'
import { buildDownloads } from './downloads.js'
import { buildExternal, externalPictures, externalPort } from './external.js'
import { standIn } from './fallback.js'
import { buildHealth, healthFace } from './health.js'
import { watchLoad } from './load.js'
import { buildMedia } from './media.js'
import { metricFacts } from './metric-facts.js'
import { metricsPort } from './metrics.js'
import { connectNotifications } from './notifications.js'
import { costlyLimits, identityRate } from './rates.js'
import { readAnew } from './read-anew.js'
import { buildRecordings, connectRecordings, fallbackFolders, recordingPorts, snapshotPlace } from './recordings.js'
import { buildRpcFace, type RpcFace } from './rpc-face.js'
import { streamsWithoutMediamtx } from './streams.js'
import { System } from './system.js'
import { SystemEvents } from './system-events.js'

export interface PartsContext {
  readonly config: Config
  readonly configuration: Pick<ConfigurationPort, 'onChange' | 'onRefused'>
  /** Undefined without a camera face. */
  readonly cameraConfig: Pick<CameraConfigStore, 'events'> | undefined
  readonly cameras: Cameras
  readonly credentials: Credentials
  readonly failures: Pick<LoginFailures, 'counts'>
  readonly tokens: Tokens
  readonly throttle: LoginThrottle
  readonly audit: Audit
  readonly clock: Clock
  readonly logger: Logger
  readonly env: Readonly<Record<string, string | undefined>>
  readonly build: ReturnType<typeof buildFacts>
  readonly watchdogFeeds: () => number
}

export interface Parts {
  /** In the order of their start. */
  readonly order: readonly Service[]
  readonly http: HttpServer
  /** Undefined when it is switched off. */
  readonly health: PlainServer | undefined
  readonly system: System
  /** Every component is up. */
  setReady(): void
  /** What makes no progress, for people. */
  stuck(): string | undefined
  /** Nothing new is begun and everybody hears of it. Resolves when nothing is under way any more, or after a deadline. */
  beginEnd(): Promise<void>
  /** Stream URLs of a camera for a client that used `host`. */
  readonly links: (device: string, host: string) => StreamLinks
  /** Clients hear of nothing any more. */
  disconnect(): void
}

/** Rejects when something that was configured cannot be had. */
export async function buildParts(context: PartsContext): Promise<Parts> {
  const { config, cameras, credentials, tokens, throttle, audit, clock, logger, env, build } = context
  const { security } = config
  const media = await buildMedia({ config, cameras, clock, logger, env })
  media?.events.on('stateChanged', () => cameras.registry.forgetLinks())
  media?.events.on('pathsChanged', () => cameras.registry.forgetLinks())
  const external = buildExternal({ config, media, clock, logger })
  const pictures = media && externalPictures({ config, external, media, clock, searchPath: env.PATH ?? '' })
  const snapshots = buildSnapshots(context, pictures)
  const recordings = buildRecordings({ config, cameras, external, media, clock, logger, env })
  snapshots.events.on('taken', ({ filename, file }) => {
    recordings.files.noticed(snapshotPlace(config, dirname(file), filename)).catch(() => undefined)
  })

  const system: System = new System({
    clock,
    build,
    thresholds: healthThresholds(config),
    storageDir: config.mediamtx.snapshots_path,
    storageFault: async () => (await recordings.storage.faultNow()) ?? standIn(config),
    maxCameras: config.camera.device_range[1] - config.camera.device_range[0] + 1,
    connections: () => face.server.connections,
    mediamtx: () => mediamtxWord(media),
    load: () => load.load(),
    calls: () => callTotals(face.lastRpc()),
  })
  const built = buildDownloads({ config, recordings, clock, logger, credentials })
  const { desk, downloads, link: downloadLink, slow, tickets } = built
  const rateLimit = new RateLimit({ requests: security.rate_limit_requests, windowMs: security.rate_limit_window, clock })
  const identityRates = new OwnRates({ rate: identityRate(config), clock })
  const costly = new CostlyRates(costlyLimits(config), clock)
  // Before anything else listens: clients hear of a camera first, our own figures afterwards.
  const { configuration, cameraConfig } = context
  const notifications = connectNotifications(
    { registry: cameras.registry, snapshots, media, configuration, cameraConfig },
    (topic, payload) => rpc.publish(topic, payload),
  )
  const ports = services(cameras, snapshots, media, system)
  const rpc = createRpc({
    services: {
      ...ports,
      ...recordingPorts(recordings, { cameras, external }),
      downloadLink,
      external: externalPort(external, clock),
      metrics: metricsPort({
        ...{ registry: cameras.registry, media, clock },
        recordings: () => recordings.activeCount,
        connections: () => face.server.connections,
        storageDir: config.mediamtx.recordings_path,
        memoryUsedPercent: () => system.memoryUsedPercent(),
        diskUsedPercent: () => system.diskUsedPercent(),
        ready: () => system.ready(),
      }),
    },
    tokens: credentials,
    tokensInCalls: config.compatibility.tokens_in_calls,
    extraMembers: config.compatibility.extra_members,
    serverInfoRole: config.compatibility.server_info_role,
    authRequiredInMessage: config.compatibility.auth_required_in_message,
    ...{ rateLimit, identityRates, costly },
    overloaded: () => face.load() > 0,
    workLimits: readAnew(
      {},
      { perConnection: () => config.server.max_requests_in_flight, perKind: () => config.server.max_slow_requests },
    ),
    ...{ audit, clock, logger },
  })
  const { pages, trust } = buildHealth({
    ...{ config, system, recordings, media, clock, logger, credentials },
    registry: cameras.registry,
    environment: env.CAMERA_SERVICE_ENV ?? 'default',
  })
  const facts = metricFacts({
    ...{ system, media, recordings, snapshots },
    rpc: { figures: () => face.figures(), threads: () => face.threads() },
    registry: cameras.registry,
    revision: env.SERVICE_GIT_COMMIT ?? '',
    recordingsDir: config.mediamtx.recordings_path,
    clients: () => face.server.connections,
    config,
    downloads: () => desk.figures,
    watchdogFeeds: context.watchdogFeeds,
    cameras,
    external,
    healthRequests: () => pages.requests,
    failedLogins: () => context.failures.counts,
    load: () => load.load().stage,
    loopDelayMs: (share) => load.watch.delayMs(share),
  })
  const text = async (format: MetricsFormat): Promise<string> => metricsText(await facts(), format)
  const metrics = new MetricsRoute({ trust, text, types: METRICS_TYPES })
  const hls = new HlsRoute({
    get publicHost() {
      return config.faces.public_host ?? undefined
    },
    playlist: (path, host) => {
      const known = media?.streamLinks(path, host).rtsp !== undefined
      return !known && media?.state === 'up' ? 'unknown' : media?.playlist(path, host)
    },
  })
  const session = new SessionRoute({ tokens, audit, role: () => config.faces.loopback_role })
  const health = healthFace({ config, clock, logger }, [pages.named, downloads])
  const face: RpcFace = await buildRpcFace({
    ...{ config, rpc, rateLimit, credentials, tokens, throttle, desk, downloads, slow, audit, clock, logger },
    registry: cameras.registry,
    cameras: ports.cameras,
    ready: () => system.ready(),
    routes: [pages.aliases, tickets, metrics, hls, session, new DescriptionRoute(() => rpc.openRpc().json)],
  })
  const load = watchLoad({ ...{ config, snapshots, clock, logger }, viewers: cameras.viewers, face: () => face })
  const ends = [
    configuration.onChange(() => {
      costly.change(costlyLimits(config))
      identityRates.change(identityRate(config))
      face.changed()
    }),
    notifications,
    ...connectRecordings(recordings, rpc.publish),
  ]

  const systemEvents = new SystemEvents({
    ...{ system, media, recordings, clock },
    connections: () => face.server.connections,
    debounce: config.performance.debounce,
    publish: rpc.publish,
  })

  const order: readonly Service[] = [
    // First up and last down: it says how far the others are.
    ...(health === undefined ? [] : [health]),
    // MediaMTX is no start dependency: its service starts looking for one and returns.
    snapshots,
    ...(media === undefined ? [] : [media]),
    external,
    face.server,
    // Last up and first down: files are closed before cameras, MediaMTX or the process end.
    recordings,
    systemEvents,
  ]
  return {
    order,
    http: face.server,
    health,
    system,
    setReady() {
      system.setReady()
      face.setReady()
      load.watch.start()
    },
    stuck: () => stuck(snapshots, media),
    beginEnd() {
      system.setStopping()
      load.watch.stop()
      const settled = face.server.settle()
      systemEvents.announceEnd()
      return settled
    },
    links: (device, host) => media?.streamLinks(device, host) ?? {},
    disconnect() {
      for (const end of ends) end()
    },
  }
}

function buildSnapshots({ config, cameras, clock, logger, env }: PartsContext, streams: StreamPictures | undefined): Snapshots {
  const { snapshots, mediamtx, workers, storage } = config
  const { captures, registry } = cameras
  const fallbacks = fallbackFolders(config)
  const fixed = {
    cameras: {
      lease: (device: string) => captures.lease(device),
      sibling: (device: string) => pictureSibling(registry.get(device), registry.list())?.device,
    },
    ...(streams && { streams }),
    ffmpeg: { binary: config.ffmpeg.binary, searchPath: env.PATH ?? '' },
    core: cameras.core,
    clock,
    logger: logger.child({ component: 'snapshots' }),
    dir: mediamtx.snapshots_path,
    ...(fallbacks && { fallbackDir: fallbacks.snapshot }),
    workerThreads: workers.snapshot_threads,
  }
  const live = {
    enabled: () => snapshots.enabled,
    deviceSubdirs: () => snapshots.use_device_subdirs,
    filePattern: () => snapshots.file_name_pattern,
    format: () => (snapshots.format === 'jpeg' ? 'jpg' : snapshots.format),
    quality: () => snapshots.quality,
    maxWidthPx: () => snapshots.max_width,
    maxHeightPx: () => snapshots.max_height,
    timeoutMs: () => snapshots.timeout,
    blockPercent: () => storage.block_percent,
  }
  return new Snapshots(readAnew(fixed, live))
}

function callTotals({ answers, durations }: RpcStats): CallTotals {
  const failed = Object.entries(answers).filter(([key]) => key.endsWith(' -32603'))
  return {
    calls: durations.counts.reduce((sum, count) => sum + count, 0),
    errors: failed.reduce((sum, [, count]) => sum + count, 0),
    seconds: durations.sumSeconds,
  }
}

function healthThresholds({ performance: { monitoring_thresholds: limits } }: Config): HealthThresholds {
  return readAnew(
    {},
    {
      memoryUsagePercent: () => limits.memory_usage_percent,
      connectionsLimit: () => limits.active_connections_limit,
      errorRatePercent: () => limits.error_rate_percent,
      averageResponseMs: () => limits.average_response_time_ms,
      tasksLimit: () => limits.goroutines_limit,
    },
  )
}

function services(
  cameras: Cameras,
  snapshots: Snapshots,
  media: MediaService | undefined,
  system: System,
): Omit<Services, 'external' | 'metrics' | 'recordings' | 'files' | 'storage'> {
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
      nodes: () => new Map(registry.list().flatMap(({ node, device }) => (node === undefined ? [] : [[node, device]]))),
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
    streams,
    system,
  }
}

/** Far beyond every deadline of theirs. */
const STUCK_MS = 60_000

function stuck(snapshots: Snapshots, media: MediaService | undefined): string | undefined {
  if (snapshots.oldestJobMs > STUCK_MS) return 'a conversion of a snapshot'
  if (media !== undefined && media.sinceTurnMs > STUCK_MS) return 'the comparison with MediaMTX'
  return undefined
}

function mediamtxWord(media: MediaService | undefined): ComponentWord {
  if (media === undefined || media.state === 'off' || media.state === 'searching') return 'STOPPED'
  return media.state === 'up' ? 'RUNNING' : 'ERROR'
}
