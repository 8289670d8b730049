/** Two readers of one message: the quick one may give up, but never sees anything else than JSON.parse does. */

import assert from 'node:assert/strict'
import { createJsonCodec, parseRequest } from '../../../src/rpc/codec-json.js'
import type { FuzzTarget } from '../engine/target.js'

const METHODS = ['ping', 'get_camera_status']
const REQUEST = '{"jsonrpc":"2.0","id":"q-7","method":"get_camera_status","params":{"device":"camera0","a":[1,{"b":null}]}}'

export const target: FuzzTarget = {
  seeds: [
    REQUEST,
    `[${REQUEST}]`,
    '{"jsonrpc":"2.0","id":7,"method":"ping"}',
    ' {\t"method" : "ping",\n"id":-1.5e3, "jsonrpc":"2.0" , "params": {} }\r\n',
    '{"jsonrpc":"2.0","method":"\\u0070ing","id":null,"params":{"a":"\\"}","a":2}}',
  ],
  words: [
    ...['"jsonrpc"', '"2.0"', '"id"', '"method"', '"params"', '"ping"', '"__proto__"', 'true', 'false', 'null'],
    ...[
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '\\u0000',
      '\\"',
      '\\\\',
      '{}',
      '[]',
      '[[[[[[[[[[[[[[[[[',
      '}}}}',
      '1e400',
      '0.10',
      '\ufeff',
    ],
  ],
  run(input) {
    // Each time a fresh one: it remembers what it saw.
    const read = createJsonCodec(METHODS).decode(new Uint8Array(input).buffer)
    const full = parseRequest(input.toString())
    if (read.fault !== undefined || full.fault !== undefined) {
      // What is too deep or a batch is told before it is parsed.
      assert.ok(read.fault !== undefined || full.fault === undefined, 'more lenient than the full parser')
      return
    }
    const { id, method, params } = JSON.parse(input.toString()) as { id?: unknown; method: unknown; params?: object }
    assert.equal(read.method, method)
    assert.equal(full.method, method)
    for (const message of [read, full]) {
      assert.equal(message.id === undefined ? undefined : JSON.parse(String(message.id)), id ?? undefined)
      if (message.paramsFault === undefined) assert.deepEqual({ ...message.params }, { ...params })
    }
    assert.equal(read.paramsFault === undefined, full.paramsFault === undefined)
  },
}
