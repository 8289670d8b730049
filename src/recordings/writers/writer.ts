/** What writes the files of one recording into its folder of files under way. */

import type { GapReason } from '../types.js'

export interface SegmentClosed {
  /** Absolute path as the writer knows it. */
  readonly file: string
  readonly durationMs: number
}

export interface WriterEvents {
  /** A file is complete. May come late or never, when the writer dies. */
  onSegment(closed: SegmentClosed): void
  /** Something may have appeared or grown: a look is worth it. */
  onTouched(): void
  /** Frames were left out. */
  onGap(missed: number): void
  /** Nothing is written for now; the next file tells that it goes on. */
  onInterrupted(reason: GapReason): void
  /** Called once when it ended by itself; never after `stop`. */
  onEnded(why: WriterEnd): void
}

export interface WriterEnd {
  /** `camera`: it has gone. `changed`: it delivers something else now. `server`: MediaMTX. `writer`: the program. */
  readonly cause: 'camera' | 'changed' | 'server' | 'writer'
  readonly detail: string
}

export interface WriterFacts {
  readonly codec: 'jpeg' | 'h264'
  readonly width: number
  readonly height: number
  readonly fps: number
}

export interface Writer {
  readonly kind: 'ffmpeg' | 'mediamtx'
  /** Of the files it makes, without the dot. */
  readonly extension: string
  /** What it records; undefined before `start`, and when somebody else knows. */
  readonly facts: WriterFacts | undefined
  /** A finished file below this length was not ended for its length: the stream ended. 0: that is told otherwise. */
  readonly shortBelowMs: number
  /** Resolves when it works; the first file comes later. Rejects with a ServiceError. */
  start(): Promise<void>
  /** The file begun last is of no use: another is begun with the next whole picture. Absent where files always begin with one. */
  beginAgain?(): void
  /** Resolves when all its files are closed. Idempotent, never rejects. */
  stop(): Promise<void>
}
