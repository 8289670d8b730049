/** What one recording is told at its beginning, and whom it tells what happens to it. */

import type { Clock } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { JournalEntry } from './journal.js'
import type { Segments } from './segments.js'
import type { EndReason, GapReason, RecordingFormat, RecordingGap, StoppedRecording } from './types.js'
import type { Writer, WriterEvents } from './writers/writer.js'

export type RecordingState = 'starting' | 'recording' | 'stopping' | 'ended'

/** What stays the same for as long as it lives. */
export interface RecordingIdentity {
  readonly id: string
  readonly device: string
  readonly identity: string
  readonly format: RecordingFormat
  readonly filename: string
  readonly named: boolean
  readonly startedMs: number
  readonly deadlineMs: number
  /** Its files go to the fallback, from its start on. */
  readonly inFallback: boolean
}

/** `Recording`: the recordings that it is told of. */
export interface RecordingListener<Recording> {
  /** To be durable before the start is answered; told again after each change. */
  changed(entry: JournalEntry): Promise<void>
  /** Files that can be listed now, or are complete now. */
  segmentsChanged(recording: Recording): void
  /** Cut off; goes on by itself when it can. */
  interrupted(recording: Recording, reason: GapReason): void
  resumed(recording: Recording): void
  progress(recording: Recording): void
  /** It ended by itself, its files are closed. */
  ended(recording: Recording, result: StoppedRecording, reason: EndReason): void
}

export interface RecordingOptions<Recording> extends RecordingIdentity {
  readonly segments: Segments
  readonly gaps?: readonly RecordingGap[]
  /** `first`: the caller of the start waits, and is told when it cannot work now. Later ones wait until they can. */
  readonly makeWriter: (events: WriterEvents, first: boolean) => Writer
  readonly clock: Clock
  readonly logger: Logger
  readonly listener: RecordingListener<Recording>
  /** Whether the disk takes more. */
  readonly hasRoom: () => Promise<boolean>
  /**
   * From now on its files go to the fallback. False when there is none, or nothing is wrong with its own folder; never rejects.
   */
  readonly toFallback: () => Promise<boolean>
  /** Longest wait for the first pictures on the disk. */
  readonly startTimeoutMs: number
  readonly progressMs: number
  readonly maxRestarts: number
  /** A file of so many bytes is followed by another. */
  readonly maxFileBytes: number
}
