import fc from 'fast-check'
import { pack, unpack } from 'msgpackr'
import { describe, expect, it } from 'vitest'
import { Rendered } from '../../../src/base/rendered.js'
import type { Payload } from '../../../src/rpc/codec.js'
import { msgpackCodec } from '../../../src/rpc/codec-msgpack.js'

const codec = msgpackCodec()

function lent(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}

function read(payload: Payload): unknown {
  if (typeof payload === 'string') throw new Error('text')
  return unpack(payload)
}

describe('MessagePack codec', () => {
  it.each([7, 1.5, 'q-7', 2 ** 40, 18_446_744_073_709_551_615n])('echoes the id %s', (id) => {
    const message = codec.decode(lent(pack({ jsonrpc: '2.0', id, method: 'ping' })))
    expect(message).toMatchObject({ method: 'ping', fault: undefined })
    expect(read(codec.reply(message.id ?? 0, new Rendered('pong')))).toEqual({ jsonrpc: '2.0', id, result: 'pong' })
  })

  it('refuses a batch and an id that is no number', () => {
    expect(codec.decode(lent(pack([]))).fault?.code).toBe('INVALID_REQUEST')
    expect(codec.decode(lent(pack({ jsonrpc: '2.0', id: Number.NaN, method: 'ping' }))).fault?.code).toBe('INVALID_REQUEST')
  })

  it('gives errors without an id when there is none', () => {
    const error = { code: -32600, message: 'Invalid Request', data: {} }
    expect(read(codec.failure(undefined, error))).toEqual({ jsonrpc: '2.0', error })
  })

  it('keeps what it decoded when the lent memory changes', () => {
    const bytes = pack({ jsonrpc: '2.0', id: 1, method: 'x', params: { name: 'a name of more than a few characters' } })
    const memory = lent(bytes)
    const message = codec.decode(memory)
    new Uint8Array(memory).fill(0)
    expect(message.params).toEqual({ name: 'a name of more than a few characters' })
  })

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        codec.decode(lent(bytes))
        expect(codec.decode(lent(pack({ jsonrpc: '2.0', id: 1, method: 'ping' })))).toMatchObject({ id: 1, method: 'ping' })
      }),
      { numRuns: 2_000 },
    )
  })

  it('survives arrays nested a million deep', () => {
    expect(codec.decode(new Uint8Array(1_000_000).fill(0x91).buffer).fault?.code).toBe('INVALID_REQUEST')
  })
})
