/** The RPC face over in-memory services, on a free port of loopback. */

import { fileURLToPath } from 'node:url'
import { Credentials, createTokens, LoginThrottle, RateLimit, type Role, type Tokens } from '../../src/auth/index.js'
import { type Clock, systemClock } from '../../src/base/clock.js'
import { ServiceError } from '../../src/base/errors.js'
import { createLogger } from '../../src/base/logger.js'
import { Rendered } from '../../src/base/rendered.js'
import { createHttpServer, DescriptionRoute, type HttpServer, type HttpServerSettings } from '../../src/http/index.js'
import { type CameraStatus, createRpc, type Rpc, type RpcStats, type Services, type Snapshot } from '../../src/rpc/index.js'
import { RpcWorkers } from '../../src/workers/index.js'

const HOUR_MS = 3_600_000
/** What else runs on the machine makes the loop late. */
const NO_SHEDDING = { enabled: false, loopDelayMs: [0, 0], usedPercent: [0, 0] } as const
const ROOT = new URL('../../', import.meta.url)
const THROTTLE = { burst: 10, windowMs: 60_000, lockMs: 1_000, maxLockMs: 60_000, exempt: ['127.0.0.0/8'] }
const NOW = '2030-04-01T08:15:00.000Z'
const noKey = (): never => {
  throw new ServiceError('AUTH_FAILED', { details: 'there are no keys' })
}
const featureOff = () => new ServiceError('UNSUPPORTED', { data: { feature: 'external_discovery' } })
const switchedOff = async (): Promise<never> => {
  throw featureOff()
}

export interface RpcServerOptions {
  /** Default: any free one. */
  readonly port?: number
  readonly clock?: Clock
  readonly settings?: Partial<HttpServerSettings>
  /** Ports to replace. */
  readonly services?: Partial<Services>
  /** Calls a connection may make per minute. Default: so many that no test notices. */
  readonly callsPerMinute?: number
  readonly onLog?: (line: string) => void
  /** Threads that hold connections; 1: this one does. Default: CAMERA_SERVICE_SERVER_WORKERS, else 1. */
  readonly workers?: number
  /** Of node, for these threads. */
  readonly execArgv?: readonly string[]
  /** Of each of these threads. */
  readonly maxHeapMb?: number
  /** Seconds after which a silent one is given up. */
  readonly maxSilentBeats?: number
}

export interface RpcServer {
  readonly rpc: Rpc
  readonly http: HttpServer
  readonly tokens: Tokens
  readonly url: string
  /** Of all threads. */
  stats(): Promise<RpcStats>
  token(role: Role, lifetimeMs?: number): string
  stop(): Promise<void>
}

const brightness = {
  id: 9963776,
  name: 'brightness',
  label: 'Brightness',
  type: 'integer' as const,
  minimum: -64,
  maximum: 64,
  step: 1,
  default: 0,
  flags: [],
  inactive: false,
  settable: true,
}

/** Two cameras, `camera0` and `camera2`; the node `/dev/video4` belongs to `camera2`. */
export function memoryServices(overrides: Partial<Services> = {}): Services {
  const cameras = new Map(['camera0', 'camera2'].map((device) => [device, camera(device)]))
  const get = (device: string): CameraStatus => {
    const found = cameras.get(device)
    if (found === undefined) throw new ServiceError('CAMERA_NOT_FOUND', { data: { resource: 'camera', id: device } })
    return found
  }
  return {
    cameras: {
      nodes: () => new Map([['/dev/video4', 'camera2']]),
      list: () => new Rendered({ cameras: [...cameras.values()], total: 2, connected: 2 }),
      status: (device) => new Rendered(get(device)),
      capabilities: (device) =>
        new Rendered({
          device: get(device).device,
          formats: ['MJPG'],
          resolutions: ['640x480'],
          fps_options: [30],
          validation_status: 'CONFIRMED',
        }),
    },
    controls: {
      list: async (device) => [{ ...brightness, value: get(device).device === 'camera0' ? 7 : 0 }],
      set: async (device, values) => {
        get(device)
        return Object.keys(values).map((name) => ({ name, status: 'applied' as const }))
      },
      reset: async (device, names = ['brightness']) => {
        get(device)
        return names.map((name) => ({ name, status: 'applied' as const }))
      },
    },
    snapshots: { take: async ({ device, filename }) => snapshot(get(device).device, filename ?? 'still.jpg') },
    recordings: {
      status: (device) => {
        get(device)
        return null
      },
      start: async ({ device, format = 'fmp4' }) => ({
        device: get(device).device,
        filename: `${device}_2030-04-01_08-15-00`,
        status: 'RECORDING',
        start_time: '2030-04-01T08:15:00.000Z',
        format,
      }),
      stop: async (device) => {
        get(device)
        throw new ServiceError('INVALID_STATE', { data: { state: 'IDLE', allowed_states: ['RECORDING'] } })
      },
    },
    files: {
      list: async (_kind, { limit = 50, offset = 0 }) => ({ files: [], total: 0, limit, offset }),
      recordingInfo: async (filename) => {
        throw new ServiceError('RECORDING_NOT_FOUND', { data: { resource: 'recording', id: filename } })
      },
      recordingFacts: async () => ({ writer: 'ffmpeg' }),
      snapshotInfo: async (filename) => {
        throw new ServiceError('SNAPSHOT_NOT_FOUND', { data: { resource: 'snapshot', id: filename } })
      },
      delete: async (_kind, filename) => ({ filename, deleted: true, message: 'deleted' }),
    },
    storage: {
      info: async () => ({
        total_space: 100,
        used_space: 50,
        available_space: 50,
        usage_percentage: 50,
        recordings_size: 1,
        snapshots_size: 1,
        low_space_warning: false,
      }),
      setPolicy: async (policy) => ({ ...policy, message: 'Retention policy updated' }),
      cleanup: async () => ({ cleanup_executed: true, files_deleted: 0, space_freed: 0, message: 'Nothing to clean up' }),
    },
    streams: {
      start: async (device, host) => ({
        device,
        stream_name: get(device).device,
        stream_url: `rtsp://${host}:8554/${device}`,
        status: 'STARTED',
        start_time: '2030-04-01T08:15:00.000Z',
        auto_close_after: '300s',
        ffmpeg_command: 'ffmpeg',
      }),
      stop: async (device) => {
        throw new ServiceError('INVALID_STATE', { data: { state: 'IDLE', allowed_states: ['STREAMING'], device } })
      },
      url: async (device, host) => ({
        device: get(device).device,
        stream_name: device,
        stream_url: `rtsp://${host}:8554/${device}`,
        available: false,
        active_consumers: 0,
        stream_status: 'NOT_READY',
      }),
      status: async (device) => {
        throw new ServiceError('STREAM_NOT_FOUND', { data: { resource: 'stream', id: device } })
      },
      list: async () => {
        throw new ServiceError('DEPENDENCY_FAILED', { data: { dependency: 'MediaMTX', detail: 'not running' } })
      },
    },
    external: {
      discover: switchedOff,
      add: switchedOff,
      remove: switchedOff,
      list: () => ({ external_streams: [], skydio_streams: [], generic_streams: [], total_count: 0, timestamp: NOW }),
      setInterval: () => {
        throw featureOff()
      },
    },
    metrics: {
      metrics: async () => ({
        timestamp: NOW,
        system_metrics: { cpu_usage: 1, memory_usage: 2, disk_usage: 3, goroutines: 4 },
        camera_metrics: { connected_cameras: 0, cameras: {} },
        recording_metrics: { active_recordings: 0 },
        stream_metrics: { active_streams: 0, total_streams: 0, total_viewers: 0 },
      }),
      flatMetrics: async () => ({
        cpu_usage: 1,
        memory_usage: 2,
        disk_usage: { total: 100, used: 3, available: 97, percentage: 3 },
        network_stats: { connections: 1, bytes_sent: 2, bytes_received: 3 },
      }),
      systemStatus: () => ({
        status: 'ready',
        message: 'System is fully operational',
        available_cameras: [...cameras.keys()],
        discovery_active: false,
      }),
    },
    system: {
      ready: () => true,
      status: () => ({
        status: 'HEALTHY',
        uptime: 1.5,
        version: '0.1.0',
        components: { websocket_server: 'RUNNING', camera_monitor: 'RUNNING', mediamtx: 'STOPPED' },
      }),
      serverInfo: () => ({
        name: 'MediaMTX Camera Service',
        version: '0.1.0',
        build_date: 'unknown',
        go_version: process.version,
        architecture: 'amd64',
        capabilities: ['snapshots', 'recordings', 'streaming'],
        supported_formats: ['fmp4', 'mp4', 'mkv', 'jpg'],
        max_cameras: 10,
      }),
    },
    ...overrides,
  }
}

export function snapshot(device: string, filename: string): Snapshot {
  return {
    device,
    filename,
    status: 'SUCCESS',
    timestamp: '2030-04-01T08:15:00.000Z',
    file_size: 1,
    file_path: `/snapshots/${filename}`,
  }
}

export async function startRpcServer(options: RpcServerOptions = {}): Promise<RpcServer> {
  const clock = options.clock ?? systemClock
  const logger = createLogger({
    level: options.workers === undefined ? 'error' : 'info',
    format: 'json',
    write: options.onLog ?? (() => undefined),
  })
  const tokens = createTokens({
    secret: 'a secret of the tests, longer than 32 bytes',
    leewayMs: 30_000,
    maxLifetimeMs: 0,
    clock,
  })
  const rate = { requests: options.callsPerMinute ?? 1_000_000, windowMs: 60_000 }
  const services = memoryServices(options.services)
  const rpc = createRpc({ services, tokens, rateLimit: new RateLimit({ ...rate, clock }), clock, logger })
  const address = { host: '127.0.0.1', port: options.port ?? 0, key: 'server.port' }
  const common = {
    ...{ rpc, clock, logger, address },
    // Who logs in late because the machine is slow is no stranger.
    settings: { loginMs: 300_000, ...options.settings },
    routes: [new DescriptionRoute(() => rpc.openRpc().json)],
  }
  // Other threads know only the time of day: a clock of a test's own is for one thread.
  const wanted = options.clock === undefined ? Number(process.env.CAMERA_SERVICE_SERVER_WORKERS ?? 1) : 1
  const { workers: threads = wanted } = options
  const throttle = new LoginThrottle({ ...THROTTLE, clock })
  const workers = new RpcWorkers({
    ...{ ...common, threads, tokens, throttle },
    limits: () => ({
      rate,
      identityRate: { ...rate, requests: rate.requests * 10 },
      work: { perConnection: 32, perKind: 256 },
      load: NO_SHEDDING,
    }),
    onTrouble: (error) => rpc.publish('system.error', { error }),
    audit: () => undefined,
    ready: () => services.system.ready(),
    cameras: { ...services.cameras, onChange: () => () => undefined },
    rules: { tokensInCalls: false, authRequiredInMessage: false, extraMembers: false, serverInfoRole: 'viewer' },
    tokenRules: { leewayMs: 30_000, maxLifetimeMs: 0 },
    throttleRules: THROTTLE,
    credentials: new Credentials({ tokens, keys: { verify: noKey }, throttle }),
    downloads: undefined,
    guardFile: fileURLToPath(new URL('build/Release/thread_guard.node', ROOT)),
    threadFile: new URL('dist/workers/thread.js', ROOT),
    execArgv: options.execArgv ?? [],
    ...(options.maxHeapMb !== undefined && { maxHeapMb: options.maxHeapMb }),
    maxSilentBeats: options.maxSilentBeats ?? 10,
  })
  const http = threads > 1 ? workers : createHttpServer(common)
  await http.start(new AbortController().signal)
  return {
    rpc,
    http,
    tokens,
    stats: async () => (threads > 1 ? (await workers.allFigures()).rpc : rpc.stats()),
    url: `ws://127.0.0.1:${http.port}/ws`,
    token: (role, lifetimeMs = HOUR_MS) => tokens.sign({ userId: 'tester', role, lifetimeMs }),
    stop: () => http.stop(),
  }
}

function camera(device: string): CameraStatus {
  return {
    device,
    status: 'CONNECTED',
    name: `Bench ${device}`,
    resolution: '1280x720',
    fps: 25,
    streams: { rtsp: `rtsp://cam-host:8554/${device}`, hls: `http://cam-host/hls/${device}.m3u8` },
  }
}
