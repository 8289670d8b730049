/** What the methods need of the rest of the service. Each is implemented beside its domain and passed in by the app. */

import type { Identity } from '../auth/index.js'
import type { Rendered } from '../base/rendered.js'
import type { CameraCapabilities, CameraList, CameraStatus } from './shapes/cameras.js'
import type { CameraControls, CameraControlsSet } from './shapes/controls.js'
import type { AddedStream, DiscoveredStreams, DiscoveryInterval, ExternalStreamList, RemovedStream } from './shapes/external.js'
import type { DeletedFile, FileList, PageParams, RecordingInfo, SnapshotInfo } from './shapes/files.js'
import type { RecordingStatus, StartedRecording, StartRecordingParams, StoppedRecording } from './shapes/recordings.js'
import type { Snapshot, TakeSnapshotParams } from './shapes/snapshots.js'
import type { Cleanup, RetentionParams, RetentionPolicy, StorageInfo } from './shapes/storage.js'
import type { StartedStream, StoppedStream, StreamEntry, StreamStatus, StreamUrl } from './shapes/streams.js'
import type { Metrics, ServerInfo, ServiceStatus, SystemStatus } from './shapes/system.js'

/** Who calls. All of it can be sent to another thread. */
export type CallerIdentity = Pick<Identity, 'userId' | 'role' | 'expiresAtMs' | 'localOnly'>

/** `device` is a camera id here; `host` the name under which the client reached us, for links. */
export interface CameraPort {
  /** Device nodes of this moment, such as `/dev/video0`, with the id of the camera behind each. */
  nodes(): ReadonlyMap<string, string>
  list(host: string): Rendered<CameraList>
  /** Throws CAMERA_NOT_FOUND. */
  status(device: string, host: string): Rendered<CameraStatus>
  /** Throws CAMERA_NOT_FOUND. */
  capabilities(device: string): Rendered<CameraCapabilities>
}

export interface ControlPort {
  /** Rejects with CAMERA_NOT_FOUND, INVALID_STATE (unplugged), DEPENDENCY_FAILED. */
  list(device: string): Promise<CameraControls['controls']>
  /** None is set when one cannot be: rejects with INVALID_PARAMS too. */
  set(device: string, values: Readonly<Record<string, number | string | boolean>>): Promise<CameraControlsSet['controls']>
  /** Without `names`, all that have a default. Rejects with INVALID_PARAMS too. */
  reset(device: string, names: readonly string[] | undefined): Promise<CameraControlsSet['controls']>
}

export interface SnapshotPort {
  /** Rejects with CAMERA_NOT_FOUND, INVALID_PARAMS, INVALID_STATE (storage), DEPENDENCY_FAILED. */
  take(params: TakeSnapshotParams, signal: AbortSignal): Promise<Snapshot>
}

export interface StreamPort {
  /** Starting twice gives the same stream. Rejects with CAMERA_NOT_FOUND, DEPENDENCY_FAILED. */
  start(device: string, host: string): Promise<StartedStream>
  /** Rejects with CAMERA_NOT_FOUND, INVALID_STATE, DEPENDENCY_FAILED. */
  stop(device: string): Promise<StoppedStream>
  /** Rejects with CAMERA_NOT_FOUND, DEPENDENCY_FAILED. */
  url(device: string, host: string): Promise<StreamUrl>
  /** Rejects with CAMERA_NOT_FOUND, STREAM_NOT_FOUND, DEPENDENCY_FAILED. */
  status(device: string): Promise<StreamStatus>
  /** Rejects with DEPENDENCY_FAILED. */
  list(): Promise<Rendered<readonly StreamEntry[]>>
}

export interface RecordingPort {
  /** Rejects with CAMERA_NOT_FOUND, INVALID_PARAMS, INVALID_STATE (recording, unplugged, storage), DEPENDENCY_FAILED. */
  start(params: StartRecordingParams): Promise<StartedRecording>
  /** Rejects with CAMERA_NOT_FOUND, INVALID_STATE, DEPENDENCY_FAILED. */
  stop(device: string): Promise<StoppedRecording>
  /** Null while nothing is recorded. Throws CAMERA_NOT_FOUND. */
  status(device: string): RecordingStatus
}

export interface FilePort {
  /** Newest first. Rejects with STORAGE_UNREADABLE. */
  list(kind: 'recording' | 'snapshot', page: PageParams): Promise<FileList>
  /** Rejects with INVALID_PARAMS, RECORDING_NOT_FOUND, STORAGE_UNREADABLE. */
  recordingInfo(filename: string): Promise<RecordingInfo>
  /** What is known of it beyond that: camera, mode, writer, gaps. Empty when nothing is; rejects as `recordingInfo`. */
  recordingFacts(filename: string): Promise<object>
  /** Rejects with INVALID_PARAMS, SNAPSHOT_NOT_FOUND, STORAGE_UNREADABLE. */
  snapshotInfo(filename: string): Promise<SnapshotInfo>
  /** Rejects as the two above, and with INVALID_STATE (in use), DEPENDENCY_FAILED. */
  delete(kind: 'recording' | 'snapshot', filename: string): Promise<DeletedFile>
}

export interface StoragePort {
  /** Rejects with DEPENDENCY_FAILED. */
  info(): Promise<StorageInfo>
  /** Rejects with INVALID_PARAMS, DEPENDENCY_FAILED. */
  setPolicy(policy: RetentionParams): Promise<RetentionPolicy>
  /** Rejects with INVALID_STATE (retention disabled), DEPENDENCY_FAILED. */
  cleanup(): Promise<Cleanup>
}

export interface ExternalPort {
  /** Rejects with INVALID_STATE (a scan runs), UNSUPPORTED (switched off). */
  discover(wish: DiscoveredStreams['discovery_options']): Promise<DiscoveredStreams>
  /** Rejects with INVALID_PARAMS, INVALID_STATE, UNSUPPORTED, DEPENDENCY_FAILED; then nothing has changed. */
  add(url: string, name: string, type: AddedStream['stream_type']): Promise<AddedStream>
  /** Rejects with INVALID_PARAMS, EXTERNAL_STREAM_NOT_FOUND, UNSUPPORTED, DEPENDENCY_FAILED. */
  remove(url: string): Promise<RemovedStream>
  list(): ExternalStreamList
  /** Throws UNSUPPORTED. Seconds. */
  setInterval(scanInterval: number): DiscoveryInterval
}

export interface SystemPort {
  /** False until every component is up: calls but `ping` and `authenticate` get -32050 meanwhile. */
  ready(): boolean
  /** The end has begun. */
  stopping?(): boolean
  status(): ServiceStatus | Promise<ServiceStatus>
  serverInfo(): ServerInfo
}

export interface FlatMetrics {
  /** Percent. */
  readonly cpu_usage: number
  readonly memory_usage: number
  /** Bytes, and percent. */
  readonly disk_usage: {
    readonly total: number
    readonly used: number
    readonly available: number
    readonly percentage: number
  }
  /** Bytes since the machine started, over all interfaces but loopback. */
  readonly network_stats: { readonly connections: number; readonly bytes_sent: number; readonly bytes_received: number }
}

export interface MetricsPort {
  metrics(): Promise<Metrics>
  /** The same machine in the members that some suites look for at the top (C-28). */
  flatMetrics(): Promise<FlatMetrics>
  /** Answers before the service is ready, too. */
  systemStatus(): SystemStatus
}

export interface Services {
  readonly cameras: CameraPort
  readonly controls: ControlPort
  readonly snapshots: SnapshotPort
  readonly recordings: RecordingPort
  readonly files: FilePort
  /** The `download_url` that this client gets in place of the plain one; undefined: the plain one. */
  readonly downloadLink?: ((url: string, identity: CallerIdentity) => string) | undefined
  readonly storage: StoragePort
  readonly streams: StreamPort
  readonly external: ExternalPort
  readonly system: SystemPort
  readonly metrics: MetricsPort
}
