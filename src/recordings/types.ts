/** Words of the recordings that clients know. */

export type RecordingFormat = 'fmp4' | 'mp4' | 'mkv'

export interface StartParams {
  readonly device: string
  /** Seconds, after which it stops by itself. */
  readonly duration?: number
  readonly format?: RecordingFormat
  /** Base name; made from the pattern when absent. */
  readonly filename?: string
}

export interface StartedRecording {
  readonly device: string
  /** Without extension. */
  readonly filename: string
  readonly status: 'RECORDING'
  readonly start_time: string
  readonly format: RecordingFormat
}

export interface RecordingStatus {
  readonly device: string
  readonly recording_id: string
  /** As at start. */
  readonly filename: string
  readonly start_time: string
  /** Seconds, gaps left out. */
  readonly duration: number
  readonly status: 'STARTING' | 'RECORDING' | 'STOPPING'
}

export interface StoppedRecording {
  readonly device: string
  /** As at start. */
  readonly filename: string
  readonly status: 'STOPPED' | 'FAILED'
  readonly start_time: string
  readonly end_time: string
  /** Seconds that are in the files. */
  readonly duration: number
  /** Bytes of all its files. */
  readonly file_size: number
  readonly format: RecordingFormat
}

/** Time in which nothing was recorded. */
export interface RecordingGap {
  readonly reason: GapReason
  /** Wall-clock milliseconds. */
  readonly fromMs: number
  readonly toMs: number
}

export type GapReason =
  | 'writer_failed'
  | 'mediamtx_lost'
  /** MediaMTX is well and got no stream to record. */
  | 'stream_lost'
  /** Somebody deleted or renamed the file while it was written. */
  | 'file_lost'
  /** The folder could not be written; it went on in the fallback. */
  | 'storage_failed'
  /** Of a writer that cannot begin a file before it ends another. */
  | 'file_full'
  | 'service_restarted'
  | 'camera_changed'
  | 'clock_changed'
  | 'frames_lost'
  /** Nothing was written, and nobody said why: the camera is switched off, held by another program or tried again, or the recorder hangs. */
  | 'no_pictures'

/** Why a recording ended otherwise than by a call. */
export type EndReason =
  | 'duration_reached'
  | 'device_disconnected'
  | 'storage_full'
  | 'storage_failed'
  | 'writer_failed'
  | 'service_stopped'
  | 'service_restarted'

/** Ends that nobody asked for. */
export const FAILURES: ReadonlySet<EndReason> = new Set([
  'device_disconnected',
  'storage_full',
  'storage_failed',
  'writer_failed',
])

export type RecordingEvents = {
  started: RecordingFact
  stopped: RecordingFact & { readonly duration: number }
  /** It goes on after an interruption, or ended because of a failure. */
  failed: RecordingFact & { readonly duration: number; readonly reason: string }
  progress: { readonly device: string; readonly filename: string; readonly duration: number; readonly file_size: number }
  storageChanged: { readonly state: 'ok' | 'low' | 'full'; readonly usedPercent: number }
}

export interface RecordingFact {
  readonly device: string
  /** Of the file that is being written. */
  readonly filename: string
  /** Of the recording: as at start. */
  readonly name: string
  /** Wall-clock milliseconds. */
  readonly startedMs: number
  readonly writer: 'ffmpeg' | 'mediamtx'
  readonly reason?: string
}
