/** MessagePack as binary frames. The library is loaded with the first client that asks for it. */

import { createRequire } from 'node:module'
import { Rendered } from '../base/rendered.js'
import type { Codec } from './codec.js'
import { readEnvelope, unreadable } from './message.js'
import { isPlainMsgpack } from './msgpack-shape.js'

type Msgpackr = typeof import('msgpackr')

const require = createRequire(import.meta.url)
let loaded: Codec | undefined

export function msgpackCodec(): Codec {
  loaded ??= createCodec(require('msgpackr') as Msgpackr)
  return loaded
}

function createCodec({ Packr, Unpackr }: Msgpackr): Codec {
  // Plain maps both ways: clients in other languages know nothing of record extensions.
  const packr = new Packr({ useRecords: false })
  const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, structuredClone: false })

  return {
    name: 'msgpack',
    binary: true,

    decode(bytes) {
      const view = new Uint8Array(bytes)
      if (!isPlainMsgpack(view)) return unreadable('plainMsgpack')
      let value: unknown
      try {
        // Copied: strings and blobs may otherwise point into memory that is only lent.
        value = unpackr.unpack(Buffer.from(view))
      } catch {
        return unreadable('msgpack')
      }
      return readEnvelope(value, (id) => id)
    },

    reply: (id, result) => packr.pack({ jsonrpc: '2.0', id, result: plain(result) }),

    failure(id, told) {
      const error = plain(told)
      return packr.pack(id === undefined ? { jsonrpc: '2.0', error } : { jsonrpc: '2.0', id, error })
    },

    notification: (name, params) => packr.pack({ jsonrpc: '2.0', method: name, params: plain(params) }),
  }
}

function plain(value: unknown): unknown {
  return value instanceof Rendered ? value.value : value
}
