/** JSON as text frames. Replies are spliced from the id's own text and JSON made earlier where there is some. */

import { Rendered } from '../base/rendered.js'
import type { Codec } from './codec.js'
import { isJson } from './json-grammar.js'
import { type Id, type Message, readEnvelope, refuseBatch, refuseDepth, unreadable } from './message.js'
import { MethodNames } from './method-names.js'
import { memberText } from './raw-member.js'
import { fitsFrame, ReplyFrame } from './reply-frame.js'
import { scanRequest, surveyJson } from './scan.js'
import { SeenRequests } from './seen-requests.js'

const MAX_NUMBER_CHARS = 256
/** So much is looked through quicker than the parser makes an error; of more, the parser takes longest to read it. */
const SHORT_BYTES = 4096

/** `methods`: names that are looked for first. Ids are kept as JSON text, or as a number that prints as it came. */
export function createJsonCodec(methods: Iterable<string>): Codec {
  const names = new MethodNames(methods)
  const seen = new SeenRequests()
  const results = new Frames('result')
  const failures = new Frames('error')
  return {
    name: 'json',
    binary: false,

    decode(bytes) {
      const known = seen.find(bytes)
      if (known !== undefined) return known
      const view = new Uint8Array(bytes)
      const scanned = scanRequest(view, names)
      if (scanned === undefined) return parseBytes(view)
      seen.keep(bytes, scanned)
      return scanned
    },

    reply(id, result) {
      if (!(result instanceof Rendered)) return `{"jsonrpc":"2.0","id":${id},"result":${fragment(result)}}`
      return results.reply(id, result)
    },

    failure(id, error) {
      if (error instanceof Rendered) return failures.reply(id, error)
      const body = `"error":${JSON.stringify(error)}}`
      return id === undefined ? `{"jsonrpc":"2.0",${body}` : `{"jsonrpc":"2.0","id":${id},${body}`
    },

    notification: (name, params) =>
      Buffer.from(`{"jsonrpc":"2.0","method":${JSON.stringify(name)},"params":${fragment(params)}}`),
  }
}

/** Replies with what was rendered once. */
class Frames {
  readonly #member: 'result' | 'error'
  readonly #frames = new WeakMap<Rendered, ReplyFrame>()

  constructor(member: 'result' | 'error') {
    this.#member = member
  }

  reply(id: Id | undefined, rendered: Rendered): string | Uint8Array {
    if (id !== undefined && !fitsFrame(id)) return `{"jsonrpc":"2.0","id":${id},"${this.#member}":${rendered.json}}`
    let frame = this.#frames.get(rendered)
    if (frame === undefined) {
      frame = new ReplyFrame(this.#member, rendered.json)
      this.#frames.set(rendered, frame)
    }
    return id === undefined ? frame.withoutId : frame.to(id)
  }
}

/** What no message may be is told without parsing it: a parser takes long for brackets, and a megabyte of them holds everybody up. */
function parseBytes(bytes: Uint8Array): Message {
  const { isArray, tooDeep } = surveyJson(bytes)
  if (isArray) return refuseBatch()
  if (tooDeep) return refuseDepth()
  if (bytes.length <= SHORT_BYTES && !isJson(bytes)) return unreadable('json')
  return parseRequest(Buffer.from(bytes).toString())
}

/** The full parser: complete, slower. Never throws. */
export function parseRequest(text: string): Message {
  let value: unknown
  // What is no JSON is no fault of ours: a trace of it would cost several times the rest.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    value = JSON.parse(text)
  } catch {
    return unreadable('json')
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
  return readEnvelope(value, (id) => (typeof id === 'string' ? JSON.stringify(id) : numberText(text)))
}

/** The id's own digits: `1.0` and numbers past 2^53 go back as they came. */
function numberText(text: string): string | undefined {
  const own = memberText(text, 'id')
  return own === undefined || own.length > MAX_NUMBER_CHARS ? undefined : own
}

function fragment(value: unknown): string {
  if (value instanceof Rendered) return value.json
  return JSON.stringify(value) ?? 'null'
}
