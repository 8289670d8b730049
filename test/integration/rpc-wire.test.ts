/** Bad input over real sockets: each gets the documented answer, and everything else goes on. */

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.js'
import { createLogger } from '../../src/base/logger.js'
import { createHttpServer } from '../../src/http/index.js'
import { freePort } from '../support/free-port.mjs'
import { RpcClient } from '../support/rpc-client.js'
import { type RpcServer, startRpcServer } from '../support/rpc-server.js'

let server: RpcServer

beforeAll(async () => {
  server = await startRpcServer()
})

afterAll(() => server.stop())

async function connected(role?: 'viewer' | 'operator' | 'admin'): Promise<RpcClient> {
  const client = await RpcClient.connect(server.url)
  if (role !== undefined) await client.login(server.token(role))
  return client
}

/** Sends a text as it is; the reply's text. */
async function exchange(client: RpcClient, text: string): Promise<string> {
  const reply = client.next()
  client.socket.send(text)
  await reply
  return client.texts.at(-1) ?? ''
}

describe('messages', () => {
  it.each([
    ['not JSON', '{"jsonrpc":'],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]'],
    ['a batch of 100 000', `[${'1,'.repeat(7_000)}1]`],
  ])('that are %s get -32600 without id, and the connection stays', async (_what, text) => {
    const client = await connected()
    const reply = JSON.parse(await exchange(client, text)) as object
    expect(reply).toMatchObject({
      jsonrpc: '2.0',
      error: { code: -32600, message: 'Invalid Request', data: { reason: 'invalid_request' } },
    })
    expect(reply).not.toHaveProperty('id')
    expect(await client.call('ping')).toBe('pong')
    await client.close()
  })

  it('of the wrong version get -32600 with the id', async () => {
    const client = await connected()
    expect(JSON.parse(await exchange(client, '{"jsonrpc":"1.0","id":"a","method":"ping"}'))).toMatchObject({
      id: 'a',
      error: { code: -32600, data: { reason: 'invalid_version' } },
    })
    await client.close()
  })

  it('keep the digits of their id', async () => {
    const client = await connected()
    expect(await exchange(client, '{"jsonrpc":"2.0","id":10.50,"method":"ping"}\n')).toBe(
      '{"jsonrpc":"2.0","id":10.50,"result":"pong"}',
    )
    await client.close()
  })

  it('may be JSON in a binary frame, and are answered in text', async () => {
    const client = await connected()
    const reply = client.next()
    client.socket.send(Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping"}'), { binary: true })
    await reply
    expect(client.texts).toEqual(['{"jsonrpc":"2.0","id":1,"result":"pong"}'])
    await client.close()
  })

  it('without id are executed and not answered', async () => {
    const client = await connected('viewer')
    client.send({ jsonrpc: '2.0', method: 'subscribe_events', params: { topics: ['system.health'] } })
    client.send({ jsonrpc: '2.0', method: 'nothing' })
    expect(await client.call('get_subscription_stats')).toMatchObject({ client_topics: ['system.health'] })
    expect(client.messages.filter((message) => message.id === undefined)).toEqual([])
    await client.close()
  })

  it('of 2 MB cut the connection', async () => {
    const client = await connected('viewer')
    client.socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: { fill: 'x'.repeat(2_000_000) } }))
    expect(await client.closed).toMatchObject({ code: 1006 })
  })

  it('of 17 KB before login are refused with 1009', async () => {
    const client = await connected()
    client.socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: { fill: 'x'.repeat(17_000) } }))
    expect(await client.closed).toMatchObject({ code: 1009 })
  })

  it('of half a megabyte after login are answered', async () => {
    const client = await connected('viewer')
    expect(await client.call('ping', { fill: 'x'.repeat(500_000) })).toBe('pong')
    await client.close()
  })
})

describe('calls', () => {
  it.each([
    ['an unknown method', 'viewer', 'no_such', {}, -32601, {}],
    ['a missing parameter', 'viewer', 'get_camera_status', {}, -32602, { param: 'device', rule: 'matches ^camera[0-9]+$' }],
    ['a wrong type', 'viewer', 'get_camera_status', { device: 7 }, -32602, { param: 'device' }],
    ['an unknown camera', 'viewer', 'get_camera_status', { device: 'camera9' }, -32010, { resource: 'camera', id: 'camera9' }],
    [
      'a role too low',
      'viewer',
      'take_snapshot',
      { device: 'camera0' },
      -32002,
      { required_role: 'operator', have_role: 'viewer' },
    ],
    ['a dependency that is down', 'viewer', 'get_streams', {}, -32050, { dependency: 'MediaMTX' }],
    ['a stream that is not', 'viewer', 'get_stream_status', { device: 'camera0' }, -32010, { resource: 'stream' }],
    ['a wrong state', 'operator', 'stop_streaming', { device: 'camera0' }, -32020, { state: 'IDLE' }],
  ] as const)('with %s fail as documented', async (_what, role, method, params, code, data) => {
    const client = await connected(role)
    expect(await client.failure(method, params)).toMatchObject({
      code,
      data: { ...data, reason: expect.any(String), details: expect.any(String), suggestion: expect.any(String) },
    })
    await client.close()
  })
})

describe('tokens', () => {
  const unsigned = (header: object, payload: object): string =>
    [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const seconds = Math.floor(Date.now() / 1000)
  const claims = { user_id: 'mallory', role: 'admin', iat: seconds, exp: seconds + 3600 }

  it.each([
    ['garbage', () => 'garbage'],
    ['an expired one', () => server.tokens.sign({ userId: 'u', role: 'admin', lifetimeMs: 1_000 })],
    ['alg none', () => `${unsigned({ alg: 'none', typ: 'JWT' }, claims)}.`],
    ['a forged signature', () => `${unsigned({ alg: 'HS256', typ: 'JWT' }, claims)}.${'A'.repeat(43)}`],
  ])('that are not valid get -32001: %s', async (what, token) => {
    const client = await connected()
    const text = token()
    const madeMs = Date.now()
    if (what === 'an expired one') await expect.poll(() => Date.now() > madeMs + 2_000, { timeout: 5_000 }).toBe(true)
    expect(await client.failure('authenticate', { auth_token: text })).toMatchObject({
      code: -32001,
      message: 'Authentication failed or token expired',
      data: { reason: 'auth_failed' },
    })
    expect(await client.failure('get_camera_list')).toMatchObject({ code: -32001, data: { reason: 'auth_required' } })
    await client.close()
  })
})

/** Far from what a pause of the machine takes; it goes by when a test says so. */
const LOGIN_MS = 60_000

/** A clock on which time goes by at once, or somebody sets the date. */
function movableClock() {
  let [passedMs, setMs] = [0, 0]
  return {
    clock: { ...systemClock, nowMs: () => systemClock.nowMs() + passedMs, wallMs: () => Date.now() + passedMs + setMs },
    pass: (ms: number): void => {
      passedMs += ms
    },
    set: (ms: number): void => {
      setMs = ms
    },
  }
}

it('a token that ends within the session ends its rights at the call, and the connection after a while', async () => {
  const { clock, pass, set } = movableClock()
  const own = await startRpcServer({ clock, settings: { sweepMs: 20, loginMs: LOGIN_MS, pingIntervalMs: 3_600_000 } })
  const client = await RpcClient.connect(own.url)
  await client.login(own.token('viewer', LOGIN_MS + 60_000))
  await client.call('subscribe_events', { topics: ['system.error'] })
  await sweptOnce(own.url, pass)
  set(60_000)
  expect(await client.failure('get_camera_list')).toMatchObject({ code: -32001, data: { reason: 'auth_failed' } })
  own.rpc.publish('system.error', { error: 'not for you' })
  expect(await client.call('ping')).toBe('pong')
  expect(client.messages.filter((message) => message.method !== undefined)).toEqual([])
  set(71_000)
  expect(await client.closed).toMatchObject({ code: 4010 })
  await own.stop()
})

it('a right that is taken back ends the connection that much later, too, however far its next ping is', async () => {
  const { clock, pass } = movableClock()
  const own = await startRpcServer({
    clock,
    settings: { sweepMs: 20, loginMs: LOGIN_MS, renewalMs: 100, pingIntervalMs: 3_600_000 },
  })
  const client = await RpcClient.connect(own.url)
  await client.login(own.token('viewer'))
  await sweptOnce(own.url, pass)
  own.tokens.rotate('the next secret, which is long enough', clock.wallMs())
  expect(await client.closed).toMatchObject({ code: 4010 })
  await own.stop()
})

it('who does not log in is closed with 4001', async () => {
  const { clock, pass } = movableClock()
  const own = await startRpcServer({ clock, settings: { loginMs: LOGIN_MS, sweepMs: 10 } })
  const client = await RpcClient.connect(own.url)
  expect(await client.call('ping')).toBe('pong')
  pass(LOGIN_MS)
  expect(await client.closed).toMatchObject({ code: 4001 })
  await own.stop()
})

describe('1 000 requests without reading the replies', () => {
  it('are all answered, in order, once the client reads', async () => {
    const client = await connected('viewer')
    client.socket.pause()
    const ids = Array.from({ length: 1_000 }, (_, index) => 10_000 + index)
    for (const id of ids) client.send({ jsonrpc: '2.0', id, method: 'get_camera_list' })
    const last = client.next((message) => message.id === 10_999)
    const other = await connected()
    expect(await other.call('ping')).toBe('pong')
    client.socket.resume()
    await last
    expect(client.messages.map((message) => message.id).slice(-1_000)).toEqual(ids)
    await Promise.all([client.close(), other.close()])
  })
})

describe('plain HTTP', () => {
  const get = (path: string) => fetch(`http://127.0.0.1:${server.http.port}${path}`)

  it('answers 404 elsewhere and 400 on the WebSocket path', async () => {
    expect((await get('/nowhere')).status).toBe(404)
    expect((await get('/')).status).toBe(404)
    expect((await get('/ws/')).status).toBe(404)
    expect((await get('/ws')).status).toBe(400)
  })

  it('describes the service as rpc.discover does', async () => {
    const response = await get('/openrpc.json')
    expect(response.headers.get('content-type')).toBe('application/json')
    const client = await connected('viewer')
    expect(await response.json()).toEqual(await client.call('rpc.discover'))
    await client.close()
  })

  it('bears headers of 15 KB', async () => {
    const response = await fetch(`http://127.0.0.1:${server.http.port}/nowhere`, { headers: { 'x-fill': 'x'.repeat(15_000) } })
    expect(response.status).toBe(404)
  })
})

describe('upgrades', () => {
  it('check the origin', async () => {
    await expect(RpcClient.connect(server.url, { origin: 'http://evil.example' })).rejects.toThrow('403')
    await expect(RpcClient.connect(server.url, { origin: 'null' })).rejects.toThrow('403')
    const own = await RpcClient.connect(server.url, { origin: `http://127.0.0.1:${server.http.port}` })
    const listed = await RpcClient.connect(server.url, { origin: 'http://localhost:3000' })
    await Promise.all([own.close(), listed.close()])
  })

  it('echo the subprotocol they know and no other', async () => {
    const known = await RpcClient.connect(server.url, { codec: 'msgpack' })
    expect(known.socket.protocol).toBe('msgpack')
    await known.close()
    expect(await handshake({ 'Sec-WebSocket-Protocol': 'chat' })).toMatch(/^HTTP\/1.1 101 (?!.*sec-websocket-protocol)/is)
  })

  it('want version 13', async () => {
    expect(await handshake({ 'Sec-WebSocket-Version': '8' })).toMatch(/^HTTP\/1.1 426 .*Sec-WebSocket-Version: 13/s)
  })

  it('are refused beyond the limit, with the words of the contract', async () => {
    const own = await startRpcServer({ settings: { maxConnections: 1 } })
    const first = await RpcClient.connect(own.url)
    const answer = await handshake({}, own.http.port)
    expect(answer).toMatch(/^HTTP\/1.1 503 .*Retry-After: .*Maximum connections reached$/s)
    await first.close()
    await expect.poll(() => own.http.connections).toBe(0)
    const next = await RpcClient.connect(own.url)
    expect(await next.call('ping')).toBe('pong')
    await next.close()
    await own.stop()
  })

  /** The server's whole answer to a handshake with these headers. */
  async function handshake(changes: Readonly<Record<string, string>>, port = server.http.port): Promise<string> {
    const headers = {
      Host: `127.0.0.1:${port}`,
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...changes,
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const socket = connect(port, '127.0.0.1')
    socket.write(`GET /ws HTTP/1.1\r\n${lines.join('')}\r\n`)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    return answer.toString()
  }
})

describe('garbage on the socket', () => {
  it.each([
    ['no HTTP', Buffer.from('\u0000\u0001\u0002 nonsense\r\n\r\n')],
    ['a reserved bit', frame(0xc1, Buffer.from('x'))],
    ['an unknown opcode', frame(0x83, Buffer.from('x'))],
    ['a fragmented ping', frame(0x09, Buffer.from('x'))],
    ['bad UTF-8', frame(0x81, Buffer.from([0xff, 0xfe]))],
  ])('ends that connection and no other: %s', async (what, bytes) => {
    const other = await connected()
    const socket = what === 'no HTTP' ? connect(server.http.port, '127.0.0.1') : await rawUpgrade()
    const gone = once(socket, 'close')
    socket.on('error', () => undefined)
    socket.write(bytes)
    socket.resume()
    await gone
    expect(await other.call('ping')).toBe('pong')
    await other.close()
  })

  async function rawUpgrade(): Promise<Socket> {
    const socket = connect(server.http.port, '127.0.0.1')
    const key = 'dGhlIHNhbXBsZSBub25jZQ=='
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    )
    await once(socket, 'data')
    return socket
  }

  /** A masked frame of a few bytes; the mask is zero. */
  function frame(first: number, payload: Buffer): Buffer {
    return Buffer.concat([Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0]), payload])
  }
})

describe('start and stop', () => {
  it('names port, key and remedy when the port is taken, also by a server that would share it', async () => {
    const logger = createLogger({ level: 'silent', format: 'json' })
    const address = { host: '127.0.0.1', port: server.http.port, key: 'server.port' }
    const second = createHttpServer({ rpc: server.rpc, clock: systemClock, logger, address })
    await expect(second.start(new AbortController().signal)).rejects.toThrow(
      `cannot listen on 127.0.0.1:${address.port} (server.port): another process holds it; stop that process or set server.port`,
    )
    await second.stop()
  })

  it('says 1001 to everyone, answers what is under way, and frees the port', async () => {
    let finish: () => void = () => undefined
    // Chosen beforehand: the library lets go of a port at once only when it was named.
    const port = await freePort()
    const own = await startRpcServer({
      port,
      services: { snapshots: { take: () => new Promise((_, reject) => (finish = () => reject(new Error('late')))) } },
    })
    const [busy, idle] = await Promise.all([RpcClient.connect(own.url), RpcClient.connect(own.url)])
    await busy.login(own.token('operator'))
    const reply = busy.request({ method: 'take_snapshot', params: { device: 'camera0' } })
    await busy.call('ping')
    const stopped = own.stop()
    finish()
    expect((await reply).error?.code).toBe(-32603)
    expect(await busy.closed).toMatchObject({ code: 1001 })
    expect(await idle.closed).toMatchObject({ code: 1001 })
    await stopped
    await own.stop()
    const next = createServer().listen(port, '127.0.0.1')
    await once(next, 'listening')
    next.close()
  })
})

/** Each connection has been looked at since this call: one that does not log in was closed by that. */
async function sweptOnce(url: string, pass: (ms: number) => void): Promise<void> {
  const stranger = await RpcClient.connect(url)
  pass(LOGIN_MS)
  await stranger.closed
}
