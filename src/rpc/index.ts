/** JSON-RPC 2.0: methods, sessions, subscriptions. Sockets belong to `http/`. */

export { type CostlyLimits, CostlyRates } from './costly-rates.js'
export { manual } from './describe.js'
export type { LogSnapshot } from './event-log.js'
export type { Home, HomeCall } from './home.js'
export { FOR_LEGACY } from './legacy-events.js'
export type { TokenVerifier } from './method.js'
export { METHODS } from './methods/index.js'
export { createRemoteRpc, type RemoteRpc, type RemoteRpcOptions } from './remote.js'
export { createRpc, type HomeDesk, type Rpc, type RpcOptions, type SessionSource } from './rpc.js'
export type {
  CameraPort,
  ExternalPort,
  FilePort,
  MetricsPort,
  RecordingPort,
  Services,
  SnapshotPort,
  StoragePort,
  StreamPort,
  SystemPort,
} from './services.js'
export type { Peer } from './session.js'
export type { OpenSession, RpcStats, SessionRequest } from './sessions.js'
export type { CameraCapabilities, CameraList, CameraStatus } from './shapes/cameras.js'
export type { Snapshot, TakeSnapshotParams } from './shapes/snapshots.js'
export type { StartedStream, StoppedStream, StreamEntry, StreamStatus, StreamUrl } from './shapes/streams.js'
export type { ServerInfo, ServiceStatus } from './shapes/system.js'
export { TOPICS, type Topic } from './topics.js'
export type { WorkLimits } from './workload.js'
