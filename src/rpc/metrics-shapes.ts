/** What `get_metrics` and `get_system_status` answer (contract §9.5). */

import { type Builder, type Shape, words } from './schema.js'

const percent = (t: Builder) => t.Number({ minimum: 0, maximum: 100, description: 'Percent' })
const count = (t: Builder) => t.Integer({ minimum: 0 })

const CameraMetrics = (t: Builder) =>
  t.Object({
    path: t.String({ description: 'The camera id: device nodes are not told' }),
    name: t.String(),
    status: words(t, ['CONNECTED', 'DISCONNECTED', 'ERROR']),
    device_num: t.Integer({ minimum: 0, description: 'N of `cameraN`' }),
    last_seen: t.String({ format: 'date-time', description: 'UTC, ISO 8601, ends with Z' }),
    capabilities: t.Object({
      driver_name: t.String(),
      card_name: t.String(),
      bus_info: t.String(),
      version: t.String(),
      capabilities: t.Array(t.String()),
      device_caps: t.Array(t.String()),
    }),
    formats: t.Array(
      t.Object({
        pixel_format: t.String(),
        width: count(t),
        height: count(t),
        frame_rates: t.Array(t.String(), { description: '`30.000`' }),
      }),
    ),
  })

export type Metrics = Shape<typeof Metrics>
export const Metrics = (t: Builder) =>
  t.Object({
    timestamp: t.String({ format: 'date-time', description: 'UTC, ISO 8601, ends with Z' }),
    system_metrics: t.Object({
      cpu_usage: percent(t),
      memory_usage: percent(t),
      disk_usage: percent(t),
      goroutines: t.Integer({ minimum: 0, description: 'Timers, sockets, files and requests of the process that are alive' }),
    }),
    camera_metrics: t.Object({
      connected_cameras: count(t),
      cameras: t.Record(t.String(), CameraMetrics(t), { description: 'By camera id' }),
    }),
    recording_metrics: t.Object({ active_recordings: count(t) }),
    stream_metrics: t.Object({ active_streams: count(t), total_streams: count(t), total_viewers: count(t) }),
  })

export type SystemStatus = Shape<typeof SystemStatus>
export const SystemStatus = (t: Builder) =>
  t.Object({
    status: words(t, ['starting', 'partial', 'ready']),
    message: t.String(),
    available_cameras: t.Array(t.String(), { description: 'Ids of the cameras that are CONNECTED' }),
    discovery_active: t.Boolean(),
  })
