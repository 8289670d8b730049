/** Pictures over HTTP, and how many may be waited for at once. */

import type { Clock } from '../../base/clock.js'
import { FAULTS } from '../errors.js'
import type { FacePorts } from '../ports.js'
import { type Call, NO_STORE, type QueryParameter, type Reply, type Route } from '../request/call.js'
import { numberOf } from '../request/parameters.js'
import { takePicture } from '../snapshot.js'
import { CAMERA_QUERY, cameraOf } from './camera-of.js'

const MAX_AGE = { min: 0, max: 3_600_000 } as const
const TIMEOUT = { min: 1, max: 30_000 } as const
const WARMUP = { min: 0, max: 120, whole: true } as const
const DEFAULT_TIMEOUT_MS = 3_000

const QUERY: readonly QueryParameter[] = [
  {
    name: 'max_age_ms',
    doc: 'A frame up to this old will do. 0: one captured after the request.',
    schema: { type: 'number', minimum: 0, maximum: MAX_AGE.max },
  },
  {
    name: 'timeout_ms',
    doc: 'Longest wait.',
    schema: { type: 'number', minimum: TIMEOUT.min, maximum: TIMEOUT.max, default: DEFAULT_TIMEOUT_MS },
  },
  { name: 'warmup_frames', doc: 'Frames to let pass first.', schema: { type: 'integer', minimum: 0, maximum: WARMUP.max } },
]

export function snapshotRoutes({ cameras }: FacePorts, clock: Clock, maxSnapshots: number): readonly Route[] {
  let waiting = 0
  const snapshot = async (call: Call): Promise<Reply> => {
    const { id } = cameraOf(call, cameras)
    const wish = {
      maxAgeMs: numberOf(call.query, 'max_age_ms', MAX_AGE) ?? 0,
      timeoutMs: numberOf(call.query, 'timeout_ms', TIMEOUT) ?? DEFAULT_TIMEOUT_MS,
      warmupFrames: numberOf(call.query, 'warmup_frames', WARMUP),
    }
    if (!cameras.status(id).isRunning) throw FAULTS.cameraNotRunning()
    if (waiting >= maxSnapshots) throw FAULTS.tooManyRequests()
    waiting += 1
    try {
      const frame = await takePicture(cameras, id, wish, clock)
      const headers = {
        'Content-Type': 'image/jpeg',
        ...NO_STORE,
        'X-Timestamp': (frame.capturedWallMs / 1000).toFixed(6),
        'X-Frame-Sequence': String(frame.sequence),
      }
      return { status: 200, headers, body: frame.jpeg }
    } finally {
      waiting -= 1
    }
  }
  return [
    {
      method: 'GET',
      path: '/snapshot',
      role: 'viewer',
      handler: snapshot,
      doc: 'One JPEG of the default camera.',
      query: [CAMERA_QUERY, ...QUERY],
      ticket: 'snapshot',
    },
    {
      method: 'GET',
      path: '/cameras/{id}/snapshot',
      role: 'viewer',
      handler: snapshot,
      doc: 'One JPEG of one camera.',
      query: QUERY,
      ticket: 'snapshot',
    },
  ]
}
