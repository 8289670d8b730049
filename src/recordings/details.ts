/** What the index keeps of a recording beyond its files: noted by whoever recorded, shown to who asks for it. Pure. */

import { timestamp } from '../base/clock.js'
import { type IndexedFile, stemOf } from './index-store/types.js'
import type { RecordingGap } from './types.js'
import type { WriterFacts } from './writers/writer.js'

/** As it is kept. Times are wall-clock milliseconds. */
export interface RecordingNote extends Partial<WriterFacts> {
  readonly device: string
  /** Of the camera. */
  readonly identity: string
  readonly format: string
  readonly writer?: string
  readonly started: number
  readonly gaps: readonly RecordingGap[]
  /** Why it ended; absent while it goes on. */
  readonly end?: string
  readonly ended?: number
}

/** As it is shown. */
export interface RecordingDetails extends Partial<WriterFacts> {
  readonly device: string
  readonly identity: string
  readonly format: string
  readonly writer?: string
  readonly start_time: string
  readonly end_time?: string
  readonly end_reason?: string
  readonly gaps: readonly { readonly reason: string; readonly from: string; readonly to: string }[]
  /** All its files that are still there, the oldest first. */
  readonly files: readonly string[]
}

export function detailsOf(note: string, files: readonly IndexedFile[]): RecordingDetails {
  // Written by `putRecording` of this service and nobody else; the database is checked.
  const { started, ended, end, gaps, ...facts } = JSON.parse(note) as RecordingNote
  return {
    ...facts,
    start_time: timestamp(started),
    ...(ended === undefined ? {} : { end_time: timestamp(ended) }),
    ...(end === undefined ? {} : { end_reason: end }),
    gaps: gaps.map(({ reason, fromMs, toMs }) => ({ reason, from: timestamp(fromMs), to: timestamp(toMs) })),
    files: files.map((file) => stemOf('recording', file.name)),
  }
}
