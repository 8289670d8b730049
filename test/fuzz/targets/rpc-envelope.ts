/** Two readers of one message: the quick one may give up, but never sees anything else than JSON.parse does. */

import assert from 'node:assert/strict'
import { Rendered } from '../../../src/base/rendered.js'
import type { Codec } from '../../../src/rpc/codec.js'
import { createJsonCodec, parseRequest } from '../../../src/rpc/codec-json.js'
import type { Message } from '../../../src/rpc/message.js'
import type { FuzzTarget } from '../engine/target.js'

/** Of one input. */
const MAX_MESSAGES = 3
const METHODS = ['ping', 'get_camera_status']
const REQUEST = '{"jsonrpc":"2.0","id":"q-7","method":"get_camera_status","params":{"device":"camera0","a":[1,{"b":null}]}}'

const PING = '{"jsonrpc":"2.0","id":7,"method":"ping"}'
const DEVICE = '{"jsonrpc":"2.0","id":123,"method":"get_camera_status","params":{"device":"camera0"}}'
const ERROR = { code: -32600, message: 'Invalid request', data: {} }
const RENDERED = { error: new Rendered(ERROR), result: new Rendered({ cameras: [] }) }

const members = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, 0]))
const nested = (levels: number): object => (levels === 0 ? {} : { a: nested(levels - 1) })

export const target: FuzzTarget = {
  parsers: [
    'src/rpc/codec-json.ts',
    'src/rpc/scan.ts',
    'src/rpc/json-grammar.ts',
    'src/rpc/message.ts',
    'src/rpc/raw-member.ts',
    'src/rpc/seen-requests.ts',
    'src/rpc/method-names.ts',
    'src/rpc/reply-frame.ts',
  ],
  seeds: [
    REQUEST,
    `[${REQUEST}]`,
    '{"jsonrpc":"2.0","id":7,"method":"ping"}',
    ' {\t"method" : "ping",\n"id":-1.5e3, "jsonrpc":"2.0" , "params": {} }\r\n',
    '{"jsonrpc":"2.0","method":"\\u0070ing","id":null,"params":{"a":"\\"}","a":2}}',
    // Seen before, with an id of as many characters: a number, and none.
    `${PING}\0${PING.replace('7', '8')}\0${PING.replace('7', 'x')}`,
    `${DEVICE}\0${DEVICE.replace('123', '124')}`,
    // What only the grammar can tell.
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":[[],{},[1,-0.5e+3,true],"\\u00e4\\n"]}}x',
    ...['"\\x"', '"\\u00g0"', '"\n"', '[1 2]', '[x', '{"a" 1}', '{"a":1 2}', '{1', '{"a', '{"a":x', '1.', '1e', '-x', 'nul'],
    // What each rule of the envelope refuses.
    ...[
      '7',
      '{"jsonrpc":"1.0"}',
      '{"jsonrpc":"2.0","id":{}}',
      '{"jsonrpc":"2.0","id":1,"method":7}',
      `{"id":1${'0'.repeat(256)}}`,
    ],
    JSON.stringify({ jsonrpc: '2.0', id: 'x'.repeat(257), method: 'ping' }),
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'x'.repeat(257) }),
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: [1] }),
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', ...members(65) }),
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: members(65) }),
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: { a: new Array(1_025).fill(0) } }),
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: nested(17) }),
    `{"jsonrpc":"2.0","id":1,"method":"ping","params":${JSON.stringify(nested(65))}}`,
    // What the quick reader leaves to the full one.
    ...[
      '{"id":7,"jsonrpc":"2.0","method":"ping"}',
      '{"jsonrpc":"2.0","x":1}',
      `{"jsonrpc":"2.0","id":"${'x'.repeat(129)}","method":"ping"}`,
    ],
    ...[
      '{"jsonrpc":"2.0","method":"ping","params":{"a":"\\\\"}}',
      '{"jsonrpc":"2.0","method":"ping","params":{"a":1',
      '{"jsonrpc":"2.0","method":"ping","params":{x}}',
    ],
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
    // The messages of one connection, since the codec remembers what it saw; no JSON has the NUL between them.
    const codec = createJsonCodec(METHODS)
    for (const text of input.toString('latin1').split('\0', MAX_MESSAGES)) expectSame(codec, Buffer.from(text, 'latin1'))
  },
}

function expectSame(codec: Codec, bytes: Buffer): void {
  const read = codec.decode(new Uint8Array(bytes).buffer)
  const full = parseRequest(bytes.toString())
  expectAnswers(codec, read)
  if (read.fault !== undefined || full.fault !== undefined) {
    // What is too deep or a batch is told before it is parsed.
    assert.ok(read.fault !== undefined || full.fault === undefined, 'more lenient than the full parser')
    return
  }
  const { id, method, params } = JSON.parse(bytes.toString()) as { id?: unknown; method: unknown; params?: object }
  assert.equal(read.method, method)
  assert.equal(full.method, method)
  for (const message of [read, full]) {
    assert.equal(message.id === undefined ? undefined : JSON.parse(String(message.id)), id ?? undefined)
    if (message.paramsFault === undefined) assert.deepEqual({ ...message.params }, { ...params })
  }
  assert.equal(read.paramsFault === undefined, full.paramsFault === undefined)
}

/** Whatever the id, an answer is JSON and says it again. */
function expectAnswers(codec: Codec, { id, method, params }: Message): void {
  const answers = [codec.failure(id, ERROR), codec.failure(id, RENDERED.error)]
  if (id !== undefined) answers.push(codec.reply(id, params), codec.reply(id, RENDERED.result))
  const told = answers.map((answer) => (JSON.parse(Buffer.from(answer).toString()) as { id?: unknown }).id)
  const own: unknown = id === undefined ? undefined : JSON.parse(String(id))
  assert.deepEqual(
    told,
    told.map(() => own),
  )
  const event = JSON.parse(Buffer.from(codec.notification(method, RENDERED.result)).toString()) as { method: string }
  assert.equal(event.method, method)
}
