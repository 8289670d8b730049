/** The JSON-RPC 2.0 envelope (contract §3), whatever the encoding it came in. */

import { type Refusal, refusal } from './wire-error.js'

/** As the codec keeps it: the JSON codec the text as it came, the MessagePack codec the value. Absent: a notification. */
export type Id = string | number | bigint

export type Params = Readonly<Record<string, unknown>>

/** One shape for good and bad messages, so that the code that handles them stays monomorphic. */
export interface Message {
  readonly id: Id | undefined
  /** Empty when `fault` is set and the method is not known. */
  readonly method: string
  readonly params: Params
  /** The envelope is bad: answered even without an id, nothing is executed. */
  readonly fault: Refusal | undefined
  /** The parameters pass a limit: told in the parameters' turn of the check order. */
  readonly paramsFault: Refusal | undefined
}

export const NO_PARAMS: Params = Object.freeze({})

const MAX_ID_BYTES = 256
const MAX_METHOD_CHARS = 256
const MAX_DEPTH = 16
const MAX_MEMBERS = 64
const MAX_ARRAY_LENGTH = 1024

/** All that can be wrong with an envelope, in the words in which it is told. */
const FAULTS = {
  json: invalid('the message must be JSON'),
  msgpack: invalid('the message must be MessagePack'),
  plainMsgpack: invalid('the message must be MessagePack of plain values'),
  batch: invalid('batches are not supported: send one request per message'),
  depth: invalid(`nesting of at most ${MAX_DEPTH}`),
  object: invalid('the message must be a JSON object'),
  id: invalid(`id must be a finite number or a string of at most ${MAX_ID_BYTES} bytes`),
  version: invalid('jsonrpc must be "2.0"', 'INVALID_VERSION'),
  members: invalid(`at most ${MAX_MEMBERS} members per object`),
  method: invalid('method must be a string that is not empty'),
  methodLength: invalid(`method must have at most ${MAX_METHOD_CHARS} characters`),
} as const satisfies Record<string, Refusal>

/** By the kind of value that `params` was. */
const PARAMS_FAULTS: Readonly<Record<string, Refusal>> = Object.fromEntries(
  ['null', 'an array', 'a string', 'a number', 'a boolean', 'a bigint'].map((kind) => [kind, notByName(kind)]),
)

/** Limits of parameters. */
const LIMITS = {
  depth: beyond(`nesting of at most ${MAX_DEPTH}`),
  arrayLength: beyond(`arrays of at most ${MAX_ARRAY_LENGTH} entries`),
  members: beyond(`at most ${MAX_MEMBERS} members per object`),
} as const satisfies Record<string, Refusal>

/**
 * Reads a decoded value as an envelope. `idOf` turns the raw id into the form the codec answers with; it is called only for
 * an id that is a string or a finite number, and may refuse it by answering undefined.
 */
export function readEnvelope(value: unknown, idOf: (id: Id) => Id | undefined): Message {
  if (Array.isArray(value)) return refuseBatch()
  if (!isRecord(value)) return refused(undefined, FAULTS.object)
  const rawId = value.id ?? undefined
  const id = isId(rawId) ? idOf(rawId) : undefined
  if (rawId !== undefined && id === undefined) return refused(undefined, FAULTS.id)
  if (value.jsonrpc !== '2.0') return refused(id, FAULTS.version)
  if (!hasFewMembers(value)) return refused(id, FAULTS.members)
  const method = value.method
  if (typeof method !== 'string' || method === '') return refused(id, FAULTS.method)
  if (method.length > MAX_METHOD_CHARS) return refused(id, FAULTS.methodLength)
  return withParams(id, method, value.params)
}

/** Completes a message whose id and method are known to be good. */
export function withParams(id: Id | undefined, method: string, params: unknown): Message {
  if (params === undefined || params === NO_PARAMS) return request(id, method, NO_PARAMS, undefined)
  if (!isRecord(params)) {
    // A well-formed notification is never answered, bad parameters included.
    const kind = kindOf(params)
    return { id, method, params: NO_PARAMS, fault: PARAMS_FAULTS[kind] ?? notByName(kind), paramsFault: undefined }
  }
  return request(id, method, params, brokenLimit(params, 1))
}

/** A message that is not of its encoding at all. */
export function unreadable(encoding: 'json' | 'msgpack' | 'plainMsgpack'): Message {
  return refused(undefined, FAULTS[encoding])
}

/** However many requests it holds, and whether they are any good. */
export function refuseBatch(): Message {
  return refused(undefined, FAULTS.batch)
}

/** So deep that it is not even parsed. */
export function refuseDepth(): Message {
  return refused(undefined, FAULTS.depth)
}

/** Whether the sender of this message waits for an answer. */
export function wantsReply(message: Message): boolean {
  return message.id !== undefined || (message.fault !== undefined && message.method === '')
}

function request(id: Id | undefined, method: string, params: Params, paramsFault: Refusal | undefined): Message {
  return { id, method, params, fault: undefined, paramsFault }
}

function refused(id: Id | undefined, fault: Refusal): Message {
  return { id, method: '', params: NO_PARAMS, fault, paramsFault: undefined }
}

function invalid(hint: string, code: 'INVALID_REQUEST' | 'INVALID_VERSION' = 'INVALID_REQUEST'): Refusal {
  return refusal(code, { data: { hint }, details: hint })
}

function notByName(kind: string): Refusal {
  return refusal('INVALID_REQUEST', {
    data: { hint: 'params must be an object; positional parameters are not supported' },
    details: `params was ${kind}`,
  })
}

function beyond(rule: string): Refusal {
  return refusal('INVALID_PARAMS', {
    data: { param: 'params', rule, hint: 'send smaller parameters' },
    details: `params break the limit: ${rule}`,
  })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isId(value: unknown): value is Id {
  if (typeof value === 'string') return value.length <= MAX_ID_BYTES && Buffer.byteLength(value) <= MAX_ID_BYTES
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))
}

function hasFewMembers(value: object): boolean {
  let members = 0
  for (const _name in value) {
    members += 1
    if (members > MAX_MEMBERS) return false
  }
  return true
}

/** The limit that `value` breaks, if any. Recursion ends at the depth limit. */
function brokenLimit(value: object, depth: number): Refusal | undefined {
  if (depth > MAX_DEPTH) return LIMITS.depth
  if (Array.isArray(value)) {
    if (value.length > MAX_ARRAY_LENGTH) return LIMITS.arrayLength
    for (const entry of value) {
      const broken = typeof entry === 'object' && entry !== null ? brokenLimit(entry, depth + 1) : undefined
      if (broken !== undefined) return broken
    }
    return undefined
  }
  let members = 0
  for (const name in value) {
    members += 1
    if (members > MAX_MEMBERS) return LIMITS.members
    const entry = (value as Record<string, unknown>)[name]
    const broken = typeof entry === 'object' && entry !== null ? brokenLimit(entry, depth + 1) : undefined
    if (broken !== undefined) return broken
  }
  return undefined
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
