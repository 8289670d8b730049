/** Wrong calls, made from the contract: each method × each parameter × each way to get it wrong, with the answer that is due. */

import { CONTRACT, type ContractMethod, type ContractParam } from './contract.js'

export interface WrongCall {
  readonly what: string
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  readonly code: number
  readonly message: string
  /** Members of `data` and what they are; others may be there. */
  readonly data: Readonly<Record<string, unknown>>
}

/** Parameters with which each method would run; only one of them is made wrong at a time. */
const SOUND: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  set_retention_policy: { policy_type: 'manual', enabled: true },
  subscribe_events: { topics: ['camera.connected'] },
  add_external_stream: { stream_url: 'rtsp://192.0.2.1:554/a', stream_name: 'A' },
  remove_external_stream: { stream_url: 'rtsp://192.0.2.1:554/a' },
  set_discovery_interval: { scan_interval: 0 },
}

const WRONG_TYPES: Readonly<Record<ContractParam['type'], readonly unknown[]>> = {
  string: [null, 7, true, [], {}],
  integer: [null, '1', 1.5, true, [], {}],
  number: [null, '1', true, [], {}],
  boolean: [null, 'true', 0, 1, [], {}],
  array: [null, 'camera.connected', 7, {}],
  object: [null, 'device', 7, true, []],
}

const WRONG_DEVICES = [
  '',
  'camera',
  'Camera0',
  'camera-1',
  'camera0 ',
  '../camera0',
  '/dev/video',
  '/dev/../video0',
  'camera\\0',
  '/etc/passwd',
]
const WRONG_NAMES = [
  '',
  '..',
  'a..b',
  '../a',
  'a/b',
  'a\\b',
  'a<b',
  'a>b',
  'a:b',
  'a"b',
  'a|b',
  'a?b',
  'a*b',
  'a\u0001b',
  'x'.repeat(256),
]

/** With what the method needs to run, device and file being none that exist. */
export function soundParams(method: string): Readonly<Record<string, unknown>> {
  const { device, filename } = CONTRACT.methods[method]?.params ?? {}
  return {
    ...(device?.required && { device: 'camera0' }),
    ...(filename?.required && { filename: 'no-such-file' }),
    ...SOUND[method],
  }
}

/** All of a method's parameters made wrong, one at a time. */
export function wrongParams(method: string, { params }: ContractMethod): readonly WrongCall[] {
  const sound = soundParams(method)
  return Object.entries(params).flatMap(([name, rule]) => {
    if (method === 'authenticate') return []
    const call = (what: string, changed: Readonly<Record<string, unknown>>): WrongCall => ({
      ...{ what: `${name} ${what}`, method, params: changed },
      ...{ code: -32602, message: 'Invalid parameters', data: { reason: 'invalid_params', param: name } },
    })
    const values = wrongValues(name, rule).map((value) => call(`= ${shown(value)}`, { ...sound, [name]: value }))
    if (!rule.required) return values
    const { [name]: _missing, ...rest } = sound
    return [call('missing', rest), ...values]
  })
}

function wrongValues(name: string, rule: ContractParam): readonly unknown[] {
  const values: unknown[] = [...WRONG_TYPES[rule.type]]
  if (name === 'device') values.push(...WRONG_DEVICES)
  if (name === 'filename') values.push(...WRONG_NAMES)
  if (name === 'stream_url' && rule.pattern !== undefined) values.push('', 'http://192.0.2.1/a', 'rtsp', 'file:///etc/passwd')
  if (name === 'topics') values.push([7], [null])
  if (name === 'topics' && rule.required)
    values.push(['camera.flown'], ['camera.connected', ''], Array(65).fill('camera.connected'))
  if (name === 'filters') values.push({ device: {} }, { timestamp_after: 'yesterday' }, { device: 'x'.repeat(300) })
  if (rule.enum !== undefined) values.push('', 'nonsense', rule.enum[0]?.toUpperCase())
  if (rule.min !== undefined) values.push(rule.min - 1, -1)
  if (rule.max !== undefined) values.push(rule.max + 1, 1e300)
  if (rule.exclusiveMin !== undefined) values.push(rule.exclusiveMin)
  if (rule.minItems !== undefined) values.push([])
  return values
}

/** Needed only beside another parameter. */
export const CONDITIONAL: readonly WrongCall[] = [
  needed('max_age_days', { policy_type: 'age', enabled: true }),
  needed('max_size_gb', { policy_type: 'size', enabled: true }),
]

function needed(param: string, params: Readonly<Record<string, unknown>>): WrongCall {
  return {
    ...{ what: `${param} missing for ${params.policy_type}`, method: 'set_retention_policy', params },
    ...{ code: -32602, message: 'Invalid parameters', data: { reason: 'invalid_params', param } },
  }
}

/** What is named does not exist. */
export function unknownThings(method: string, { params, errors }: ContractMethod): readonly WrongCall[] {
  if (!errors.includes(-32010)) return []
  const missing = (thing: string, name: string, id: string, message: string): WrongCall => ({
    ...{ what: `unknown ${thing}`, method, params: { ...soundParams(method), [name]: id, unknown_member: 1 } },
    ...{ code: -32010, message, data: { resource: thing, id } },
  })
  if (params.device?.required) {
    return [
      missing('camera', 'device', 'camera4711', 'Camera not found'),
      { ...missing('camera', 'device', '/dev/video4711', 'Camera not found'), data: { resource: 'camera', id: 'camera4711' } },
    ]
  }
  const thing = method.endsWith('recording') || method === 'get_recording_info' ? 'recording' : 'snapshot'
  const message = thing === 'recording' ? 'Recording not found' : 'Snapshot not found'
  return params.filename?.required ? [missing(thing, 'filename', 'no-such-file', message)] : []
}

function shown(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
