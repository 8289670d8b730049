/** Cameras on the wire (contract §9.2). */

import { type Builder, type Shape, words } from '../schema.js'
import { bytes, camera, count, deviceParam, seconds } from './common.js'

export const Camera = (t: Builder) =>
  t.Object({
    device: camera(t),
    status: words(t, ['CONNECTED', 'DISCONNECTED', 'ERROR']),
    name: t.String(),
    resolution: t.String({ description: '`WxH`' }),
    fps: count(t),
    streams: t.Object(
      { rtsp: t.Optional(t.String()), hls: t.Optional(t.String()), webrtc: t.Optional(t.String()) },
      { description: 'Links for players; `webrtc` when MediaMTX has it on' },
    ),
  })

export type CameraList = Shape<typeof CameraList>
export const CameraList = (t: Builder) =>
  t.Object({
    cameras: t.Array(Camera(t)),
    total: t.Integer({ minimum: 0, description: 'All known cameras' }),
    connected: t.Integer({ minimum: 0, description: 'Cameras whose status is CONNECTED' }),
  })

export const CameraStatusParams = (t: Builder) =>
  t.Object({
    device: deviceParam(t),
    debug: t.Optional(t.Boolean({ description: 'An admin then sees `debug.internal_device_path`', rule: 'true or false' })),
  })

export type CameraStatus = Shape<typeof CameraStatus>
export const CameraStatus = (t: Builder) =>
  t.Object({
    ...Camera(t).properties,
    metrics: t.Optional(t.Object({ bytes_sent: bytes(t), readers: count(t), uptime: seconds(t) })),
    debug: t.Optional(
      t.Object({ internal_device_path: t.Union([t.String(), t.Null()], { description: 'Null while it has none' }) }),
    ),
    capabilities: t.Optional(t.Object({ formats: t.Array(t.String()), resolutions: t.Array(t.String()) })),
  })

export type CameraCapabilities = Shape<typeof CameraCapabilities>
export const CameraCapabilities = (t: Builder) =>
  t.Object({
    device: camera(t),
    formats: t.Array(t.String(), { description: 'Pixel formats' }),
    resolutions: t.Array(t.String(), { description: '`WxH`' }),
    fps_options: t.Array(count(t)),
    validation_status: words(t, ['NONE', 'DISCONNECTED', 'CONFIRMED']),
  })
