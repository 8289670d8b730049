/** What the metrics are made from: plain figures, gathered when somebody asks. */

import type { Counts } from '../../base/tally.js'

export interface MetricFacts {
  readonly build: { readonly version: string; readonly revision: string; readonly nodeVersion: string }
  readonly process: ProcessFacts
  /** Undefined: none is wanted here. */
  readonly mediamtx: { readonly up: boolean; readonly version: string | undefined } | undefined
  /** Of MediaMTX; none while it is away. */
  readonly paths: readonly PathFacts[]
  readonly rpc: RpcFacts
  readonly connections: ConnectionFacts
  /** Configured limits by name. */
  readonly limits: Counts
  readonly downloads: { readonly active: number; readonly bytes: number }
  /** How many cameras there are in each state. */
  readonly cameras: Readonly<Record<'CONNECTED' | 'DISCONNECTED' | 'ERROR', number>>
  readonly recordings: { readonly active: number; readonly started: number; readonly failed: number }
  readonly snapshots: { readonly taken: number }
  /** Of the file system of recordings; undefined when it cannot be looked at. */
  readonly storage: { readonly sizeBytes: number; readonly availableBytes: number } | undefined
  readonly storageState: 'ok' | 'low' | 'full'
  readonly ready: boolean
  /** The end has begun. */
  readonly draining: boolean
  /** How often a supervisor's watchdog was told that all goes on. */
  readonly watchdogFeeds: number
}

export interface RpcFacts {
  readonly clients: number
  readonly calls: number
  readonly failures: number
  /** By method and code, such as `ping 0`. */
  readonly answers: Counts
  /** Refused for there being too many, by layer. */
  readonly limited: Counts
  /** Slow work by kind. */
  readonly underWay: Counts
  /** By name. */
  readonly notifications: Counts
  /** `replay` and `resync`. */
  readonly resumes: Counts
  readonly linesLeftOut: number
  /** That hold connections in place of the main one. */
  readonly threads: { readonly running: number; readonly deaths: number }
}

export interface ConnectionFacts {
  readonly authenticated: number
  readonly anonymous: number
  readonly pendingBytes: number
  readonly coalesced: number
  /** By the words of the refusal. */
  readonly refusals: Counts
  /** By close code. */
  readonly closes: Counts
}

export interface ProcessFacts {
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly openFds: number
  /** Undefined: no limit. */
  readonly maxFds: number | undefined
  readonly startSeconds: number
  readonly lagSeconds: number
  readonly heapUsedBytes: number
  readonly heapTotalBytes: number
  readonly externalBytes: number
}

export interface PathFacts {
  readonly name: string
  readonly online: boolean
  readonly source: string
  /** Count by protocol. */
  readonly readers: Readonly<Record<string, number>>
}
