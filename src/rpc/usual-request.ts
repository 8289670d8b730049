/**
 * The request that most clients send most of the time, byte for byte: `{"jsonrpc":"2.0","id":7,"method":"ping"}`, with or without
 * empty `params`. Everything else is left to `scanRequest`, which costs twice as much.
 */

import { type Message, NO_PARAMS, withParams } from './message.js'
import { holds, type MethodNames } from './method-names.js'

const START = Buffer.from('{"jsonrpc":"2.0","id":')
const BEFORE_METHOD = Buffer.from(',"method":"')
const END = Buffer.from('"}')
const END_WITH_PARAMS = Buffer.from('","params":{}}')
const ZERO = 0x30
const NINE = 0x39
const QUOTE = 0x22
const MAX_ID_DIGITS = 15
const MAX_METHOD_BYTES = 64

/** The message, or undefined when these bytes are anything but the usual. */
export function readUsual(bytes: Uint8Array, names: MethodNames): Message | undefined {
  for (let at = 0; at < START.length; at++) if (bytes[at] !== START[at]) return undefined
  let at = START.length
  let id = 0
  let byte = bytes[at]
  while (byte !== undefined && byte >= ZERO && byte <= NINE) {
    id = id * 10 + (byte - ZERO)
    at += 1
    byte = bytes[at]
  }
  const digits = at - START.length
  if (digits === 0 || digits > MAX_ID_DIGITS || (digits > 1 && bytes[START.length] === ZERO)) return undefined
  for (let index = 0; index < BEFORE_METHOD.length; index++) {
    if (bytes[at + index] !== BEFORE_METHOD[index]) return undefined
  }
  const start = at + BEFORE_METHOD.length
  let end = start
  while (bytes[end] !== QUOTE) {
    end += 1
    if (end - start > MAX_METHOD_BYTES) return undefined
  }
  const last = bytes.length - end === END.length ? END : END_WITH_PARAMS
  if (bytes.length - end !== last.length || !holds(bytes, end, last)) return undefined
  const method = names.find(bytes, start, end)
  return method === undefined ? undefined : withParams(id, method, NO_PARAMS)
}
