/** What a test can make the double do wrong. All off at start. */

export interface Faults {
  /** Endpoints (`paths/list`, `config/paths/replace`) that take a request and never answer. */
  readonly hang: Set<string>
  /** Endpoints whose reply is cut after so many bytes, the length still told whole. */
  readonly torn: Map<string, number>
  /** Endpoints whose reply is this text instead, with this status. */
  readonly garbage: Map<string, { readonly status: number; readonly text: string }>
  /** Endpoints that do their work and then drop the connection without a reply. */
  readonly dropReply: Set<string>
  /** A write shows in configuration and runtime only so long after its 200. */
  visibilityDelayMs: number
  /**
   * The reload that the next write causes takes so long: its 200 comes at once, configuration shows the old, and writes and
   * `paths/…` wait until it is over.
   */
  blockReloadMs: number
  /** A write takes so long for each path there is. */
  writeMsPerPath: number
  /** What the end of a restart after an edit of global fields waits for besides its own time. */
  restart: Promise<void> | undefined
  /** Recordings cannot be written. */
  diskFull: boolean
  /** So many RECORDs to come are refused, as if the path had changed since ANNOUNCE. */
  refuseRecords: number
}

export function noFaults(): Faults {
  return {
    blockReloadMs: 0,
    restart: undefined,
    writeMsPerPath: 0,
    diskFull: false,
    hang: new Set(),
    torn: new Map(),
    garbage: new Map(),
    dropReply: new Set(),
    visibilityDelayMs: 0,
    refuseRecords: 0,
  }
}
