/** What the recordings are built from. */

import type { Clock } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { RecordingCameras } from './cameras.js'
import type { FileIndexOptions } from './index-store/client.js'
import type { RecordingMedia } from './writers/mediamtx-writer.js'

export interface RecordingsOptions {
  readonly cameras: RecordingCameras
  /** MediaMTX; undefined when it is switched off. */
  readonly media: RecordingMedia | undefined
  readonly clock: Clock
  readonly logger: Logger
  /** Where journal, index and policy live. */
  readonly stateDir: string
  /** The folders stand in for others, whose index and journal stay as they are. */
  readonly standsIn?: boolean
  readonly recordingsDir: string
  readonly snapshotsDir: string
  /** Where they go while those cannot be written. */
  readonly fallbacks?: { readonly recording: string; readonly snapshot: string }
  /** A folder per camera below the folder of recordings. */
  readonly deviceSubdirs: boolean
  readonly filePattern: string
  readonly segmentMs: number
  /** The same of files that MediaMTX writes, which knows no limit of bytes. */
  readonly mediamtxSegmentMs: number
  /** A file of so many bytes is followed by another. */
  readonly maxFileBytes: number
  /** Longest wait of a start for its first pictures on the disk. */
  readonly startTimeoutMs: number
  /** No recording is longer. */
  readonly maxDurationMs: number
  readonly progressMs: number
  readonly maxRestarts: number
  readonly ffmpeg: string
  readonly searchPath: string
  readonly storage: { readonly warnPercent: number; readonly blockPercent: number }
  readonly retention: RetentionPolicy
  /** Whether old files are deleted without a request. */
  readonly autoCleanup: boolean
  readonly cleanupIntervalMs: number
  readonly snapshotLimits?: SnapshotLimits
  /** Tests: how the index gets its thread. */
  readonly openThread?: FileIndexOptions['openThread']
}

export interface RetentionPolicy {
  readonly type: 'age' | 'size' | 'manual'
  readonly enabled: boolean
  readonly maxAgeDays: number
  readonly maxSizeGb: number
}

export interface SnapshotLimits {
  /** Between two deletions. */
  readonly intervalMs: number
  readonly maxAgeMs: number
  readonly maxCount: number
}
