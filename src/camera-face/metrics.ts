/** The figures of cameras in the text format of Prometheus. Pure. */

import type { CameraFacts } from './status.js'

interface Metric {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  /** Undefined: not known now, left out. With labels beside the camera: several lines. */
  readonly values: (facts: CameraFacts) => number | undefined | Readonly<Record<string, number>>
  readonly label?: string
}

const METRICS: readonly Metric[] = [
  {
    name: 'camera_frames_captured_total',
    type: 'counter',
    help: 'Good frames taken from the device.',
    values: ({ figures }) => figures.framesCaptured,
  },
  {
    name: 'camera_frames_dropped_total',
    type: 'counter',
    help: 'Frames that reached or should have reached this process and were not offered to consumers.',
    values: ({ figures }) => figures.drops,
    label: 'reason',
  },
  {
    name: 'camera_connection_errors_total',
    type: 'counter',
    help: 'Failed opens and stream failures.',
    values: ({ figures }) => figures.connectionErrors,
  },
  {
    name: 'camera_stream_restarts_total',
    type: 'counter',
    help: 'Streams that were stopped and started in the open device, to cure a silence or an error.',
    values: ({ figures }) => figures.streamRestarts,
  },
  {
    name: 'camera_connected',
    type: 'gauge',
    help: '1 while the device is open and delivers.',
    values: ({ status }) => (status.isConnected ? 1 : 0),
  },
  {
    name: 'camera_last_frame_age_seconds',
    type: 'gauge',
    help: 'Time since the last good frame.',
    values: ({ figures }) => (figures.lastFrameAgeMs === undefined ? undefined : figures.lastFrameAgeMs / 1000),
  },
  {
    name: 'camera_fps',
    type: 'gauge',
    help: 'Frames per second, measured over two seconds.',
    values: ({ figures }) => figures.actual?.fpsMeasured,
  },
  { name: 'camera_viewers', type: 'gauge', help: 'Viewers of the MJPEG stream.', values: ({ viewers }) => viewers },
]

export function metricsText(cameras: readonly CameraFacts[]): string {
  return METRICS.map(({ name, type, help, values, label = '' }) => {
    const lines = cameras.flatMap((facts) => {
      const value = values(facts)
      if (value === undefined) return []
      const camera = `camera="${facts.name.id}"`
      if (typeof value === 'number') return [`${name}{${camera}} ${value}`]
      return Object.entries(value).map(([key, each]) => `${name}{${camera},${label}="${key}"} ${each}`)
    })
    return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n')
  }).join('')
}
