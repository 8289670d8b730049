/** Gathers the figures of all parts for `/metrics`. */

import { statfs } from 'node:fs/promises'
import type { Counts } from '../base/tally.js'
import type { CameraRegistry, Cameras } from '../cameras/index.js'
import type { Config } from '../config/index.js'
import type { ExternalStreams } from '../external/index.js'
import type { DownloadFigures } from '../http/index.js'
import type { MediaService } from '../media/index.js'
import { Collections, type MetricFacts, type PathFacts, processFacts } from '../monitor/index.js'
import type { Recordings } from '../recordings/index.js'
import type { Snapshots } from '../snapshots/index.js'
import type { RpcFace } from './rpc-face.js'
import type { System } from './system.js'

export interface MetricSources {
  readonly system: System
  /** Of the source tree; empty when unknown. */
  readonly revision: string
  readonly registry: CameraRegistry
  readonly media: MediaService | undefined
  readonly recordings: Recordings
  readonly recordingsDir: string
  readonly snapshots: Snapshots
  readonly rpc: Pick<RpcFace, 'figures' | 'threads'>
  readonly clients: () => number
  readonly config: Config
  readonly downloads: () => DownloadFigures
  readonly watchdogFeeds: () => number
  readonly failedLogins: () => Counts
  readonly external: Pick<ExternalStreams, 'figures'>
  readonly healthRequests: () => Counts
  readonly cameras: Pick<Cameras, 'viewers' | 'deviceEvents' | 'probes'>
  /** Stage of load shedding. */
  readonly load: () => number
  /** How late the event loop comes to so great a share of its turns. */
  readonly loopDelayMs: (share: number) => number
}

const QUANTILES = [0.5, 0.95, 1]

/** Counts from now on; the function gives the figures of the moment. */
export function metricFacts(sources: MetricSources): () => Promise<MetricFacts> {
  const { system, media, recordings, snapshots, registry, rpc } = sources
  const counted = { started: 0, failed: 0, taken: 0, notTaken: 0 }
  recordings.events.on('started', () => {
    counted.started += 1
  })
  recordings.events.on('failed', () => {
    counted.failed += 1
  })
  snapshots.events.on('taken', () => {
    counted.taken += 1
  })
  snapshots.events.on('failed', () => {
    counted.notTaken += 1
  })
  const collections = new Collections()
  return async () => {
    const [process, storage, paths, figures] = await Promise.all([
      ...([processFacts(), room(sources.recordingsDir), pathsOf(media), rpc.figures()] as const),
    ])
    const { sessions: _sessions, ...calls } = figures.rpc
    return {
      build: { version: system.version, revision: sources.revision, nodeVersion: globalThis.process.version },
      process,
      mediamtx: mediamtxOf(media),
      paths,
      rpc: { clients: sources.clients(), ...calls, threads: rpc.threads() },
      connections: figures.connections,
      limits: limitsOf(sources.config),
      downloads: sources.downloads(),
      deviceEvents: sources.cameras.deviceEvents,
      probes: sources.cameras.probes,
      cameras: camerasByState(registry),
      recordings: { active: recordings.activeCount, started: counted.started, failed: counted.failed },
      snapshots: { taken: counted.taken, failed: counted.notTaken, queueUsedPercent: snapshots.queueUsedPercent },
      discovery: sources.external.figures,
      retention: recordings.cleaner.figures,
      healthRequests: sources.healthRequests(),
      failedLogins: sources.failedLogins(),
      viewers: { now: sources.cameras.viewers.total, ...sources.cameras.viewers.totals },
      collections: collections.durations,
      storage,
      storageState: recordings.storage.state,
      draining: system.stopping(),
      watchdogFeeds: sources.watchdogFeeds(),
      loadStage: sources.load(),
      loopDelaySeconds: Object.fromEntries(QUANTILES.map((share) => [String(share), sources.loopDelayMs(share) / 1_000])),
      ready: system.ready() && !system.stopping() && media?.state !== 'down',
    }
  }
}

/** Those of reliability-security §1 that are configured, as they are in force. */
function limitsOf({ server, security, faces, downloads, notifications }: Config): MetricFacts['limits'] {
  return {
    connections: server.max_connections,
    unauthenticated: server.max_unauthenticated ?? Math.max(64, Math.floor(server.max_connections / 10)),
    unauthenticated_per_address: server.max_unauthenticated_per_address,
    message_bytes: server.max_message_size,
    message_bytes_unauthenticated: server.max_message_size_unauthenticated,
    requests_in_flight_per_connection: server.max_requests_in_flight,
    slow_requests_per_kind: server.max_slow_requests,
    requests_per_window: security.rate_limit_requests,
    requests_per_window_of_identity: security.rate_limit_requests * security.rate_limits.identity_factor,
    pending_bytes_soft: server.send_buffer_soft,
    pending_bytes_hard: server.send_buffer_hard,
    pending_bytes_total: server.send_buffer_total,
    pending_notifications: notifications.websocket.max_queue_size,
    mjpeg_viewers: faces.camera.max_viewers,
    mjpeg_viewers_per_camera: faces.camera.max_viewers_per_camera,
    downloads: downloads.max_concurrent,
    downloads_per_identity: downloads.max_per_identity,
  }
}

function mediamtxOf(media: MediaService | undefined): MetricFacts['mediamtx'] {
  if (media === undefined || media.state === 'off' || media.state === 'searching') return undefined
  return { up: media.state === 'up', version: media.version, ...media.meter.figures }
}

async function pathsOf(media: MediaService | undefined): Promise<readonly PathFacts[]> {
  if (media?.state !== 'up') return []
  const streams = await media.streams().catch(() => undefined)
  return (streams?.value ?? []).flatMap(({ name }) => {
    const path = media.path(name)
    if (path === undefined) return []
    const readers: Record<string, number> = {}
    for (const { type } of path.readers) readers[type] = (readers[type] ?? 0) + 1
    return [{ name, online: path.available, source: path.sourceType ?? '', readers }]
  })
}

function camerasByState(registry: CameraRegistry): MetricFacts['cameras'] {
  const counts = { CONNECTED: 0, DISCONNECTED: 0, ERROR: 0 }
  for (const { status } of registry.list()) counts[status] += 1
  return counts
}

async function room(dir: string): Promise<MetricFacts['storage']> {
  try {
    const { bsize, blocks, bavail } = await statfs(dir)
    return { sizeBytes: bsize * blocks, availableBytes: bsize * bavail }
  } catch {
    return undefined
  }
}
