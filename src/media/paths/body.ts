/** The configurations we want for paths: constant per server but for the recording fields, so that none is made anew by us. */

import { durationText } from '../api/values.js'
import type { PathConfig } from '../api/wire.js'
import type { RecordingWish, SourceWish } from './wishes.js'

export type PathBody = Readonly<Record<string, string | number | boolean>>

/** Lines that MediaMTX runs; all of them, or none where it cannot. */
export interface Hooks {
  /** Tells us of readers. */
  readonly demand: string
  /** Tell us of files. */
  readonly segmentCreated: string
  readonly segmentCompleted: string
}

export interface PathBodyOptions {
  /** `undefined` where the server cannot run them. */
  readonly hooks: Hooks | undefined
  /** Longest wait of a reader for our publisher, or for the source. */
  readonly startTimeoutMs: number
  /** Longer than a restart of the publisher, so that readers survive one. */
  readonly closeAfterMs: number
  /** The same of a path that MediaMTX fetches. Default: `closeAfterMs`. */
  readonly sourceCloseAfterMs?: number
  /** Name of this service instance in the marker. */
  readonly instance: string
}

/**
 * Text field that every version has and that only a Raspberry Pi camera source reads: it survives on the server beside the
 * path, means nothing to other sources, and so tells whose path this is.
 */
const MARKER_FIELD = 'rpiCameraTextOverlay'
const MARKER_PREFIX = 'camera-service '

/** What `record: false` stands beside until the path is recorded for the first time: MediaMTX's own defaults. */
const NEVER_RECORDED: RecordingWish = {
  recordPath: './recordings/%path/%Y-%m-%d_%H-%M-%S-%f',
  format: 'fmp4',
  segmentDurationMs: 3_600_000,
  partDurationMs: 1_000,
}

/** Path of a camera, which we publish. Every field is explicit: one that is left out could not be told from a foreign change. */
export function cameraBody(options: PathBodyOptions): PathBody {
  const { hooks, startTimeoutMs, closeAfterMs } = options
  return {
    source: 'publisher',
    sourceOnDemand: false,
    overridePublisher: true,
    runOnDemand: hooks?.demand ?? '',
    runOnDemandRestart: hooks !== undefined,
    runOnDemandStartTimeout: durationText(startTimeoutMs),
    runOnDemandCloseAfter: durationText(closeAfterMs),
    ...common(options),
  }
}

/** Path of a stream that MediaMTX fetches: while somebody reads, or all the time. */
export function sourceBody(options: PathBodyOptions, wish: SourceWish): PathBody {
  return {
    source: wish.url,
    sourceOnDemand: wish.onDemand,
    sourceOnDemandStartTimeout: durationText(options.startTimeoutMs),
    sourceOnDemandCloseAfter: durationText(options.sourceCloseAfterMs ?? options.closeAfterMs),
    rtspTransport: wish.transport,
    runOnDemand: '',
    runOnDemandRestart: false,
    ...common(options),
  }
}

/** The same path, recorded or (`on: false`) ready to be: only the switch differs then. */
export function recordedBody(body: PathBody, wish: RecordingWish | undefined, on: boolean): PathBody {
  const fields = wish ?? NEVER_RECORDED
  return {
    ...body,
    record: on,
    recordPath: fields.recordPath,
    recordFormat: fields.format,
    recordPartDuration: durationText(fields.partDurationMs),
    recordSegmentDuration: durationText(fields.segmentDurationMs),
    // What is kept how long is decided by us.
    recordDeleteAfter: '0s',
  }
}

/** The same path with another hook: one that runs as soon as the path is there, and no demand. */
export function probingBody(body: PathBody, hook: string): PathBody {
  return { ...body, runOnDemand: '', runOnDemandRestart: false, runOnInit: hook }
}

function common({ hooks, instance }: PathBodyOptions): PathBody {
  return {
    maxReaders: 0,
    runOnInit: '',
    runOnInitRestart: false,
    runOnUnDemand: '',
    runOnRead: '',
    runOnReadRestart: false,
    runOnUnread: '',
    runOnRecordSegmentCreate: hooks?.segmentCreated ?? '',
    runOnRecordSegmentComplete: hooks?.segmentCompleted ?? '',
    [MARKER_FIELD]: MARKER_PREFIX + instance,
  }
}

/** Whose path: this instance's, another instance of this service's, or not ours at all. */
export function ownerOf(config: PathConfig, instance: string): 'us' | 'sibling' | 'foreign' {
  const marker = config.fields[MARKER_FIELD]
  if (typeof marker !== 'string' || !marker.startsWith(MARKER_PREFIX)) return 'foreign'
  return marker === MARKER_PREFIX + instance ? 'us' : 'sibling'
}
