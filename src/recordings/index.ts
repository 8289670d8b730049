/** Recordings, and the index of all files that clients can list. */

export type { RecordedCamera, RecordingCameras, RecordingFeed } from './cameras.js'
export type { CleanupAnswer } from './cleaner.js'
export type { DeletedFile, FileEntry, FileInfo, FileList, HeldFile, RecordingInfo } from './files.js'
export type { RecordingsOptions, RetentionPolicy } from './options.js'
export type { PolicyAnswer, PolicyParams } from './retention.js'
export { Recordings } from './service.js'
export type { StorageInfo } from './storage.js'
export type { RecordingEvents, RecordingFact, RecordingStatus, StartedRecording, StartParams, StoppedRecording } from './types.js'
export type { RecordingMedia } from './writers/mediamtx-writer.js'
