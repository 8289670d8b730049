/** JSON as text frames. Replies are spliced from the id's own text and JSON made earlier where there is some. */

import { Rendered } from '../base/rendered.js'
import type { Codec } from './codec.js'
import { type Message, readEnvelope, unreadable } from './message.js'
import { memberText } from './raw-member.js'
import { scanEnvelope } from './scan.js'
import type { WireError } from './wire-error.js'

const MAX_NUMBER_CHARS = 256

export const jsonCodec: Codec = {
  name: 'json',
  binary: false,

  decode(bytes) {
    return decodeText(Buffer.from(bytes).toString())
  },

  reply(id, result) {
    return `{"jsonrpc":"2.0","id":${id},"result":${fragment(result)}}`
  },

  failure(id, error: WireError) {
    const body = `"error":${JSON.stringify(error)}}`
    return id === undefined ? `{"jsonrpc":"2.0",${body}` : `{"jsonrpc":"2.0","id":${id},${body}`
  },

  notification(name, params) {
    return Buffer.from(`{"jsonrpc":"2.0","method":${JSON.stringify(name)},"params":${fragment(params)}}`)
  },
}

/** Reads one JSON text as a message. Never throws. Ids come back as the JSON text they arrived in. */
export function decodeText(text: string): Message {
  return scanEnvelope(text) ?? parseEnvelope(text)
}

/** The full parser behind `decodeText`: complete, slower. */
export function parseEnvelope(text: string): Message {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return unreadable('JSON')
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
