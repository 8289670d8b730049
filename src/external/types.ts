/** Streams of other machines: found by a scan, or added by somebody. */

/** The wire's words. */
export type StreamType = 'skydio_stanag4609' | 'generic_rtsp'

/** What clients are shown. Passwords are left out of `url`. */
export interface ExternalStream {
  readonly url: string
  readonly type: StreamType
  readonly name: string
  /** `ERROR`: added or found earlier, and not there now. */
  readonly status: 'DISCOVERED' | 'ADDED' | 'ERROR'
  readonly discovered_at: string
  readonly last_seen: string
  /** Of an added one with `path`, the name of its path and its device id. */
  readonly capabilities: Readonly<Record<string, unknown>>
}

/** One family of machines that a scan looks for; what is empty is not looked for. */
export interface SkydioTargets {
  readonly enabled: boolean
  readonly networkRanges: readonly string[]
  readonly knownIps: readonly string[]
  readonly eoPort: number
  readonly irPort: number
  readonly eoPath: string
  readonly irPath: string
  /** Else only the first of them, EO. */
  readonly both: boolean
}

export interface GenericTargets {
  readonly enabled: boolean
  readonly networkRanges: readonly string[]
  readonly knownIps: readonly string[]
  readonly ports: readonly number[]
  readonly paths: readonly string[]
}

/** A stream that may be behind an address. */
export interface Candidate {
  readonly url: string
  readonly type: StreamType
  readonly name: string
  readonly capabilities: Readonly<Record<string, unknown>>
}

/** An address to knock at, and what is there when it opens. */
export interface Target {
  readonly host: string
  readonly port: number
  readonly candidates: readonly Candidate[]
}
