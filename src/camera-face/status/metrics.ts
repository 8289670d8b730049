/** The figures of cameras and of this face in the text format of Prometheus; the manual lists the same tables. Pure. */

import type { FaultTable } from '../faults.js'
import type { BriefFacts } from './status.js'

type Value = number | undefined | Readonly<Record<string, number>>

export interface Metric {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  /** Where `/status` has it. */
  readonly status: string
  /** Undefined: not known now, left out. With labels beside the camera: several lines. */
  readonly values: (facts: BriefFacts) => Value
  readonly label?: string
}

export const CAMERA_METRICS: readonly Metric[] = [
  {
    name: 'camera_frames_captured_total',
    type: 'counter',
    help: 'Good frames taken from the device.',
    status: 'stats.frames_captured',
    values: ({ figures }) => figures.framesCaptured,
  },
  {
    name: 'camera_frames_dropped_total',
    type: 'counter',
    help: 'Frames that reached or should have reached this process and were not offered to consumers.',
    status: 'drops',
    values: ({ figures }) => figures.drops,
    label: 'reason',
  },
  {
    name: 'camera_connection_errors_total',
    type: 'counter',
    help: 'Failed opens and stream failures.',
    status: 'stats.connection_errors',
    values: ({ figures }) => figures.connectionErrors,
  },
  {
    name: 'camera_stream_restarts_total',
    type: 'counter',
    help: 'Streams that were stopped and started in the open device, to cure a silence or an error.',
    status: 'stats.stream_restarts',
    values: ({ figures }) => figures.streamRestarts,
  },
  {
    name: 'camera_causes_total',
    type: 'counter',
    help: 'Why frames were invalid and streams were restarted, and what a second try cured; each since it came first.',
    status: 'causes',
    values: ({ figures }) => figures.causes,
    label: 'cause',
  },
  {
    name: 'camera_faults_total',
    type: 'counter',
    help: 'What went wrong with the camera, by code; /status has the reason and time of the last of each.',
    status: 'faults',
    values: ({ figures }) => Object.fromEntries(figures.faults.map(({ code, count }) => [code, count])),
    label: 'code',
  },
  {
    name: 'camera_connected',
    type: 'gauge',
    help: '1 while the device is open and delivers.',
    status: 'is_connected',
    values: ({ status }) => (status.isConnected ? 1 : 0),
  },
  {
    name: 'camera_last_frame_age_seconds',
    type: 'gauge',
    help: 'Time since the last good frame.',
    status: 'stats.last_frame_age',
    values: ({ figures }) => (figures.lastFrameAgeMs === undefined ? undefined : figures.lastFrameAgeMs / 1000),
  },
  {
    name: 'camera_fps',
    type: 'gauge',
    help: 'Frames per second, measured over two seconds.',
    status: 'actual.fps_measured',
    values: ({ figures }) => figures.actual?.fpsMeasured,
  },
  {
    name: 'camera_viewers',
    type: 'gauge',
    help: 'Viewers of the MJPEG stream.',
    status: 'viewers.count',
    values: ({ viewers }) => viewers,
  },
]

/** Of the face as a whole. */
export const SERVER_FAULTS_METRIC = {
  name: 'camera_server_faults_total',
  type: 'counter',
  help: 'What went wrong around the cameras, by kind and code; /status has the reason and time of the last of each.',
  status: 'server.faults',
} as const

export function metricsText(cameras: readonly BriefFacts[], faults: FaultTable): string {
  const ofCameras = CAMERA_METRICS.map((metric) =>
    block(
      metric,
      cameras.flatMap((facts) => cameraLines(metric, facts)),
    ),
  )
  const ofServer = Object.entries(faults).flatMap(([kind, counts]) =>
    counts.map(({ code, count }) => `${SERVER_FAULTS_METRIC.name}{kind="${kind}",code="${code}"} ${count}`),
  )
  return [...ofCameras, block(SERVER_FAULTS_METRIC, ofServer)].join('')
}

function cameraLines({ name, values, label = '' }: Metric, facts: BriefFacts): readonly string[] {
  const value = values(facts)
  if (value === undefined) return []
  const camera = `camera="${facts.name.id}"`
  if (typeof value === 'number') return [`${name}{${camera}} ${value}`]
  return Object.entries(value).map(([key, each]) => `${name}{${camera},${label}="${key}"} ${each}`)
}

function block({ name, help, type }: Pick<Metric, 'name' | 'help' | 'type'>, lines: readonly string[]): string {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n')
}
