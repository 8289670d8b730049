/**
 * Requests that come again and again with another number as id, byte for byte: `{"jsonrpc":"2.0","id":7,"method":"ping"}`. What follows
 * the id is recognised, four bytes at a time, and not read anew. Kept are only requests in which nothing secret can be: without
 * parameters, or with `device`, `limit` and `offset` alone.
 */

import type { Message, Params } from './message.js'

interface Seen {
  /** What follows the id: its length, its whole words, and the four bytes at its end. */
  readonly bytes: number
  readonly words: Int32Array
  readonly lastWord: number
  readonly method: string
  /** Shared by all who ask so; frozen. */
  readonly params: Params
}

const START = Buffer.from('{"jsonrpc":"2.0","id":')
const START_WORDS = wordsOf(new DataView(START.buffer, START.byteOffset), 0, START.length)
const START_END = wordAt(new DataView(START.buffer, START.byteOffset), START.length - 4)
const ZERO = 0x30
const NINE = 0x39
const COMMA = 0x2c
const MAX_ID_DIGITS = 15
/** The shortest is longer than a word. */
const MIN_REST_BYTES = 8
const MAX_REST_BYTES = 160
/** Power of two. One that finds its slot taken takes it over: the memory is bounded, and who asks often is soon there again. */
const SLOTS = 1024
const HARMLESS: ReadonlySet<string> = new Set(['device', 'limit', 'offset'])

/** `end`: of the frame; that it is passed in is quicker than to ask for it. */
export class SeenRequests {
  readonly #slots: (Seen | undefined)[] = new Array<Seen | undefined>(SLOTS).fill(undefined)

  /** The message, or undefined when these bytes have not been seen or are not of this kind. */
  find(frame: DataView, end: number): Message | undefined {
    const at = idEnd(frame, end)
    if (at < 0) return undefined
    const seen = this.#slots[slotOf(frame, at, end)]
    if (seen === undefined || !isRest(frame, at, end, seen)) return undefined
    return { id: idAt(frame, at), method: seen.method, params: seen.params, fault: undefined, paramsFault: undefined }
  }

  /** Remembers the message that was read from `frame`, if it is good and one of those that may be remembered. */
  keep(frame: DataView, end: number, { method, params, fault, paramsFault }: Message): void {
    const at = idEnd(frame, end)
    if (at < 0 || fault !== undefined || paramsFault !== undefined || !isHarmless(params)) return
    this.#slots[slotOf(frame, at, end)] = {
      bytes: end - at,
      words: wordsOf(frame, at, end),
      lastWord: wordAt(frame, end - 4),
      method,
      params: Object.freeze(params),
    }
  }
}

/** Index of the comma behind an id that is a natural number, written the one way that survives being a number; -1: it is no such request. */
function idEnd(frame: DataView, end: number): number {
  if (end < START.length + MIN_REST_BYTES) return -1
  for (let index = 0; index < START_WORDS.length; index++) if (wordAt(frame, index << 2) !== START_WORDS[index]) return -1
  if (wordAt(frame, START.length - 4) !== START_END) return -1
  const last = Math.min(end - MIN_REST_BYTES, START.length + MAX_ID_DIGITS)
  let at = START.length
  while (at < last && isDigit(frame.getUint8(at))) at += 1
  const digits = at - START.length
  if (digits === 0 || frame.getUint8(at) !== COMMA || (digits > 1 && frame.getUint8(START.length) === ZERO)) return -1
  return end - at > MAX_REST_BYTES ? -1 : at
}

function idAt(frame: DataView, end: number): number {
  let id = 0
  for (let at = START.length; at < end; at++) id = id * 10 + (frame.getUint8(at) - ZERO)
  return id
}

/** From the length, a piece of the method's name, and the end, where the ids of cameras are. All else is compared anyway. */
function slotOf(frame: DataView, from: number, end: number): number {
  let hash = Math.imul(end - from, 31) ^ wordAt(frame, end - 4)
  hash = Math.imul(hash, 0x9e3779b1) ^ wordAt(frame, end - 8)
  hash = Math.imul(hash, 0x9e3779b1) ^ wordAt(frame, Math.min(from + 20, end - 4))
  hash = Math.imul(hash, 0x9e3779b1)
  return (hash ^ (hash >>> 15)) & (SLOTS - 1)
}

function isRest(frame: DataView, from: number, end: number, { bytes, words, lastWord }: Seen): boolean {
  if (end - from !== bytes || wordAt(frame, end - 4) !== lastWord) return false
  for (let index = 0; index < words.length; index++) if (wordAt(frame, from + (index << 2)) !== words[index]) return false
  return true
}

/** The whole words from `from` to `end`. */
function wordsOf(frame: DataView, from: number, end: number): Int32Array {
  return Int32Array.from({ length: (end - from) >> 2 }, (_, index) => wordAt(frame, from + (index << 2)))
}

function wordAt(frame: DataView, at: number): number {
  return frame.getInt32(at, true)
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE
}

function isHarmless(params: Params): boolean {
  for (const name in params) {
    const value = params[name]
    if (!HARMLESS.has(name) || (typeof value === 'object' && value !== null)) return false
  }
  return true
}
