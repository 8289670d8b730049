/** The configuration we want for a camera's path: constant per server, so that a live path is never recreated by us. */

import { durationText } from '../api/values.js'
import type { PathConfig } from '../api/wire.js'

export type PathBody = Readonly<Record<string, string | number | boolean>>

export interface PathBodyOptions {
  /** Hook line that tells us of readers; `undefined` where the server cannot run it. */
  readonly demandHook: string | undefined
  /** Longest wait of a reader for our publisher. */
  readonly startTimeoutMs: number
  /** Longer than a restart of the publisher, so that readers survive one. */
  readonly closeAfterMs: number
  /** Name of this service instance in the marker. */
  readonly instance: string
}

/**
 * Text field that every version has and that only a Raspberry Pi camera source reads: it survives on the server beside the
 * path, means nothing to a `publisher` source, and so tells whose path this is.
 */
const MARKER_FIELD = 'rpiCameraTextOverlay'
const MARKER_PREFIX = 'camera-service '

/** Every field is explicit: one that is left out could not be told from a foreign change. */
export function pathBody(options: PathBodyOptions): PathBody {
  return {
    source: 'publisher',
    sourceOnDemand: false,
    maxReaders: 0,
    overridePublisher: true,
    record: false,
    runOnInit: '',
    runOnInitRestart: false,
    runOnDemand: options.demandHook ?? '',
    runOnDemandRestart: options.demandHook !== undefined,
    runOnDemandStartTimeout: durationText(options.startTimeoutMs),
    runOnDemandCloseAfter: durationText(options.closeAfterMs),
    runOnUnDemand: '',
    runOnRead: '',
    runOnReadRestart: false,
    runOnUnread: '',
    [MARKER_FIELD]: MARKER_PREFIX + options.instance,
  }
}

/** Whose path: this instance's, another instance of this service's, or not ours at all. */
export function ownerOf(config: PathConfig, instance: string): 'us' | 'sibling' | 'foreign' {
  const marker = config.fields[MARKER_FIELD]
  if (typeof marker !== 'string' || !marker.startsWith(MARKER_PREFIX)) return 'foreign'
  return marker === MARKER_PREFIX + instance ? 'us' : 'sibling'
}

/**
 * A hook line for one program and its arguments. MediaMTX splits it like a shell and expands `$` even inside quotes, with no
 * way to escape it, so what cannot be said safely is refused. Returns `undefined` then.
 */
export function hookLine(words: readonly string[]): string | undefined {
  // Printable ASCII without quote, dollar, backslash and backtick.
  if (words.some((word) => word === '' || !/^[\x20-\x7e]+$/.test(word) || /['"$\\`]/.test(word))) return undefined
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ')
}
