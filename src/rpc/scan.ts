/**
 * A quick reader for the usual request: a flat object with `jsonrpc`, `id`, `method` and `params`, each at most once and
 * without escapes. Anything else it leaves to the full parser, so it may be incomplete but never more lenient.
 */

import { type Id, type Message, NO_PARAMS, type Params, withParams } from './message.js'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COMMA = 0x2c
const COLON = 0x3a
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39
const TILDE = 0x7e
const SPACE = 0x20

const MAX_ID_DIGITS = 15
const MAX_STRING_CHARS = 250

/** The message, or undefined when only the full parser can tell what this is. */
export function scanEnvelope(text: string): Message | undefined {
  let at = skipSpace(text, 0)
  if (text.charCodeAt(at) !== OPEN_BRACE) return undefined
  let version = false
  let id: Id | undefined
  let method = ''
  let params: Params | undefined
  for (;;) {
    at = skipSpace(text, at + 1)
    if (text.charCodeAt(at) !== QUOTE) return undefined
    const nameEnd = plainStringEnd(text, at + 1)
    if (nameEnd < 0) return undefined
    const nameLength = nameEnd - at - 1
    const first = text.charCodeAt(at + 1)
    const nameAt = at + 1
    at = skipSpace(text, nameEnd + 1)
    if (text.charCodeAt(at) !== COLON) return undefined
    at = skipSpace(text, at + 1)
    const valueStart = at
    // 'j'sonrpc, 'i'd, 'm'ethod, 'p'arams: the first letter chooses, the whole name decides.
    if (first === 0x69 && nameLength === 2 && text.charCodeAt(nameAt + 1) === 0x64) {
      if (id !== undefined) return undefined
      at = text.charCodeAt(at) === QUOTE ? plainStringEnd(text, at + 1) + 1 : plainIntegerEnd(text, at)
      if (at <= 0) return undefined
      id = text.slice(valueStart, at)
    } else if (first === 0x6d && nameLength === 6 && text.startsWith('method', nameAt)) {
      if (method !== '' || text.charCodeAt(at) !== QUOTE) return undefined
      at = plainStringEnd(text, at + 1) + 1
      if (at <= 0) return undefined
      method = text.slice(valueStart + 1, at - 1)
      if (method === '') return undefined
    } else if (first === 0x6a && nameLength === 7 && text.startsWith('jsonrpc', nameAt)) {
      if (version || !text.startsWith('"2.0"', at)) return undefined
      version = true
      at += 5
    } else if (first === 0x70 && nameLength === 6 && text.startsWith('params', nameAt)) {
      if (params !== undefined || text.charCodeAt(at) !== OPEN_BRACE) return undefined
      at = objectEnd(text, at)
      if (at < 0) return undefined
      params = at - valueStart === 2 ? NO_PARAMS : parseObject(text.slice(valueStart, at))
      if (params === undefined) return undefined
    } else {
      return undefined
    }
    at = skipSpace(text, at)
    const next = text.charCodeAt(at)
    if (next === COMMA) continue
    if (next !== CLOSE_BRACE || skipSpace(text, at + 1) !== text.length) return undefined
    return version && method !== '' ? withParams(id, method, params) : undefined
  }
}

function skipSpace(text: string, from: number): number {
  let at = from
  for (;;) {
    const code = text.charCodeAt(at)
    if (code !== SPACE && code !== 0x0a && code !== 0x0d && code !== 0x09) return at
    at += 1
  }
}

/** Index of the closing quote of a short string of printable ASCII without escapes, or -1. */
function plainStringEnd(text: string, from: number): number {
  const limit = from + MAX_STRING_CHARS
  for (let at = from; at <= limit; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at
    // NaN at the end of the text fails both comparisons' opposite, hence the form of this condition.
    if (!(code >= SPACE && code <= TILDE) || code === BACKSLASH) return -1
  }
  return -1
}

/** Index after an integer of at most 15 digits, or -1. */
function plainIntegerEnd(text: string, from: number): number {
  const start = text.charCodeAt(from) === MINUS ? from + 1 : from
  let at = start
  while (text.charCodeAt(at) >= ZERO && text.charCodeAt(at) <= NINE) at += 1
  const digits = at - start
  if (digits === 0 || digits > MAX_ID_DIGITS) return -1
  if (text.charCodeAt(start) === ZERO && digits > 1) return -1
  const next = text.charCodeAt(at)
  return next === COMMA || next === CLOSE_BRACE || next <= SPACE ? at : -1
}

/** Index after the brace that closes the one at `from`, or -1. Only balance is looked at; what is inside, JSON.parse judges. */
function objectEnd(text: string, from: number): number {
  let depth = 0
  let inString = false
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === BACKSLASH) at += 1
      else if (code === QUOTE) inString = false
    } else if (code === QUOTE) {
      inString = true
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return -1
}

function parseObject(text: string): Params | undefined {
  try {
    return JSON.parse(text) as Params
  } catch {
    return undefined
  }
}
