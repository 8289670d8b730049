/**
 * Requests that come again and again with another number as id, byte for byte: `{"jsonrpc":"2.0","id":7,"method":"ping"}`. What is around
 * the id is recognised, four bytes at a time, and not read anew. Kept are only requests in which nothing secret can be: without
 * parameters, or with `device`, `limit` and `offset` alone.
 */

import type { Message, Params } from './message.js'

interface Seen {
  /** The whole request, with the id that it had, as four bytes each: its words, and what is left at its end. */
  readonly bytes: number
  readonly words: Int32Array
  readonly rest: number
  /** Index of the comma behind the id. */
  readonly idEnd: number
  readonly method: string
  /** Shared by all who ask so; frozen. */
  readonly params: Params
}

const START = Buffer.from('{"jsonrpc":"2.0","id":')
/** The word in which the id begins, and the bits of it that are still the beginning. */
const ID_WORD = START.length >> 2
const BEFORE_ID = (1 << ((START.length & 3) << 3)) - 1
const ZERO = 0x30
const NINE = 0x39
const COMMA = 0x2c
const MAX_ID_DIGITS = 15
const MAX_REST_BYTES = 160
const MIN_BYTES = START.length + 9
const MAX_BYTES = START.length + MAX_ID_DIGITS + MAX_REST_BYTES
/** Power of two. One that finds its slot taken takes it over: the memory is bounded, and who asks often is soon there again. */
const SLOTS = 1024
/** In the name of the method, whatever the id. */
const NAME_WORD = 12
const HARMLESS: ReadonlySet<string> = new Set(['device', 'limit', 'offset'])

export class SeenRequests {
  readonly #slots: (Seen | undefined)[] = new Array<Seen | undefined>(SLOTS).fill(undefined)

  /** The message, or undefined when these bytes have not been seen, with an id as long, or are not of this kind. */
  find(frame: ArrayBuffer): Message | undefined {
    const bytes = frame.byteLength
    if (bytes < MIN_BYTES || bytes > MAX_BYTES) return undefined
    const words = new Int32Array(frame, 0, bytes >> 2)
    const seen = this.#slots[slotOf(words, bytes)]
    if (seen === undefined || seen.bytes !== bytes || !isAround(words, seen) || seen.rest !== restOf(frame)) return undefined
    const id = idIn(words, seen.idEnd)
    if (id < 0) return undefined
    return { id, method: seen.method, params: seen.params, fault: undefined, paramsFault: undefined }
  }

  /** Remembers the message that was read from `frame`, if it is good and one of those that may be remembered. */
  keep(frame: ArrayBuffer, { method, params, fault, paramsFault }: Message): void {
    const bytes = frame.byteLength
    if (bytes < MIN_BYTES || bytes > MAX_BYTES || fault !== undefined || paramsFault !== undefined || !isHarmless(params)) return
    const idEnd = idEndOf(new Uint8Array(frame))
    if (idEnd < 0 || bytes - idEnd > MAX_REST_BYTES) return
    const words = new Int32Array(frame, 0, bytes >> 2).slice()
    this.#slots[slotOf(words, bytes)] = { bytes, words, rest: restOf(frame), idEnd, method, params: Object.freeze(params) }
  }
}

/** Index of the comma behind an id that is a natural number, written the one way that survives being a number; -1: it is no such request. */
function idEndOf(bytes: Uint8Array): number {
  if (START.some((byte, at) => bytes[at] !== byte)) return -1
  let at = START.length
  while (isDigit(bytes[at])) at += 1
  const digits = at - START.length
  if (digits === 0 || digits > MAX_ID_DIGITS || bytes[at] !== COMMA) return -1
  return digits > 1 && bytes[START.length] === ZERO ? -1 : at
}

/** The id whose digits end at `end`; -1 when they are none, or written another way. */
function idIn(words: Int32Array, end: number): number {
  let id = 0
  for (let at = START.length; at < end; at++) {
    const digit = (((words[at >> 2] ?? 0) >> ((at & 3) << 3)) & 0xff) - ZERO
    if (digit < 0 || digit > 9 || (id === 0 && at > START.length)) return -1
    id = id * 10 + digit
  }
  return id
}

/** From the length, a piece of the method's name, and the end, where the ids of cameras are. All else is compared anyway. */
function slotOf(words: Int32Array, bytes: number): number {
  const last = words.length - 1
  let hash = Math.imul(bytes, 31) ^ (words[last] ?? 0)
  hash = Math.imul(hash, 0x9e3779b1) ^ (words[last - 1] ?? 0)
  hash = Math.imul(hash, 0x9e3779b1) ^ (words[Math.min(NAME_WORD, last)] ?? 0)
  hash = Math.imul(hash, 0x9e3779b1)
  return (hash ^ (hash >>> 15)) & (SLOTS - 1)
}

/** Whether the words are those that were seen, but for the id. The first byte of a word is its lowest on all machines that this runs on. */
function isAround(words: Int32Array, { words: known, idEnd }: Seen): boolean {
  for (let index = 0; index < ID_WORD; index++) if (words[index] !== known[index]) return false
  if ((differing(words, known, ID_WORD) & BEFORE_ID) !== 0) return false
  const end = idEnd >> 2
  if (differing(words, known, end) >>> ((idEnd & 3) << 3) !== 0) return false
  for (let index = end + 1; index < known.length; index++) if (words[index] !== known[index]) return false
  return true
}

/** The bits in which two words differ. */
function differing(words: Int32Array, known: Int32Array, index: number): number {
  return (words[index] ?? 0) ^ (known[index] ?? 0)
}

/** The bytes behind the last whole word, as one number. */
function restOf(frame: ArrayBuffer): number {
  const left = frame.byteLength & 3
  if (left === 0) return 0
  const bytes = new Uint8Array(frame, frame.byteLength - left)
  let rest = 0
  for (let at = 0; at < left; at++) rest = (rest << 8) | (bytes[at] ?? 0)
  return rest
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}

function isHarmless(params: Params): boolean {
  for (const name in params) {
    const value = params[name]
    if (!HARMLESS.has(name) || (typeof value === 'object' && value !== null)) return false
  }
  return true
}
