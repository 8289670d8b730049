/** Frames of MessagePack: what is taken is a tree of plain values, and means the same when it is written anew. */

import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { pack } from 'msgpackr'
import { msgpackCodec } from '../../../src/rpc/codec-msgpack.js'
import type { FuzzTarget } from '../engine/target.js'

/** Nothing is lost with the sign of a zero. */
const shown = (value: unknown): string => inspect(value, { depth: 20 }).replace(/(?<![\w.])-0(?![\w.])/g, '0')
const codec = msgpackCodec()

export const target: FuzzTarget = {
  seeds: [
    pack({ jsonrpc: '2.0', id: 'q-7', method: 'get_camera_status', params: { device: 'camera0', a: [1, { b: null }] } }),
    pack({ jsonrpc: '2.0', id: 7, method: 'ping' }),
    pack({
      jsonrpc: '2.0',
      id: 2n ** 63n,
      method: 'ping',
      params: { at: new Date(0), bytes: Buffer.of(1, 2), much: 'x'.repeat(300) },
    }),
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
    if (fault !== undefined || paramsFault !== undefined) return
    expectTree(params, new Set())
    const again = codec.decode(new Uint8Array(pack({ jsonrpc: '2.0', method, params, ...(id !== undefined && { id }) })).buffer)
    assert.equal(again.fault, undefined)
    // As text: a time that is none is not equal to itself.
    assert.equal(shown([again.id, again.method, { ...again.params }]), shown([id, method, { ...params }]))
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
