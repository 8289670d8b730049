/** The fields of a path configuration with their defaults, as 1.20.1 prints them, and how a written value is taken. */

import { printDuration, readDuration } from './duration.js'

export type Fields = Readonly<Record<string, unknown>>

export const PATH_DEFAULTS: Fields = {
  source: 'publisher',
  sourceFingerprint: '',
  sourceOnDemand: false,
  sourceOnDemandStartTimeout: '10s',
  sourceOnDemandCloseAfter: '10s',
  maxReaders: 0,
  srtReadPassphrase: '',
  useAbsoluteTimestamp: false,
  alwaysAvailable: false,
  alwaysAvailableTracks: [],
  alwaysAvailableFile: '',
  forward: [],
  record: false,
  recordPath: './recordings/%path/%Y-%m-%d_%H-%M-%S-%f',
  recordFormat: 'fmp4',
  recordPartDuration: '1s',
  recordMaxPartSize: '50M',
  recordSegmentDuration: '1h0m0s',
  recordDeleteAfter: '1d',
  overridePublisher: true,
  srtPublishPassphrase: '',
  rtspTransport: 'automatic',
  rtspAnyPort: false,
  rpiCameraTextOverlayEnable: false,
  rpiCameraTextOverlay: '%Y-%m-%d %H:%M:%S - MediaMTX',
  runOnInit: '',
  runOnInitRestart: false,
  runOnDemand: '',
  runOnDemandRestart: false,
  runOnDemandStartTimeout: '10s',
  runOnDemandCloseAfter: '10s',
  runOnUnDemand: '',
  runOnAvailable: '',
  runOnAvailableRestart: false,
  runOnUnavailable: '',
  runOnOnline: '',
  runOnOnlineRestart: false,
  runOnOffline: '',
  runOnRead: '',
  runOnReadRestart: false,
  runOnUnread: '',
  runOnRecordSegmentCreate: '',
  runOnRecordSegmentComplete: '',
}

const DURATIONS = /(?:Timeout|After|Duration)$/

/** Fields that change in place; any other change makes the path anew and drops its publisher and readers. */
export const HOT =
  /^(?:forward|record|recordPath|recordFormat|recordPartDuration|recordMaxPartSize|recordSegmentDuration|recordDeleteAfter|rpiCameraTextOverlay(?:Enable)?)$/

/** Refused while decoding: harmless, nothing is stored. */
export class DecodeError extends Error {}

/** The overrides a body stands for, values in normal form. */
export function decode(body: string): Record<string, unknown> {
  const given = parse(body)
  const fields: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given)) {
    if (name === 'name') continue
    const standard = PATH_DEFAULTS[name]
    if (standard === undefined) throw new DecodeError(`json: unknown field "${name}"`)
    // A null at the top means "not given".
    if (value === null) continue
    fields[name] = take(name, value, standard)
  }
  return fields
}

function parse(body: string): Fields {
  if (body.trim() === '') throw new DecodeError('unexpected end of JSON input')
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    throw new DecodeError('unexpected end of JSON input')
  }
  if (value === null) return {}
  if (Array.isArray(value)) throw new DecodeError('json: cannot unmarshal array into Go value of type map[string]json.RawMessage')
  return value as Fields
}

function take(name: string, value: unknown, standard: unknown): unknown {
  const kind = Array.isArray(standard) ? 'object' : typeof standard
  if (typeof value !== kind) {
    throw new DecodeError(`json: cannot unmarshal ${typeof value} into Go value of type ${kind === 'boolean' ? 'bool' : kind}`)
  }
  if (!DURATIONS.test(name) || typeof value !== 'string') return value
  const ns = readDuration(value)
  if (ns === undefined) throw new DecodeError(`time: invalid duration "${value}"`)
  return printDuration(ns)
}

/** The first thing wrong with an effective configuration. */
export function validate(fields: Fields): string | undefined {
  if (fields.source === 'publisher' && fields.sourceOnDemand === true) {
    return "'sourceOnDemand' is useless when source is 'publisher'"
  }
  if (fields.source !== 'publisher' && fields.runOnDemand !== '')
    return "'runOnDemand' and 'runOnUnDemand' can be used only when source is 'publisher'"
  return undefined
}

export function validName(name: string): boolean {
  return /^[A-Za-z0-9_./-]+$/.test(name) && !name.startsWith('/') && !name.endsWith('/') && !/(?:^|\/)\.{1,2}(?:\/|$)/.test(name)
}
