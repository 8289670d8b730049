/** What is said of the service as a whole (contract §9.5). */

import { type Builder, type Shape, words } from '../schema.js'
import { count, time } from './common.js'

const percent = (t: Builder) => t.Number({ minimum: 0, maximum: 100, description: 'Percent' })

const CameraMetrics = (t: Builder) =>
  t.Object({
    path: t.String({ description: 'The camera id: device nodes are not told' }),
    name: t.String(),
    status: words(t, ['CONNECTED', 'DISCONNECTED', 'ERROR']),
    device_num: t.Integer({ minimum: 0, description: 'N of `cameraN`' }),
    last_seen: time(t),
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
    timestamp: time(t),
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
