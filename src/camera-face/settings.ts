/** What the camera face can be told by the service's own file; each default beside its meaning. */

export interface CameraFaceSettings {
  /** `strict`: loopback, tokens and tickets only. `none`: everybody may do everything, as the older server let them. */
  readonly auth: 'strict' | 'none'
  readonly maxViewers: number
  readonly maxViewersPerCamera: number
  /** Viewers without token or ticket from one address that is not loopback. */
  readonly maxUnauthenticatedPerAddress: number
  readonly ticketMs: number
  /** From the opening of a connection, or the end of the last request, to a whole header. */
  readonly headerMs: number
  /** From the header to the whole body. */
  readonly bodyMs: number
  /** A client that neither sends nor takes anything for so long is cut off; longer than any answer takes. */
  readonly idleMs: number
  readonly maxHeaderBytes: number
  readonly maxHeaders: number
  readonly maxTargetBytes: number
  readonly maxBodyBytes: number
  /** Sockets that JavaScript holds: requests, event streams. Viewers are not among them. */
  readonly maxConnections: number
  /** As `maxConnections`, from one address that is not loopback. */
  readonly maxConnectionsPerAddress: number
  /** Requests on one connection that wait for their answers. */
  readonly maxPipelined: number
  /** Snapshots being waited for. */
  readonly maxSnapshots: number
  readonly maxEventStreams: number
  /** Silence after which an event stream says that it lives. */
  readonly heartbeatMs: number
  /** Longest wait of a restart for the first frame. */
  readonly restartMs: number
  /** How often deadlines of connections are looked at. */
  readonly sweepMs: number
}

export const DEFAULT_SETTINGS: CameraFaceSettings = {
  auth: 'strict',
  maxViewers: 4096,
  maxViewersPerCamera: 1024,
  maxUnauthenticatedPerAddress: 64,
  ticketMs: 60_000,
  headerMs: 10_000,
  bodyMs: 10_000,
  idleMs: 60_000,
  maxHeaderBytes: 8192,
  maxHeaders: 64,
  maxTargetBytes: 2048,
  maxBodyBytes: 64 * 1024,
  maxConnections: 8192,
  maxConnectionsPerAddress: 128,
  maxPipelined: 32,
  maxSnapshots: 64,
  maxEventStreams: 256,
  heartbeatMs: 15_000,
  restartMs: 10_000,
  sweepMs: 1_000,
}
