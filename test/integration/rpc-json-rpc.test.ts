/**
 * reliability-security.md §3.4: JSON-RPC 2.0 as the contract has it, over a real socket. Each row cites the section that it comes from; a row of the
 * JSON-RPC specification's own examples that the contract answers otherwise says so.
 */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { RpcClient } from '../support/rpc-client.js'
import { type RpcServer, startRpcServer } from '../support/rpc-server.js'

interface Row {
  readonly section: string
  readonly what: string
  readonly frame: string
  /** Undefined: none may come. */
  readonly answer:
    | { readonly id?: unknown; readonly result?: unknown; readonly code?: number; readonly reason?: string }
    | undefined
}

const envelope = (members: string): string => `{"jsonrpc":"2.0",${members}}`
const ok = (id: unknown) => ({ id, result: 'pong' })
const invalid = (id?: unknown) => ({ ...(id !== undefined && { id }), code: -32600, reason: 'invalid_request' })
const OLD = { code: -32600, reason: 'invalid_version' }

const ROWS: readonly Row[] = [
  // Examples of the JSON-RPC 2.0 specification, §7.
  row('JSON-RPC 7, contract 3', 'positional parameters', envelope('"method":"subtract","params":[42,23],"id":1'), invalid(1)),
  row('JSON-RPC 7', 'named parameters of an unknown method', envelope('"method":"subtract","params":{"a":1},"id":3'), {
    ...{ id: 3, code: -32601, reason: 'method_not_found' },
  }),
  row('JSON-RPC 7', 'a notification', envelope('"method":"update","params":{"a":1}'), undefined),
  row('JSON-RPC 7', 'a notification of an unknown method', envelope('"method":"foobar"'), undefined),
  row('JSON-RPC 7', 'an unknown method', envelope('"method":"foobar","id":"1"'), { id: '1', code: -32601 }),
  row('JSON-RPC 7, C-9', 'invalid JSON', envelope('"method":"foobar,"params":"bar","baz]'), invalid()),
  row('JSON-RPC 7', 'a method that is a number', envelope('"method":1,"params":"bar"'), invalid()),
  row(
    'JSON-RPC 7, C-44',
    'a batch of invalid JSON',
    '[{"jsonrpc":"2.0","method":"sum","id":"1"},{"jsonrpc":"2.0","method"]',
    invalid(),
  ),
  row('JSON-RPC 7, C-44', 'an empty batch', '[]', invalid()),
  row('JSON-RPC 7, C-44', 'a batch of an invalid entry', '[1]', invalid()),
  row('JSON-RPC 7, C-44', 'a batch of invalid entries', '[1,2,3]', invalid()),
  row('JSON-RPC 7, C-44', 'a batch', '[{"jsonrpc":"2.0","method":"ping","id":"1"},{"foo":"boo"}]', invalid()),
  row('JSON-RPC 7, C-44', 'a batch of notifications', '[{"jsonrpc":"2.0","method":"ping"}]', invalid()),
  row('contract 3, C-44', 'a batch of 7 000 entries before login', `[${'1,'.repeat(7_000)}1]`, invalid()),
  // The envelope.
  row('contract 3', 'no jsonrpc', '{"method":"ping","id":1}', { id: 1, ...OLD }),
  row('contract 3', 'jsonrpc 1.0', '{"jsonrpc":"1.0","method":"ping","id":1}', { id: 1, ...OLD }),
  row('contract 3', 'jsonrpc as a number', '{"jsonrpc":2.0,"method":"ping","id":1}', { id: 1, ...OLD }),
  row('contract 3', 'a string as id', envelope('"method":"ping","id":"q-7"'), ok('q-7')),
  row('contract 3', 'a number as id', envelope('"method":"ping","id":7'), ok(7)),
  row('contract 3', 'a fraction as id', envelope('"method":"ping","id":1.5'), ok(1.5)),
  row('contract 3', 'an empty string as id', envelope('"method":"ping","id":""'), ok('')),
  row('contract 3', 'null as id is a notification', envelope('"method":"ping","id":null'), undefined),
  row('contract 3', 'an object as id', envelope('"method":"ping","id":{}'), invalid()),
  row('contract 3', 'an array as id', envelope('"method":"ping","id":[]'), invalid()),
  row('contract 3', 'a boolean as id', envelope('"method":"ping","id":true'), invalid()),
  row('contract 3', 'an infinite id', envelope('"method":"ping","id":1e999'), invalid()),
  row('reliability 1', 'an id of 257 bytes', envelope(`"method":"ping","id":"${'x'.repeat(257)}"`), invalid()),
  row('contract 3', 'no params', envelope('"method":"ping","id":1'), ok(1)),
  row('contract 3', 'empty params', envelope('"method":"ping","id":1,"params":{}'), ok(1)),
  row('contract 9.1', 'params nobody asked for', envelope('"method":"ping","id":1,"params":{"a":[{}]}'), ok(1)),
  ...['[]', '[1]', '"x"', '7', 'true', 'null'].map((params) =>
    row('contract 3', `params that are ${params}`, envelope(`"method":"ping","id":1,"params":${params}`), invalid(1)),
  ),
  row('contract 3', 'no method', envelope('"id":1'), invalid(1)),
  row('contract 3', 'an empty method', envelope('"method":"","id":1'), invalid(1)),
  row('contract 3', 'a method that is null', envelope('"method":null,"id":1'), invalid(1)),
  row('JSON-RPC 4.3', 'a method of the reserved prefix', envelope('"method":"rpc.nothing","id":1'), { id: 1, code: -32601 }),
  row('contract 6', 'the name of a notification', envelope('"method":"camera_status_update","id":1'), { id: 1, code: -32601 }),
  row('contract 2', 'a trailing newline', `${envelope('"method":"ping","id":1')}\n`, ok(1)),
  row('contract 3', 'a scalar', '17', invalid()),
  row('contract 3', 'an empty frame', '', invalid()),
  row('contract 3', 'a notification without login, with wrong parameters', envelope('"method":"get_camera_status"'), undefined),
  row('contract 3', 'the last of two members counts', envelope('"method":"nothing","id":1,"method":"ping"'), ok(1)),
]

function row(section: string, what: string, frame: string, answer: Row['answer']): Row {
  return { section, what, frame, answer }
}

let server: RpcServer
let client: RpcClient

beforeAll(async () => {
  server = await startRpcServer()
  client = await RpcClient.connect(server.url)
})

afterAll(async () => {
  await client.close()
  await server.stop()
})

/** All that comes up to the answer to a call of ours. */
async function messagesAfter(frame: string | Buffer): Promise<readonly Readonly<Record<string, unknown>>[]> {
  client.messages.length = 0
  const marker = client.next(({ id }) => id === 'marker')
  client.socket.send(frame)
  client.send({ jsonrpc: '2.0', id: 'marker', method: 'ping' })
  await marker
  return client.messages.filter(({ id }) => id !== 'marker').map((message) => ({ ...message }))
}

function expectAnswer(messages: readonly Readonly<Record<string, unknown>>[], answer: Row['answer']): void {
  if (answer === undefined) {
    expect(messages).toEqual([])
    return
  }
  const [message = {}, ...more] = messages
  const { id, code, reason, result } = answer
  expect(more).toEqual([])
  expect(message).toMatchObject({ jsonrpc: '2.0', ...(id !== undefined && { id }) })
  if (id === undefined) expect(message).not.toHaveProperty('id')
  expect('result' in message).toBe(!('error' in message))
  if (code === undefined) expect(message.result).toEqual(result)
  else expect(message.error).toMatchObject({ code, data: { ...(reason && { reason }) } })
}

it.each(ROWS)('§3.4 ($section): $what', async ({ frame, answer }) => {
  expectAnswer(await messagesAfter(frame), answer)
})

it('§3.4 (contract 2): a binary frame of JSON is answered in text', async () => {
  const messages = await messagesAfter(Buffer.from(envelope('"method":"ping","id":1')))
  expectAnswer(messages, ok(1))
  expect(client.texts.at(-2)).toBe('{"jsonrpc":"2.0","id":1,"result":"pong"}')
})

it('§3.4 (contract 3, C-44): a batch of 100 000 entries after login is one -32600', async () => {
  await client.login(server.token('viewer'))
  expectAnswer(await messagesAfter(`[${'1,'.repeat(99_999)}1]`), invalid())
  expectAnswer(await messagesAfter(`[${`${envelope('"method":"ping"')},`.repeat(5_000)}1]`), invalid())
})

it('§3.4 (contract 3): a notification is executed with all checks', async () => {
  expect(await messagesAfter(envelope('"method":"subscribe_events","params":{"topics":["system.error"]}'))).toEqual([])
  expect(await messagesAfter(envelope('"method":"subscribe_events","params":{"topics":["nonsense"]}'))).toEqual([])
  expect(await messagesAfter(envelope('"method":"take_snapshot","params":{"device":"camera0"}'))).toEqual([])
  expect(await client.call('get_subscription_stats')).toMatchObject({ client_topics: ['system.error'] })
})

it('§3.4 (contract 3): two calls under way may have the same id, and both are answered', async () => {
  const operator = await RpcClient.connect(server.url)
  await operator.login(server.token('operator'))
  operator.messages.length = 0
  for (const device of ['camera0', 'camera2'])
    operator.send({ jsonrpc: '2.0', id: 5, method: 'take_snapshot', params: { device } })
  await expect.poll(() => operator.messages).toHaveLength(2)
  expect(operator.messages).toMatchObject([
    { id: 5, result: { device: 'camera0' } },
    { id: 5, result: { device: 'camera2' } },
  ])
  await operator.close()
})

it('§3.4 (contract 3): 10 000 calls at once, quick and slow, are each matched to their id', async () => {
  const operator = await RpcClient.connect(server.url)
  await operator.login(server.token('operator'))
  const calls = Array.from({ length: 10_000 }, (_, index) => index)
  const answers = await Promise.all(
    calls.map(async (index) => {
      if (index % 3 === 0) return (await operator.request({ method: 'ping' })).result === 'pong'
      const device = index % 2 === 0 ? 'camera0' : 'camera2'
      if (index % 3 === 1) return (await operator.call<{ device: string }>('get_camera_status', { device })).device === device
      const { result, error } = await operator.request({ method: 'get_stream_url', params: { device } })
      // Of the slow kind only so many are worked on.
      return error?.code === -32040 || (result as { device: string }).device === device
    }),
  )
  expect(answers.every(Boolean)).toBe(true)
  await operator.close()
})
