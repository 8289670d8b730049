/**
 * Whether bytes are JSON (RFC 8259), told without parsing them: the parser says no by an error, and to make one takes longer than all
 * else that the answer to such a message needs. Exactly what JSON.parse takes, nothing more and nothing less.
 */

import { skipSpace } from './scan.js'

const QUOTE = 0x22
const PLUS = 0x2b
const COMMA = 0x2c
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const LETTER_U = 0x75
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const SPACE = 0x20
/** To lower case, for letters. */
const LOWER = 0x20
const NOT_JSON = -1

const WORDS = ['true', 'false', 'null'].map((word) => Buffer.from(word))
const ESCAPED = new Set(Buffer.from('"\\/bfnrt'))

/** `bytes` must not be nested deeper than the stack allows: each level is a call. */
export function isJson(bytes: Uint8Array): boolean {
  const end = valueEnd(bytes, skipSpace(bytes, 0))
  return end !== NOT_JSON && skipSpace(bytes, end) === bytes.length
}

/** Index after the value at `at`. */
function valueEnd(bytes: Uint8Array, at: number): number {
  switch (bytes[at]) {
    case QUOTE:
      return stringEnd(bytes, at)
    case OPEN_BRACE:
      return objectEnd(bytes, at)
    case OPEN_BRACKET:
      return arrayEnd(bytes, at)
    default:
      return numberEnd(bytes, at)
  }
}

function objectEnd(bytes: Uint8Array, start: number): number {
  let at = skipSpace(bytes, start + 1)
  if (bytes[at] === CLOSE_BRACE) return at + 1
  for (;;) {
    if (bytes[at] !== QUOTE) return NOT_JSON
    at = stringEnd(bytes, at)
    if (at === NOT_JSON) return NOT_JSON
    at = skipSpace(bytes, at)
    if (bytes[at] !== COLON) return NOT_JSON
    at = valueEnd(bytes, skipSpace(bytes, at + 1))
    if (at === NOT_JSON) return NOT_JSON
    at = skipSpace(bytes, at)
    if (bytes[at] === CLOSE_BRACE) return at + 1
    if (bytes[at] !== COMMA) return NOT_JSON
    at = skipSpace(bytes, at + 1)
  }
}

function arrayEnd(bytes: Uint8Array, start: number): number {
  let at = skipSpace(bytes, start + 1)
  if (bytes[at] === CLOSE_BRACKET) return at + 1
  for (;;) {
    at = valueEnd(bytes, at)
    if (at === NOT_JSON) return NOT_JSON
    at = skipSpace(bytes, at)
    if (bytes[at] === CLOSE_BRACKET) return at + 1
    if (bytes[at] !== COMMA) return NOT_JSON
    at = skipSpace(bytes, at + 1)
  }
}

function stringEnd(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; ; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) return at + 1
    if (byte === undefined || byte < SPACE) return NOT_JSON
    if (byte !== BACKSLASH) continue
    at += 1
    const escaped = bytes[at] ?? 0
    if (ESCAPED.has(escaped)) continue
    if (escaped !== LETTER_U) return NOT_JSON
    for (let digit = 1; digit <= 4; digit++) if (!isHexDigit(bytes[at + digit])) return NOT_JSON
    at += 4
  }
}

/** Of a number, or of one of the three words. */
function numberEnd(bytes: Uint8Array, start: number): number {
  let at = bytes[start] === MINUS ? start + 1 : start
  if (!isDigit(bytes[at])) return wordEnd(bytes, start)
  at = bytes[at] === ZERO ? at + 1 : digitsEnd(bytes, at)
  if (bytes[at] === POINT) {
    if (!isDigit(bytes[at + 1])) return NOT_JSON
    at = digitsEnd(bytes, at + 1)
  }
  if (((bytes[at] ?? 0) | LOWER) !== 0x65) return at
  at += bytes[at + 1] === PLUS || bytes[at + 1] === MINUS ? 2 : 1
  return isDigit(bytes[at]) ? digitsEnd(bytes, at) : NOT_JSON
}

function wordEnd(bytes: Uint8Array, at: number): number {
  const word = WORDS.find((each) => each.every((byte, index) => bytes[at + index] === byte))
  return word === undefined ? NOT_JSON : at + word.length
}

function digitsEnd(bytes: Uint8Array, start: number): number {
  let at = start
  while (isDigit(bytes[at])) at += 1
  return at
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}

function isHexDigit(byte: number | undefined): boolean {
  if (byte === undefined) return false
  const letter = byte | LOWER
  return isDigit(byte) || (letter >= 0x61 && letter <= 0x66)
}
