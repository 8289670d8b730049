/** Shapes on the wire (contract §9): one schema each gives the type, the check and the manual's text. */

import { type Shape, Type, words } from './schema.js'

const Time = Type.String({ format: 'date-time', description: 'UTC, ISO 8601, ends with Z' })
const Count = Type.Integer({ minimum: 0 })
const Seconds = Type.Integer({ minimum: 0, description: 'Seconds' })
const Bytes = Type.Integer({ minimum: 0, description: 'Bytes' })
const Device = Type.String({ pattern: '^camera[0-9]+$', description: 'Camera id' })

/** A camera as clients name it: its id, or its device node, which is an alias for the id. */
const DeviceParam = Type.String({
  pattern: '^(camera[0-9]+|/dev/video[0-9]+)$',
  maxLength: 32,
  description: 'Camera id; `/dev/videoN` is accepted as an alias',
  rule: 'matches ^camera[0-9]+$',
})

export const NoParams = Type.Object({})
export const DeviceParams = Type.Object({ device: DeviceParam })

const Camera = Type.Object({
  device: Device,
  status: words(['CONNECTED', 'DISCONNECTED', 'ERROR']),
  name: Type.String(),
  resolution: Type.String({ description: '`WxH`' }),
  fps: Count,
  streams: Type.Object(
    { rtsp: Type.Optional(Type.String()), hls: Type.Optional(Type.String()), webrtc: Type.Optional(Type.String()) },
    { description: 'Links for players; `webrtc` when MediaMTX has it on' },
  ),
})

export type CameraList = Shape<typeof CameraList>
export const CameraList = Type.Object({
  cameras: Type.Array(Camera),
  total: Type.Integer({ minimum: 0, description: 'All known cameras' }),
  connected: Type.Integer({ minimum: 0, description: 'Cameras whose status is CONNECTED' }),
})

export type CameraStatus = Shape<typeof CameraStatus>
export const CameraStatus = Type.Object({
  ...Camera.properties,
  metrics: Type.Optional(Type.Object({ bytes_sent: Bytes, readers: Count, uptime: Seconds })),
  capabilities: Type.Optional(Type.Object({ formats: Type.Array(Type.String()), resolutions: Type.Array(Type.String()) })),
})

export type CameraCapabilities = Shape<typeof CameraCapabilities>
export const CameraCapabilities = Type.Object({
  device: Device,
  formats: Type.Array(Type.String(), { description: 'Pixel formats' }),
  resolutions: Type.Array(Type.String(), { description: '`WxH`' }),
  fps_options: Type.Array(Count),
  validation_status: words(['NONE', 'DISCONNECTED', 'CONFIRMED']),
})

export type TakeSnapshotParams = Shape<typeof TakeSnapshotParams>
export const TakeSnapshotParams = Type.Object({
  device: DeviceParam,
  filename: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      pattern: '^(?!.*\\.\\.)[^<>:"/\\\\|?*\\u0000-\\u001f\\u007f]*$',
      description: 'Name to store under; without an extension, the one of the format is added',
      rule: '1 to 255 characters, no "..", no path separator, none of < > : " | ? *, no control characters',
    }),
  ),
  format: Type.Optional(words(['jpg', 'jpeg', 'png'])),
  quality: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 85, description: 'Without meaning for PNG' })),
  max_width: Type.Optional(Type.Integer({ minimum: 1, description: 'Pixels' })),
  max_height: Type.Optional(Type.Integer({ minimum: 1, description: 'Pixels' })),
  auto_resize: Type.Optional(Type.Boolean()),
  compression: Type.Optional(Type.Integer()),
})

export type Snapshot = Shape<typeof Snapshot>
export const Snapshot = Type.Object({
  device: Device,
  filename: Type.String({ description: 'As stored, extension included' }),
  status: words(['SUCCESS', 'FAILED']),
  timestamp: Time,
  file_size: Bytes,
  file_path: Type.String({ description: 'Absolute path on the server' }),
})

export type StartedStream = Shape<typeof StartedStream>
export const StartedStream = Type.Object({
  device: Device,
  stream_name: Type.String(),
  stream_url: Type.String({ description: 'RTSP' }),
  status: words(['STARTED', 'FAILED']),
  start_time: Time,
  auto_close_after: Type.String({ description: 'Such as `300s`' }),
  ffmpeg_command: Type.String(),
})

export type StoppedStream = Shape<typeof StoppedStream>
export const StoppedStream = Type.Object({
  device: Device,
  stream_name: Type.String(),
  status: words(['STOPPED', 'FAILED']),
  start_time: Time,
  end_time: Time,
  duration: Seconds,
  stream_continues: Type.Boolean({ description: 'Others still read it' }),
  message: Type.Optional(Type.String()),
})

export type StreamUrl = Shape<typeof StreamUrl>
export const StreamUrl = Type.Object({
  device: Device,
  stream_name: Type.String(),
  stream_url: Type.String({ description: 'The one a start would give' }),
  available: Type.Boolean(),
  active_consumers: Count,
  stream_status: words(['READY', 'NOT_READY', 'ERROR']),
})

export type StreamStatus = Shape<typeof StreamStatus>
export const StreamStatus = Type.Object({
  device: Device,
  stream_name: Type.String(),
  status: words(['ACTIVE', 'INACTIVE', 'ERROR', 'STARTING', 'STOPPING']),
  ready: Type.Boolean(),
  ffmpeg_process: Type.Object({ running: Type.Boolean(), pid: Count, uptime: Seconds }),
  mediamtx_path: Type.Object({ exists: Type.Boolean(), ready: Type.Boolean(), readers: Count }),
  metrics: Type.Object({ bytes_sent: Bytes, frames_sent: Count, bitrate: Count, fps: Count }),
  start_time: Time,
})

export type StreamEntry = Shape<typeof StreamEntry>
export const StreamEntry = Type.Object({
  name: Type.String(),
  source: Type.String(),
  ready: Type.Boolean(),
  readers: Count,
  bytes_sent: Bytes,
})

export const StreamList = Type.Array(StreamEntry)

const ComponentState = words(['RUNNING', 'STOPPED', 'ERROR', 'STARTING', 'STOPPING'])

export type ServiceStatus = Shape<typeof ServiceStatus>
export const ServiceStatus = Type.Object({
  status: words(['HEALTHY', 'DEGRADED', 'UNHEALTHY']),
  uptime: Type.Number({ minimum: 0, description: 'Seconds' }),
  version: Type.String(),
  components: Type.Object({ websocket_server: ComponentState, camera_monitor: ComponentState, mediamtx: ComponentState }),
})

export type ServerInfo = Shape<typeof ServerInfo>
export const ServerInfo = Type.Object({
  name: Type.String(),
  version: Type.String(),
  build_date: Type.String(),
  go_version: Type.String({ description: 'Version of the runtime' }),
  architecture: Type.String(),
  capabilities: Type.Array(Type.String()),
  supported_formats: Type.Array(Type.String()),
  max_cameras: Count,
})

export const AuthenticateParams = Type.Object({
  auth_token: Type.Optional(Type.String({ description: 'JWT or API key; required unless one of its aliases is given' })),
  token: Type.Optional(Type.String({ description: 'Legacy alias: a failed login is told in a result' })),
  api_key: Type.Optional(Type.String({ description: 'Alias' })),
  auth_type: Type.Optional(words(['jwt', 'api_key', 'auto'])),
})

export type Login = Shape<typeof Login>
export const Login = Type.Object({
  authenticated: Type.Boolean(),
  role: words(['viewer', 'operator', 'admin']),
  permissions: Type.Array(Type.String()),
  expires_at: Time,
  session_id: Type.String(),
})

export type LegacyRefusal = Shape<typeof LegacyRefusal>
export const LegacyRefusal = Type.Object(
  { authenticated: Type.Literal(false), error: Type.String() },
  { description: 'Answer to a failed login that used the legacy `token`' },
)

export const LoginAnswer = Type.Union([Login, LegacyRefusal])

export const SubscribeParams = Type.Object({
  topics: Type.Array(Type.String(), { minItems: 1, maxItems: 64 }),
  filters: Type.Optional(
    Type.Object(
      {},
      { description: 'Exact matches on the payload, joined with AND: `device`, `topic`, `timestamp_after`, `timestamp_before`' },
    ),
  ),
})

export const Subscribed = Type.Object({
  subscribed: Type.Boolean(),
  topics: Type.Array(Type.String()),
  filters: Type.Object({}),
})

export const UnsubscribeParams = Type.Object({
  topics: Type.Optional(Type.Array(Type.String(), { description: 'All when absent' })),
})

export const Unsubscribed = Type.Object({ unsubscribed: Type.Boolean(), topics: Type.Array(Type.String()) })

export const SubscriptionStats = Type.Object({
  global_stats: Type.Object({
    total_subscriptions: Count,
    active_clients: Count,
    topic_counts: Type.Record(Type.String(), Count),
  }),
  client_topics: Type.Array(Type.String()),
  client_id: Type.String(),
})
