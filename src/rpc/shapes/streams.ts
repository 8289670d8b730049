/** Streams on the wire (contract §9.4). */

import { type Builder, type Shape, words } from '../schema.js'
import { bytes, count, device, seconds, time } from './common.js'

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
