/** External streams, as the configuration wants them, and their methods. */

import { type Clock, timestamp } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Config } from '../config/index.js'
import { ExternalStreams, HostGuard } from '../external/index.js'
import type { MediaService } from '../media/index.js'
import type { ExternalPort } from '../rpc/index.js'
import { StreamPictures } from '../snapshots/index.js'

interface Context {
  readonly config: Config
  readonly media: MediaService | undefined
  readonly clock: Clock
  readonly logger: Logger
}

export function buildExternal({ config, media, clock, logger }: Context): ExternalStreams {
  const { external_discovery: discovery } = config
  const { skydio, generic_uav: generic } = discovery
  const { mediamtx, server, http_health: health, camera_server: camera } = config
  const ports = new Set([
    mediamtx.rtsp_port,
    mediamtx.api_port,
    mediamtx.hls_port,
    mediamtx.webrtc_port,
    server.port,
    health.port,
    camera.server.port,
  ])
  const networks = [
    discovery.allowed_networks,
    skydio.network_ranges,
    skydio.known_ips,
    generic.network_ranges,
    generic.known_ips,
  ]
  return new ExternalStreams({
    enabled: discovery.enabled,
    scanIntervalMs: discovery.scan_interval,
    scanAtStart: discovery.enable_startup_scan,
    timeoutMs: discovery.scan_timeout,
    concurrency: discovery.max_concurrent_scans,
    transport: discovery.transport,
    skydio: {
      enabled: skydio.enabled,
      networkRanges: skydio.network_ranges,
      knownIps: skydio.known_ips,
      eoPort: skydio.eo_port,
      irPort: skydio.ir_port,
      eoPath: skydio.eo_stream_path,
      irPath: skydio.ir_stream_path,
      both: skydio.enable_both_streams,
    },
    generic: {
      enabled: generic.enabled,
      networkRanges: generic.network_ranges,
      knownIps: generic.known_ips,
      ports: generic.common_ports,
      paths: generic.stream_paths,
    },
    stateDir: config.state_dir,
    clock,
    logger: logger.child({ component: 'external' }),
    fetcher: media && {
      setSource: (path, wish) => media.setSource(path, wish),
      isOnline: (path) => media.path(path)?.available === true,
    },
    hosts: new HostGuard({
      networks: networks.flat(),
      isOwnPort: (port) => port === media?.rtspPort || ports.has(port),
    }),
  })
}

/** Stills of them. */
export function externalPictures(context: {
  readonly config: Config
  readonly external: ExternalStreams
  readonly media: MediaService
  readonly clock: Clock
  readonly searchPath: string
}): StreamPictures {
  const { config, external, media, clock, searchPath } = context
  return new StreamPictures({
    streams: {
      has: (device) => external.has(device),
      isReady: (device) => media.path(device)?.available === true,
      address: (device) => media.readAddress(device),
    },
    ffmpeg: { binary: config.ffmpeg.binary, searchPath },
    clock,
  })
}

export function externalPort(external: ExternalStreams, clock: Clock): ExternalPort {
  return {
    discover: (wish) => external.discover(wish),
    async add(url, name, type) {
      const { stream, addedAt } = await external.add({ url, name, type })
      return { stream_url: stream.url, stream_name: stream.name, stream_type: stream.type, status: 'ADDED', timestamp: addedAt }
    },
    async remove(url) {
      const removed = await external.remove(url)
      return { stream_url: removed.url, status: 'REMOVED', timestamp: timestamp(clock.wallMs()) }
    },
    list: () => external.list(),
    setInterval(scanInterval) {
      external.setInterval(scanInterval * 1000)
      return {
        scan_interval: scanInterval,
        status: 'UPDATED',
        message: scanInterval === 0 ? 'scans only on request' : `scans every ${scanInterval} s`,
        timestamp: timestamp(clock.wallMs()),
      }
    },
  }
}
