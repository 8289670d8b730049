import fc from 'fast-check'
import { Packr, pack, unpack } from 'msgpackr'
import { describe, expect, it } from 'vitest'
import { Rendered } from '../../../src/base/rendered.js'
import type { Payload } from '../../../src/rpc/codec.js'
import { msgpackCodec } from '../../../src/rpc/codec-msgpack.js'
import { isPlainMsgpack } from '../../../src/rpc/msgpack-shape.js'

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
    expect(codec.decode(lent(pack([]))).fault?.value.data.reason).toBe('invalid_request')
    expect(codec.decode(lent(pack({ jsonrpc: '2.0', id: Number.NaN, method: 'ping' }))).fault?.value.data.reason).toBe(
      'invalid_request',
    )
  })

  it('gives errors without an id when there is none', () => {
    const error = { code: -32600, message: 'Invalid Request', data: {} }
    expect(read(codec.failure(undefined, error))).toEqual({ jsonrpc: '2.0', error })
    expect(read(codec.failure(7, new Rendered(error)))).toEqual({ jsonrpc: '2.0', id: 7, error })
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
    expect(codec.decode(new Uint8Array(1_000_000).fill(0x91).buffer).fault?.value.data.reason).toBe('invalid_request')
  })

  it('takes no references, with which a thousand bytes stand for more values than anybody can look at', () => {
    let laughs: unknown = ['ha']
    for (let level = 0; level < 12; level++) laughs = Array(20).fill(laughs)
    const shared = new Packr({ structuredClone: true, useRecords: false })
    const bytes = shared.pack({ jsonrpc: '2.0', id: 1, method: 'ping', params: { laughs } })
    expect(bytes.length).toBeLessThan(2_000)
    expect(codec.decode(lent(bytes)).fault?.value.data.reason).toBe('invalid_request')
  })
})

describe('the shape of MessagePack', () => {
  const values = fc.letrec((tie) => ({
    any: fc.oneof({ maxDepth: 5 }, tie('leaf'), fc.array(tie('any'), { maxLength: 40 }), fc.dictionary(fc.string(), tie('any'))),
    leaf: fc.oneof(
      ...[fc.string({ maxLength: 400 }), fc.integer(), fc.double(), fc.bigInt(-(2n ** 63n), 2n ** 64n - 1n), fc.boolean()],
      ...[fc.constant(null), fc.uint8Array({ maxLength: 300 }), fc.date({ noInvalidDate: true })],
    ),
  })).any

  /** Few random bytes begin a list or a map that ends with them, so most of these are such beginnings and what may follow. */
  const byte = fc.oneof(
    { arbitrary: fc.integer({ min: 0, max: 255 }), weight: 1 },
    {
      arbitrary: fc.constantFrom(0x00, 0x01, 0x80, 0x81, 0x82, 0x90, 0x91, 0x92, 0xa0, 0xa1, 0xc0, 0xc3, 0xc4, 0xd6, 0xff),
      weight: 3,
    },
  )
  const oddBytes = fc.array(byte, { minLength: 1, maxLength: 60 }).map((bytes) => Uint8Array.from(bytes))

  it('is plain for what clients make of plain values, and not with a byte less or more', () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = pack(value)
        expect(isPlainMsgpack(bytes)).toBe(true)
        expect(isPlainMsgpack(bytes.subarray(0, -1))).toBe(false)
        expect(isPlainMsgpack(Buffer.concat([bytes, Buffer.from([0])]))).toBe(false)
      }),
    )
  })

  it('is never plain where the library cannot read it, whatever the bytes', () => {
    fc.assert(
      fc.property(oddBytes, (bytes) => {
        if (isPlainMsgpack(bytes)) unpack(bytes)
      }),
      { numRuns: 100_000, examples: [[Uint8Array.from([132, 0, 0, 0, 0, 145, 0, 0, 0, 0])]] },
    )
  })

  it.each([
    ['a set', 'd47300'],
    ['an expression', 'd67800000000'],
    ['joined strings', 'd66200000000'],
    ['a reference', 'd67000000000'],
    ['an extension of a length of its own', 'c7017300'],
    ['nothing', ''],
    ['the byte that means nothing', 'c1'],
    ['an array that promises more than is there', 'ddffffffff'],
    ['a map that promises more than is there', 'df7fffffff00'],
    ['a list as a key', '8191c000'],
    ['an empty list as a key', '819000'],
    ['a map as a key, behind a good one', '8200008000'],
    ['a blob as a key', '81c4010000'],
    ['a date as a key', '81d6ff0000000000'],
    ['a list as a key of a long map', 'de00019000'],
    ['a list as a key of a map in a list in a map', '810091819000'],
    ['65 levels', `${'91'.repeat(65)}c0`],
  ])('is not plain with %s', (_what, hex) => {
    expect(isPlainMsgpack(Buffer.from(hex, 'hex'))).toBe(false)
  })

  it.each([
    ['strings, short and long', `82a16100d90161${'00'}`],
    ['numbers of all sizes', '850000ff00cd000100d3000000000000000100cb3ff000000000000000'],
    ['nil and booleans', '83c000c200c300'],
    ['numbers before lists and maps', 'de00020090019180'],
  ])('has keys that are %s', (_what, hex) => {
    expect(isPlainMsgpack(Buffer.from(hex, 'hex'))).toBe(true)
    expect(() => unpack(Buffer.from(hex, 'hex'))).not.toThrow()
  })

  it('may have 64 levels', () => {
    expect(isPlainMsgpack(Buffer.from(`${'91'.repeat(64)}c0`, 'hex'))).toBe(true)
  })
})
