/** What `get_metrics` and `get_system_status` answer. */

import { readFile } from 'node:fs/promises'
import { type Clock, timestamp } from '../base/clock.js'
import { diskRoom } from '../base/disk-room.js'
import type { Camera, CameraRegistry } from '../cameras/index.js'
import type { MediaService } from '../media/index.js'
import { CpuMeter } from '../monitor/index.js'
import type { MetricsPort } from '../rpc/index.js'

type Answer = Awaited<ReturnType<MetricsPort['metrics']>>
type CameraMetrics = Answer['camera_metrics']['cameras'][string]

/** Of a line of /proc/net/dev: bytes sent. */
const SENT_COLUMN = 8

export interface MetricsOptions {
  readonly registry: CameraRegistry
  readonly media: Pick<MediaService, 'state' | 'streams'> | undefined
  /** How many recordings are under way. */
  readonly recordings: () => number
  /** Open WebSocket connections. */
  readonly connections: () => number
  /** Whose disk is meant. */
  readonly storageDir: string
  readonly memoryUsedPercent: () => number
  readonly diskUsedPercent: () => Promise<number | undefined>
  /** Every component is up. */
  readonly ready: () => boolean
  readonly clock: Clock
}

export function metricsPort(options: MetricsOptions): MetricsPort {
  const { registry, media, recordings, memoryUsedPercent, diskUsedPercent, ready, clock } = options
  const cpu = new CpuMeter(clock)
  const leftWallMs = new Map<string, number>()
  registry.events.on('disconnected', ({ device }) => leftWallMs.set(device, clock.wallMs()))
  return {
    async metrics() {
      const wallMs = clock.wallMs()
      const cameras = registry.list()
      // Without MediaMTX there are no streams, which is an answer too.
      const streams = (await media?.streams().catch(() => undefined))?.value ?? []
      return {
        timestamp: timestamp(wallMs),
        system_metrics: {
          cpu_usage: oneDigit(cpu.percent),
          memory_usage: oneDigit(memoryUsedPercent()),
          disk_usage: oneDigit((await diskUsedPercent()) ?? 0),
          goroutines: process.getActiveResourcesInfo().length,
        },
        camera_metrics: {
          connected_cameras: cameras.filter(({ status }) => status === 'CONNECTED').length,
          cameras: Object.fromEntries(
            cameras.map((camera) => {
              const seenWallMs = camera.status === 'DISCONNECTED' ? leftWallMs.get(camera.device) : undefined
              return [camera.device, cameraMetrics(camera, seenWallMs ?? wallMs)]
            }),
          ),
        },
        recording_metrics: { active_recordings: recordings() },
        stream_metrics: {
          active_streams: streams.filter((stream) => stream.ready).length,
          total_streams: streams.length,
          total_viewers: streams.reduce((sum, { readers }) => sum + readers, 0),
        },
      }
    },
    async flatMetrics() {
      const { connections, storageDir } = options
      const [disk, traffic] = await Promise.all([diskFigures(storageDir), networkBytes()])
      return {
        cpu_usage: oneDigit(cpu.percent),
        memory_usage: oneDigit(memoryUsedPercent()),
        disk_usage: disk,
        network_stats: { connections: connections(), bytes_sent: traffic.sent, bytes_received: traffic.received },
      }
    },
    systemStatus() {
      const discovering = registry.discovering
      const available = registry.list().flatMap(({ device, status }) => (status === 'CONNECTED' ? [device] : []))
      const away = media?.state === 'down'
      if (!ready() || ((discovering || away) && available.length === 0)) {
        return answer('starting', 'System is initializing, please wait', available, discovering || !ready())
      }
      if (away) return answer('partial', 'Some cameras available, MediaMTX is not', available, discovering)
      if (discovering) return answer('partial', 'Some cameras available, discovery in progress', available, true)
      return answer('ready', 'System is fully operational', available, false)
    },
  }
}

function answer(
  status: 'starting' | 'partial' | 'ready',
  message: string,
  available: readonly string[],
  discovering: boolean,
): ReturnType<MetricsPort['systemStatus']> {
  return { status, message, available_cameras: available, discovery_active: discovering }
}

function cameraMetrics(camera: Camera, seenWallMs: number): CameraMetrics {
  const { device, name, status, report } = camera
  const words = report === undefined ? [] : capabilityWords(report.caps)
  return {
    path: device,
    name,
    status,
    device_num: Number(/\d+$/.exec(device)?.[0] ?? 0),
    last_seen: timestamp(seenWallMs),
    capabilities: {
      driver_name: report?.driver ?? '',
      card_name: report?.card ?? '',
      bus_info: report?.busInfo ?? '',
      version: report?.driverVersion ?? '',
      capabilities: words,
      device_caps: words,
    },
    formats: (report?.formats ?? []).flatMap(({ fourcc, sizes }) =>
      sizes.map(({ width, height, intervals }) => ({
        pixel_format: fourcc,
        width,
        height,
        frame_rates: intervals.map(({ num, den }) => (den / num).toFixed(3)),
      })),
    ),
  }
}

function capabilityWords(caps: { readonly multiplanar: boolean; readonly streaming: boolean }): string[] {
  return [caps.multiplanar ? 'VIDEO_CAPTURE_MPLANE' : 'VIDEO_CAPTURE', ...(caps.streaming ? ['STREAMING'] : [])]
}

/** As `get_storage_info` counts. */
async function diskFigures(dir: string) {
  const room = await diskRoom(dir).catch(() => undefined)
  const { totalBytes: total = 0, usedBytes: used = 0, availableBytes: available = 0, usedPercent = 0 } = room ?? {}
  return { total, used, available, percentage: oneDigit(usedPercent) }
}

/** Since the machine started, over all interfaces but loopback. */
async function networkBytes(): Promise<{ readonly sent: number; readonly received: number }> {
  const text = await readFile('/proc/net/dev', 'utf8').catch(() => '')
  let [sent, received] = [0, 0]
  for (const line of text.split('\n')) {
    const [name = '', figures = ''] = line.split(':')
    const counts = figures.trim().split(/\s+/).map(Number)
    if (counts.length < SENT_COLUMN || name.trim() === 'lo') continue
    received += counts[0] ?? 0
    sent += counts[SENT_COLUMN] ?? 0
  }
  return { sent, received }
}

const oneDigit = (value: number): number => Math.round(value * 10) / 10
