/** Frames of MessagePack: what is taken is a tree of plain values, and means the same when it is written anew. */

import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { pack, unpack } from 'msgpackr'
import { msgpackCodec } from '../../../src/rpc/codec-msgpack.js'
import type { FuzzTarget } from '../engine/target.js'

/** Nothing is lost with the sign of a zero. */
const shown = (value: unknown): string => inspect(value, { depth: 20 }).replace(/(?<![\w.])-0(?![\w.])/g, '0')
const codec = msgpackCodec()
const answerOf = (frame: string | Uint8Array) => unpack(Buffer.from(frame)) as { id?: unknown; result?: object; method?: string }

const manyMembers = (): object => Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`m${index}`, 0]))
const nested = (levels: number): object => (levels === 0 ? {} : { a: nested(levels - 1) })

export const target: FuzzTarget = {
  // What passes them, the library unpacks.
  parsers: ['src/rpc/msgpack-shape.ts', 'src/rpc/message.ts'],
  seeds: [
    pack({ jsonrpc: '2.0', id: 'q-7', method: 'get_camera_status', params: { device: 'camera0', a: [1, { b: null }] } }),
    pack({ jsonrpc: '2.0', id: 7, method: 'ping' }),
    pack({
      jsonrpc: '2.0',
      id: 2n ** 63n,
      method: 'ping',
      params: { at: new Date(0), bytes: Buffer.of(1, 2), much: 'x'.repeat(300) },
    }),
    pack({ jsonrpc: '2.0', method: 'ping', params: { list: Array.from({ length: 1_025 }, () => 0) } }),
    pack({ jsonrpc: '2.0', id: 1, method: 'ping', params: manyMembers() }),
    pack({ jsonrpc: '2.0', id: 1, method: 'ping', params: nested(17) }),
    pack({ jsonrpc: '2.0', id: 1, method: 'ping', params: [1] }),
    pack({ jsonrpc: '2.0', id: 1, method: 'x'.repeat(257) }),
    pack({ jsonrpc: '2.0', id: 1, method: '' }),
    pack({ jsonrpc: '2.0', id: 1, method: 'ping', ...manyMembers() }),
    pack({ jsonrpc: '1.0', id: 1, method: 'ping' }),
    pack({ jsonrpc: '2.0', id: [], method: 'ping' }),
    pack([{ jsonrpc: '2.0', id: 1, method: 'ping' }]),
    pack('ping'),
    // Names of the library's own: a reference, and a list as a key.
    Buffer.from('81a169d4720100', 'hex'),
    Buffer.from('819000', 'hex'),
  ],
  words: [
    ...['\xa7jsonrpc', '\xa32.0', '\xa2id', '\xa6method', '\xa6params', '\xa4ping'],
    ...[
      '\x80',
      '\x90',
      '\xc0',
      '\xc1',
      '\xc4',
      '\xc7\0\xff',
      '\xca',
      '\xcb',
      '\xcf',
      '\xd4\x72',
      '\xd6\xff',
      '\xd9',
      '\xdc\xff\xff',
      '\xdd',
      '\xdf\0\0\0\x02',
    ],
  ].map((word) => Buffer.from(word, 'latin1')),
  run(input) {
    const { fault, paramsFault, id, method, params } = codec.decode(new Uint8Array(input).buffer)
    const refused = fault ?? paramsFault
    if (refused !== undefined) {
      assert.equal(String(answerOf(codec.failure(id, refused)).id), String(id))
      return
    }
    expectTree(params, new Set())
    const again = codec.decode(new Uint8Array(pack({ jsonrpc: '2.0', method, params, ...(id !== undefined && { id }) })).buffer)
    assert.equal(again.fault, undefined)
    // As text: a time that is none is not equal to itself.
    assert.equal(shown([again.id, again.method, { ...again.params }]), shown([id, method, { ...params }]))
    if (id !== undefined) {
      const { id: told, result } = answerOf(codec.reply(id, params))
      assert.equal(shown([String(told), { ...result }]), shown([String(id), { ...params }]))
    }
    assert.equal(answerOf(codec.notification(method, params)).method, method)
  },
}

/** No classes of the library's own, and nothing that is there twice. */
function expectTree(value: unknown, met: Set<object>): void {
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return
  assert.ok(!met.has(value), 'a value refers to another')
  met.add(value)
  assert.ok(Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value)), inspect(value))
  for (const each of Object.values(value)) expectTree(each, met)
}
