/** What the metrics are made from: plain figures, gathered when somebody asks. */

import type { Durations } from '../../base/histogram.js'
import type { Counts } from '../../base/tally.js'

export interface MetricFacts {
  readonly build: { readonly version: string; readonly revision: string; readonly nodeVersion: string }
  readonly process: ProcessFacts
  /** Undefined: none is wanted here. */
  readonly mediamtx: MediamtxFacts | undefined
  /** Of MediaMTX; none while it is away. */
  readonly paths: readonly PathFacts[]
  readonly rpc: RpcFacts
  readonly connections: ConnectionFacts
  /** Configured limits by name. */
  readonly limits: Counts
  readonly downloads: { readonly active: number; readonly bytes: number }
  /** What the native core told of devices, by kind. */
  readonly deviceEvents: Counts
  readonly probes: Durations
  /** How many cameras there are in each state. */
  readonly cameras: Readonly<Record<'CONNECTED' | 'DISCONNECTED' | 'ERROR', number>>
  readonly recordings: { readonly active: number; readonly started: number; readonly failed: number }
  readonly snapshots: { readonly taken: number; readonly failed: number; readonly queueUsedPercent: number }
  /** Of external streams: scans by result, and streams ever found by state. */
  readonly discovery: { readonly scans: Counts; readonly streams: Counts }
  /** Old files that went, their bytes, and those that could not be deleted. */
  readonly retention: { readonly files: number; readonly bytes: number; readonly failed: number }
  /** Of the health pages, by path and code, such as `/health 200`. */
  readonly healthRequests: Counts
  /** Logins that failed, by what they were tried with. */
  readonly failedLogins: Counts
  /** Of MJPEG: how many there are, and frames that they were sent, or were too slow for. */
  readonly viewers: { readonly now: number; readonly frames: number; readonly skipped: number }
  /** Pauses for collecting garbage, by kind. */
  readonly collections: Readonly<Record<string, Durations>>
  /** Of the file system of recordings; undefined when it cannot be looked at. */
  readonly storage: { readonly sizeBytes: number; readonly availableBytes: number } | undefined
  readonly storageState: 'ok' | 'low' | 'full'
  readonly ready: boolean
  /** The end has begun. */
  readonly draining: boolean
  /** How often a supervisor's watchdog was told that all goes on. */
  readonly watchdogFeeds: number
  /** Of load shedding, 0 to 2. */
  readonly loadStage: number
  /** How late the event loop came to its turns in the last two seconds, by quantile. */
  readonly loopDelaySeconds: Counts
}

export interface MediamtxFacts {
  readonly up: boolean
  readonly version: string | undefined
  /** Calls of its control API, failed ones too, by endpoint. */
  readonly calls: Readonly<Record<string, Durations>>
  /** By endpoint and reason, such as `paths/list timeout`. */
  readonly callFailures: Counts
  readonly comparisons: Durations
  /** Paths that the last comparison found not to be as they should be. */
  readonly drift: number
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
  readonly durations: Durations
  /** From an event to the last of its subscribers. */
  readonly fanout: Durations
  /** That hold connections in place of the main one. */
  readonly threads: { readonly running: number; readonly deaths: number }
}

export interface ConnectionFacts {
  readonly authenticated: number
  readonly anonymous: number
  readonly pendingBytes: number
  readonly coalesced: number
  /** Upgrades that were admitted, since the start. */
  readonly accepted: number
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
