/** Snapshots: stills of a camera, kept as files. */

export type { TakeSnapshotParams } from './plan.js'
export { type SnapshotEvents, type SnapshotResult, Snapshots, type SnapshotsOptions } from './service.js'
