/** Snapshots: stills of a camera, kept as files. */

export type { TakeSnapshotParams } from './plan.js'
export { type SnapshotEvents, type SnapshotResult, Snapshots, type SnapshotsOptions } from './service.js'
export { type StreamPicture, StreamPictures, type StreamPicturesOptions } from './stream-picture.js'
