/** Files on the wire (contract §9.3): lists, facts, deletion. */

import type { Builder, Shape } from '../schema.js'
import { bytes, count, fileName, recordingName, seconds, time } from './common.js'

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
