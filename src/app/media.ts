/** MediaMTX and the publishers, as the configuration wants them; not even loaded when switched off. */

import type { Clock } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import { type Cameras, wholeFps } from '../cameras/index.js'
import type { Config } from '../config/index.js'
import type { MediaService } from '../media/index.js'
import { NOTIFIER_FILE, PUBLISH_GUARD_FILE } from './native-files.js'
import { readAnew } from './read-anew.js'

export interface MediaContext {
  readonly config: Config
  readonly cameras: Cameras
  readonly clock: Clock
  readonly logger: Logger
  readonly env: Readonly<Record<string, string | undefined>>
}

export async function buildMedia({ config, cameras, clock, logger, env }: MediaContext): Promise<MediaService | undefined> {
  const { mediamtx, ffmpeg } = config
  if (mediamtx.mode === 'off') return undefined
  const { createMedia } = await import('../media/index.js')
  const { registry, feeds } = cameras
  const binary = mediamtx.binary ?? env.MEDIAMTX_BIN
  const template = (text: string): string => text.replaceAll('{rpc_port}', String(config.server.port))
  const { api_username: user, api_password: password } = mediamtx
  return createMedia({
    clock,
    logger: logger.child({ component: 'media' }),
    stateDir: config.state_dir,
    searchPath: env.PATH ?? '',
    cameras: { exists: (device) => registry.has(device) },
    feeds: {
      list: () =>
        registry.list().flatMap((camera) => {
          const { device, mode, status } = camera
          if (mode === undefined || status === 'DISCONNECTED') return []
          return [{ device, width: mode.width, height: mode.height, fps: wholeFps(mode.interval) }]
        }),
      onChange: (listener) => registry.events.on('changed', listener),
      open: (device, _signal, into) => feeds.open(device, into === undefined ? {} : { into }),
    },
    mode: mediamtx.mode,
    host: mediamtx.host,
    apiPort: mediamtx.api_port,
    apiTimeoutMs: mediamtx.timeout,
    rtspPort: mediamtx.rtsp_port,
    hlsPort: mediamtx.hls_port,
    webrtcPort: mediamtx.webrtc_port,
    webrtcUdpPort: mediamtx.webrtc_udp_port,
    ...(user === null || password === null ? {} : { apiCredentials: { user, password } }),
    ...(binary === undefined ? {} : { binary }),
    ffmpeg: ffmpeg.binary,
    notifierFile: NOTIFIER_FILE,
    guardFile: PUBLISH_GUARD_FILE,
    // Read by each publisher that starts.
    codec: readAnew(
      {},
      {
        profile: () => mediamtx.codec.video_profile,
        level: () => mediamtx.codec.video_level,
        pixelFormat: () => mediamtx.codec.pixel_format,
        bitrate: () => mediamtx.codec.bitrate,
        preset: () => mediamtx.codec.preset,
      },
    ),
    encoder: mediamtx.codec.encoder,
    publish: mediamtx.publish,
    compareIntervalMs: mediamtx.reconcile_interval,
    startTimeoutMs: mediamtx.run_on_demand_start_timeout,
    demandCloseAfterMs: mediamtx.run_on_demand_close_after,
    sourceCloseAfterMs: mediamtx.snapshot_close_after,
    viewCloseAfterMs: mediamtx.view_close_after,
    links: {
      rtsp: template(mediamtx.links.rtsp),
      hls: template(mediamtx.links.hls),
      webrtc: template(mediamtx.links.webrtc),
    },
  })
}
