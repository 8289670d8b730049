/**
 * A quick reader for the usual request: an object with `jsonrpc`, `id`, `method` and `params`, each at most once and without
 * escapes. Anything else it leaves to the full parser, so it may give up but is never more lenient.
 */

import { type Id, type Message, NO_PARAMS, type Params, withParams } from './message.js'
import { holds, type MethodNames } from './method-names.js'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COMMA = 0x2c
const COLON = 0x3a
const ZERO = 0x30
const NINE = 0x39
const TILDE = 0x7e
const SPACE = 0x20
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const TAB = 0x09
const GIVEN_UP = -1

/** How nearly every request begins. */
const USUAL_START = Buffer.from('{"jsonrpc":"2.0",')
const VERSION_NAME = Buffer.from('"jsonrpc"')
const ID_NAME = Buffer.from('"id"')
const METHOD_NAME = Buffer.from('"method"')
const PARAMS_NAME = Buffer.from('"params"')
const VERSION = Buffer.from('"2.0"')

const MAX_ID_DIGITS = 15
/** Deeper than any request may be. */
const MAX_DEPTH = 64
const MAX_STRING_BYTES = 128

/** The message, or undefined when only the full parser can tell what this is. */
export function scanRequest(bytes: Uint8Array, names: MethodNames): Message | undefined {
  let version = holds(bytes, 0, USUAL_START)
  let at = version ? USUAL_START.length - 1 : skipSpace(bytes, 0)
  if (!version && bytes[at] !== OPEN_BRACE) return undefined
  let id: Id | undefined
  let method: string | undefined
  let params: Params | undefined
  do {
    at = skipSpace(bytes, at + 1)
    // The second letter tells the members apart; the first is the quote.
    const letter = bytes[at + 1]
    if (letter === 0x6a) {
      at = valueStart(bytes, at, VERSION_NAME)
      if (at < 0 || version || !holds(bytes, at, VERSION)) return undefined
      version = true
      at += VERSION.length
    } else if (letter === 0x69) {
      const start = valueStart(bytes, at, ID_NAME)
      if (start < 0 || id !== undefined) return undefined
      if (bytes[start] === QUOTE) {
        at = stringEnd(bytes, start)
        if (at < 0) return undefined
        id = textOf(bytes, start, at)
      } else {
        at = integerEnd(bytes, start)
        if (at < 0) return undefined
        id = integerAt(bytes, start, at)
      }
    } else if (letter === 0x6d) {
      const start = valueStart(bytes, at, METHOD_NAME)
      if (start < 0 || method !== undefined || bytes[start] !== QUOTE) return undefined
      at = stringEnd(bytes, start)
      if (at - start <= 2) return undefined
      method = names.find(bytes, start + 1, at - 1) ?? textOf(bytes, start + 1, at - 1)
    } else if (letter === 0x70) {
      const start = valueStart(bytes, at, PARAMS_NAME)
      if (start < 0 || params !== undefined || bytes[start] !== OPEN_BRACE) return undefined
      at = objectEnd(bytes, start)
      params = at < 0 ? undefined : parseObject(bytes, start, at)
      if (params === undefined) return undefined
    } else {
      return undefined
    }
    at = skipSpace(bytes, at)
  } while (bytes[at] === COMMA)
  if (bytes[at] !== CLOSE_BRACE || skipSpace(bytes, at + 1) !== bytes.length) return undefined
  return version && method !== undefined ? withParams(id, method, params) : undefined
}

/** What can be seen of a text without parsing it, be it JSON or not. */
export function surveyJson(bytes: Uint8Array): { readonly isArray: boolean; readonly tooDeep: boolean } {
  const isArray = bytes[skipSpace(bytes, 0)] === OPEN_BRACKET
  let depth = 0
  let inString = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (inString) {
      if (byte === BACKSLASH) at += 1
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) inString = true
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1
      if (depth > MAX_DEPTH) return { isArray, tooDeep: true }
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1
  }
  return { isArray, tooDeep: false }
}

/** Index of the first byte from `from` on that is no white space of JSON. */
export function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from
  for (;;) {
    const byte = bytes[at]
    if (byte === undefined || byte > SPACE) return at
    if (byte !== SPACE && byte !== LINE_FEED && byte !== CARRIAGE_RETURN && byte !== TAB) return at
    at += 1
  }
}

/** Index of the value of the member whose quoted name is expected at `at`. */
function valueStart(bytes: Uint8Array, at: number, name: Uint8Array): number {
  if (!holds(bytes, at, name)) return GIVEN_UP
  const colon = skipSpace(bytes, at + name.length)
  return bytes[colon] === COLON ? skipSpace(bytes, colon + 1) : GIVEN_UP
}

/** Index after a short string of printable ASCII without escapes, whose opening quote is at `start`. */
function stringEnd(bytes: Uint8Array, start: number): number {
  const limit = start + MAX_STRING_BYTES
  for (let at = start + 1; at <= limit; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) return at + 1
    if (byte === undefined || byte < SPACE || byte > TILDE || byte === BACKSLASH) return GIVEN_UP
  }
  return GIVEN_UP
}

/** Index after a natural number written the one way that survives being a number. */
function integerEnd(bytes: Uint8Array, start: number): number {
  let at = start
  while (isDigit(bytes[at])) at += 1
  const digits = at - start
  if (digits === 0 || digits > MAX_ID_DIGITS || (digits > 1 && bytes[start] === ZERO)) return GIVEN_UP
  return at
}

function integerAt(bytes: Uint8Array, start: number, end: number): number {
  let value = 0
  for (let at = start; at < end; at++) value = value * 10 + ((bytes[at] ?? ZERO) - ZERO)
  return value
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}

/** Index after the bracket that closes the one at `start`. Only balance is looked at; what is inside, JSON.parse judges. */
function objectEnd(bytes: Uint8Array, start: number): number {
  let depth = 0
  let inString = false
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at]
    if (inString) {
      if (byte === BACKSLASH) at += 1
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) {
      inString = true
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1
      if (depth > MAX_DEPTH) return GIVEN_UP
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return GIVEN_UP
}

function parseObject(bytes: Uint8Array, start: number, end: number): Params | undefined {
  if (end - start === 2 && bytes[start + 1] === CLOSE_BRACE) return NO_PARAMS
  try {
    return JSON.parse(textOf(bytes, start, end)) as Params
  } catch {
    return undefined
  }
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()
}
