/** Shapes on the wire (contract §9): one schema each gives the type, the check and the manual's text. */

import { CAMERA_ID, EXTERNAL_ID } from '../base/device-id.js'
import { type Builder, type Shape, words } from './schema.js'

const time = (t: Builder) => t.String({ format: 'date-time', description: 'UTC, ISO 8601, ends with Z' })
const count = (t: Builder) => t.Integer({ minimum: 0 })
const seconds = (t: Builder) => t.Integer({ minimum: 0, description: 'Seconds' })
const bytes = (t: Builder) => t.Integer({ minimum: 0, description: 'Bytes' })
const camera = (t: Builder) => t.String({ pattern: `^${CAMERA_ID}$`, description: 'Camera id' })
/** What has pictures: a camera or an external stream. */
const device = (t: Builder) =>
  t.String({ pattern: `^(${CAMERA_ID}|${EXTERNAL_ID})$`, description: 'Camera id, or `path` of an external stream' })

/** A camera as clients name it: its id, or its device node, which is an alias for the id, or an added stream's path. */
const deviceParam = (t: Builder) =>
  t.String({
    pattern: `^(${CAMERA_ID}|/dev/video[0-9]+|${EXTERNAL_ID})$`,
    maxLength: 64,
    description: 'Camera id; `/dev/videoN` is accepted as an alias, and so is the `path` of an external stream',
    rule: 'matches ^camera[0-9]+$',
  })

export const NoParams = (t: Builder) => t.Object({})
export const DeviceParams = (t: Builder) => t.Object({ device: deviceParam(t) })

const Camera = (t: Builder) =>
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

export type CameraStatus = Shape<typeof CameraStatus>
export const CameraStatus = (t: Builder) =>
  t.Object({
    ...Camera(t).properties,
    metrics: t.Optional(t.Object({ bytes_sent: bytes(t), readers: count(t), uptime: seconds(t) })),
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

/** 64-bit numbers beyond the safe integers go as decimal digits. */
const controlNumber = (t: Builder) => t.Union([t.Integer(), t.String({ description: 'Decimal digits of a 64-bit number' })])
const controlValue = (t: Builder) => t.Union([t.Integer(), t.String(), t.Boolean()])
const controlName = (t: Builder) => t.String({ description: 'Such as `exposure_time_absolute`' })

const CameraControl = (t: Builder) =>
  t.Object({
    id: t.Integer({ description: "The kernel's number" }),
    name: controlName(t),
    label: t.String({ description: "The driver's own name" }),
    type: words(t, ['integer', 'boolean', 'menu', 'button', 'integer64', 'string', 'bitmask', 'integer-menu', 'compound']),
    minimum: t.Optional(controlNumber(t)),
    maximum: t.Optional(controlNumber(t)),
    step: t.Optional(controlNumber(t)),
    default: t.Optional(controlValue(t)),
    value: t.Optional(controlValue(t)),
    menu: t.Optional(t.Array(t.Object({ value: t.Integer(), label: t.String() }))),
    flags: t.Array(t.String(), { description: "The driver's, and `broken` when the camera does not answer for it" }),
    inactive: t.Boolean({ description: 'Without effect now: an automatic control has it' }),
    settable: t.Boolean(),
  })

export type CameraControls = Shape<typeof CameraControls>
export const CameraControls = (t: Builder) => t.Object({ device: camera(t), controls: t.Array(CameraControl(t)) })

export type SetCameraControlsParams = Shape<typeof SetCameraControlsParams>
export const SetCameraControlsParams = (t: Builder) =>
  t.Object({
    device: deviceParam(t),
    controls: t.Record(t.String(), controlValue(t), {
      minProperties: 1,
      maxProperties: 512,
      description: 'Value by name or number; a menu item by number or label',
      rule: 'object of 1 to 512 values (integer, string or boolean) by control name',
    }),
  })

export type ResetCameraControlsParams = Shape<typeof ResetCameraControlsParams>
export const ResetCameraControlsParams = (t: Builder) =>
  t.Object({
    device: deviceParam(t),
    controls: t.Optional(
      t.Array(t.String({ maxLength: 64 }), {
        minItems: 1,
        maxItems: 512,
        description: 'Names or numbers; without it all but pan, tilt and zoom',
      }),
    ),
  })

export type CameraControlsSet = Shape<typeof CameraControlsSet>
export const CameraControlsSet = (t: Builder) =>
  t.Object({
    device: camera(t),
    controls: t.Array(
      t.Object({
        name: controlName(t),
        id: t.Optional(t.Integer()),
        status: words(t, ['applied', 'clamped', 'rejected', 'grabbed', 'read-only', 'inactive', 'broken', 'unknown', 'failed']),
        value: t.Optional(controlValue(t)),
        warning: t.Optional(t.Literal('inactive', { description: 'Set, without effect while an automatic control has it' })),
        detail: t.Optional(t.String()),
      }),
    ),
  })

/** A name of one file; it never reaches the disk as a path. */
const fileName = (t: Builder, description: string) =>
  t.String({
    minLength: 1,
    maxLength: 255,
    pattern: '^(?!.*\\.\\.)[^<>:"/\\\\|?*\\u0000-\\u001f\\u007f]*$',
    description,
    rule: '1 to 255 characters, no "..", no path separator, none of < > : " | ? *, no control characters',
  })

export type TakeSnapshotParams = Shape<typeof TakeSnapshotParams>
export const TakeSnapshotParams = (t: Builder) =>
  t.Object({
    device: deviceParam(t),
    filename: t.Optional(fileName(t, 'Name to store under; without an extension, the one of the format is added')),
    format: t.Optional(words(t, ['jpg', 'jpeg', 'png'])),
    quality: t.Optional(t.Integer({ minimum: 1, maximum: 100, default: 85, description: 'Without meaning for PNG' })),
    max_width: t.Optional(t.Integer({ minimum: 1, description: 'Pixels' })),
    max_height: t.Optional(t.Integer({ minimum: 1, description: 'Pixels' })),
    auto_resize: t.Optional(t.Boolean()),
    compression: t.Optional(t.Integer()),
  })

export type Snapshot = Shape<typeof Snapshot>
export const Snapshot = (t: Builder) =>
  t.Object({
    device: device(t),
    filename: t.String({ description: 'As stored, extension included' }),
    status: words(t, ['SUCCESS', 'FAILED']),
    timestamp: time(t),
    file_size: bytes(t),
    file_path: t.String({ description: 'Absolute path on the server' }),
    capture_method: t.Optional(words(t, ['mjpeg_sibling', 'ffmpeg_decode', 'rtsp_immediate', 'rtsp_activation'])),
    tier_used: t.Optional(t.Integer({ description: 'Of external streams: 2, it ran; 3, it was started for this' })),
    capture_time_ms: t.Optional(t.Integer({ minimum: 0, description: 'Of external streams' })),
  })

const recordingFormat = (t: Builder) => words(t, ['fmp4', 'mp4', 'mkv'])
const recordingName = (t: Builder) => t.String({ description: 'Without extension' })

export type StartRecordingParams = Shape<typeof StartRecordingParams>
export const StartRecordingParams = (t: Builder) =>
  t.Object({
    device: deviceParam(t),
    duration: t.Optional(t.Integer({ minimum: 1, maximum: 86_400, description: 'Seconds after which it stops by itself' })),
    format: t.Optional(recordingFormat(t)),
    filename: t.Optional(fileName(t, 'Base name; an extension is dropped')),
  })

export type StartedRecording = Shape<typeof StartedRecording>
export const StartedRecording = (t: Builder) =>
  t.Object({
    device: camera(t),
    filename: recordingName(t),
    status: words(t, ['RECORDING', 'STARTING', 'STOPPING', 'PAUSED', 'ERROR', 'FAILED']),
    start_time: time(t),
    format: recordingFormat(t),
  })

export type RecordingStatus = Shape<typeof RecordingStatus>
/** Null while nothing is recorded. */
export const RecordingStatus = (t: Builder) =>
  t.Union([
    t.Null(),
    t.Object({
      device: camera(t),
      recording_id: t.String(),
      filename: recordingName(t),
      start_time: time(t),
      duration: seconds(t),
      status: words(t, ['STARTING', 'RECORDING', 'STOPPING']),
    }),
  ])

export type StoppedRecording = Shape<typeof StoppedRecording>
export const StoppedRecording = (t: Builder) =>
  t.Object({
    device: camera(t),
    filename: t.String({ description: 'As at start' }),
    status: words(t, ['STOPPED', 'STARTING', 'STOPPING', 'PAUSED', 'ERROR', 'FAILED']),
    start_time: time(t),
    end_time: time(t),
    duration: seconds(t),
    file_size: t.Integer({ minimum: 0, description: 'Bytes of all its files' }),
    format: recordingFormat(t),
  })

export type PageParams = Shape<typeof PageParams>
export const PageParams = (t: Builder) =>
  t.Object({
    limit: t.Optional(t.Integer({ minimum: 1, maximum: 1000, default: 50 })),
    offset: t.Optional(t.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 })),
  })

export type FileList = Shape<typeof FileList>
export const FileList = (t: Builder) =>
  t.Object({
    files: t.Array(
      t.Object({
        filename: t.String({ description: 'A recording without extension, a snapshot with it' }),
        file_size: bytes(t),
        modified_time: time(t),
        download_url: t.String(),
      }),
      { description: 'Newest first' },
    ),
    total: t.Integer({ minimum: 0, description: 'All files' }),
    limit: count(t),
    offset: count(t),
  })

export type FileParams = Shape<typeof FileParams>
export const FileParams = (t: Builder) => t.Object({ filename: fileName(t, 'Of a recording with or without extension') })

export type RecordingInfo = Shape<typeof RecordingInfo>
export const RecordingInfo = (t: Builder) =>
  t.Object({
    filename: recordingName(t),
    file_size: bytes(t),
    duration: seconds(t),
    created_time: time(t),
    download_url: t.String(),
  })

export type SnapshotInfo = Shape<typeof SnapshotInfo>
export const SnapshotInfo = (t: Builder) =>
  t.Object({ filename: t.String(), file_size: bytes(t), created_time: time(t), download_url: t.String() })

export type DeletedFile = Shape<typeof DeletedFile>
export const DeletedFile = (t: Builder) => t.Object({ filename: t.String(), deleted: t.Boolean(), message: t.String() })

export type StorageInfo = Shape<typeof StorageInfo>
export const StorageInfo = (t: Builder) =>
  t.Object({
    total_space: bytes(t),
    used_space: bytes(t),
    available_space: bytes(t),
    usage_percentage: t.Number({ minimum: 0, maximum: 100 }),
    recordings_size: bytes(t),
    snapshots_size: bytes(t),
    low_space_warning: t.Boolean(),
  })

export type RetentionParams = Shape<typeof RetentionParams>
export const RetentionParams = (t: Builder) =>
  t.Object({
    policy_type: words(t, ['age', 'size', 'manual']),
    max_age_days: t.Optional(t.Integer({ minimum: 1, maximum: 365, description: 'Required for `age`' })),
    max_size_gb: t.Optional(
      t.Number({
        exclusiveMinimum: 0,
        maximum: 1000,
        description: 'Required for `size`',
        rule: 'number above 0 and at most 1000',
      }),
    ),
    enabled: t.Boolean(),
  })

export type RetentionPolicy = Shape<typeof RetentionPolicy>
export const RetentionPolicy = (t: Builder) =>
  t.Object({
    policy_type: t.String(),
    max_age_days: t.Optional(t.Integer()),
    max_size_gb: t.Optional(t.Number()),
    enabled: t.Boolean(),
    message: t.String(),
  })

export type Cleanup = Shape<typeof Cleanup>
export const Cleanup = (t: Builder) =>
  t.Object({ cleanup_executed: t.Boolean(), files_deleted: count(t), space_freed: bytes(t), message: t.String() })

export type StartedStream = Shape<typeof StartedStream>
export const StartedStream = (t: Builder) =>
  t.Object({
    device: device(t),
    stream_name: t.String(),
    stream_url: t.String({ description: 'RTSP' }),
    status: words(t, ['STARTED', 'FAILED']),
    start_time: time(t),
    auto_close_after: t.String({ description: 'Such as `300s`' }),
    ffmpeg_command: t.String(),
  })

export type StoppedStream = Shape<typeof StoppedStream>
export const StoppedStream = (t: Builder) =>
  t.Object({
    device: device(t),
    stream_name: t.String(),
    status: words(t, ['STOPPED', 'FAILED']),
    start_time: time(t),
    end_time: time(t),
    duration: seconds(t),
    stream_continues: t.Boolean({ description: 'Others still read it' }),
    message: t.Optional(t.String()),
  })

export type StreamUrl = Shape<typeof StreamUrl>
export const StreamUrl = (t: Builder) =>
  t.Object({
    device: device(t),
    stream_name: t.String(),
    stream_url: t.String({ description: 'The one a start would give' }),
    available: t.Boolean(),
    active_consumers: count(t),
    stream_status: words(t, ['READY', 'NOT_READY', 'ERROR']),
  })

export type StreamStatus = Shape<typeof StreamStatus>
export const StreamStatus = (t: Builder) =>
  t.Object({
    device: device(t),
    stream_name: t.String(),
    status: words(t, ['ACTIVE', 'INACTIVE', 'ERROR', 'STARTING', 'STOPPING']),
    ready: t.Boolean(),
    ffmpeg_process: t.Object({ running: t.Boolean(), pid: count(t), uptime: seconds(t) }),
    mediamtx_path: t.Object({ exists: t.Boolean(), ready: t.Boolean(), readers: count(t) }),
    metrics: t.Object({ bytes_sent: bytes(t), frames_sent: count(t), bitrate: count(t), fps: count(t) }),
    start_time: time(t),
    error: t.Optional(t.String({ description: 'Why it does not run as it should' })),
  })

export type StreamEntry = Shape<typeof StreamEntry>
export const StreamEntry = (t: Builder) =>
  t.Object({
    name: t.String(),
    source: t.String(),
    ready: t.Boolean(),
    readers: count(t),
    bytes_sent: bytes(t),
  })

export const StreamList = (t: Builder) => t.Array(StreamEntry(t))

const componentState = (t: Builder) => words(t, ['RUNNING', 'STOPPED', 'ERROR', 'STARTING', 'STOPPING'])

export type ServiceStatus = Shape<typeof ServiceStatus>
export const ServiceStatus = (t: Builder) =>
  t.Object({
    status: words(t, ['HEALTHY', 'DEGRADED', 'UNHEALTHY']),
    uptime: t.Number({ minimum: 0, description: 'Seconds' }),
    version: t.String(),
    components: t.Object({ websocket_server: componentState(t), camera_monitor: componentState(t), mediamtx: componentState(t) }),
  })

export type ServerInfo = Shape<typeof ServerInfo>
export const ServerInfo = (t: Builder) =>
  t.Object({
    name: t.String(),
    version: t.String(),
    build_date: t.String(),
    go_version: t.String({ description: 'Version of the runtime' }),
    architecture: t.String(),
    capabilities: t.Array(t.String()),
    supported_formats: t.Array(t.String()),
    max_cameras: count(t),
  })

export type AuthenticateParams = Shape<typeof AuthenticateParams>
export const AuthenticateParams = (t: Builder) =>
  t.Object({
    auth_token: t.Optional(t.String({ description: 'JWT or API key; required unless one of its aliases is given' })),
    token: t.Optional(t.String({ description: 'Legacy alias: a failed login is told in a result' })),
    api_key: t.Optional(t.String({ description: 'Alias' })),
    auth_type: t.Optional(words(t, ['jwt', 'api_key', 'auto'])),
  })

export type Login = Shape<typeof Login>
export const Login = (t: Builder) =>
  t.Object({
    authenticated: t.Boolean(),
    role: words(t, ['viewer', 'operator', 'admin']),
    permissions: t.Array(t.String()),
    expires_at: time(t),
    session_id: t.String(),
  })

export type LegacyRefusal = Shape<typeof LegacyRefusal>
export const LegacyRefusal = (t: Builder) =>
  t.Object(
    { authenticated: t.Literal(false), error: t.String() },
    { description: 'Answer to a failed login that used the legacy `token`' },
  )

export const LoginAnswer = (t: Builder) => t.Union([Login(t), LegacyRefusal(t)])

export const SubscribeParams = (t: Builder) =>
  t.Object({
    topics: t.Array(t.String(), { minItems: 1, maxItems: 64 }),
    filters: t.Optional(
      t.Object(
        {},
        {
          description: 'Exact matches on the payload, joined with AND: `device`, `topic`, `timestamp_after`, `timestamp_before`',
        },
      ),
    ),
  })

export const Subscribed = (t: Builder) =>
  t.Object({
    subscribed: t.Boolean(),
    topics: t.Array(t.String()),
    filters: t.Object({}),
  })

export const UnsubscribeParams = (t: Builder) =>
  t.Object({
    topics: t.Optional(t.Array(t.String(), { description: 'All when absent' })),
  })

export const Unsubscribed = (t: Builder) => t.Object({ unsubscribed: t.Boolean(), topics: t.Array(t.String()) })

export const SubscriptionStats = (t: Builder) =>
  t.Object({
    global_stats: t.Object({
      total_subscriptions: count(t),
      active_clients: count(t),
      topic_counts: t.Record(t.String(), count(t)),
    }),
    client_topics: t.Array(t.String()),
    client_id: t.String(),
  })
