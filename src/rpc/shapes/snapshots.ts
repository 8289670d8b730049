/** Snapshots on the wire (contract §9.3). */

import { type Builder, type Shape, words } from '../schema.js'
import { bytes, device, deviceParam, fileName, time } from './common.js'

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
