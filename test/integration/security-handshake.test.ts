/** Attacks on the way to a connection, each by the id of its requirement (reliability-security.md §3.1), over real sockets. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { firstStatus } from '../support/raw-http.js'
import { RawWebSocket, upgradeRequest } from '../support/raw-websocket.js'
import { type RpcServer, startRpcServer } from '../support/rpc-server.js'

let server: RpcServer
let port: number
beforeAll(async () => {
  server = await startRpcServer({
    settings: { allowedOrigins: ['https://app.example', 'http://localhost:3000'], publicHost: 'cam-host' },
  })
  port = server.http.port
})
afterAll(() => server.stop())

async function upgradeStatus(headers: Readonly<Record<string, string | undefined>>): Promise<number> {
  try {
    const client = await RawWebSocket.open(port, headers)
    client.socket.destroy()
    return 101
  } catch (thrown) {
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(String((thrown as Error).message))?.[1] ?? 0)
  }
}

it('S-01 cross-site WebSocket hijacking: of 40 origins the listed ones and our own get through', async () => {
  const own = `http://127.0.0.1:${port}`
  const good = [own, 'https://app.example', 'http://localhost:3000']
  const bad = [
    'null',
    '',
    'http://evil.example',
    'https://evil.example',
    'https://app.example.evil.example',
    'https://evil-app.example',
    'https://evilapp.example',
    'https://sub.app.example',
    'https://app.example.',
    'https://app.example:443',
    'https://app.example:8443',
    'http://app.example',
    'HTTPS://APP.EXAMPLE',
    'https://App.example',
    'https://app.example/',
    'https://app.example/ws',
    'https://app.example@evil.example',
    'https://evil.example#https://app.example',
    'https://evil.example?https://app.example',
    'https://app.example, https://evil.example',
    'https://app.example https://evil.example',
    'https://app.example%2eevil.example',
    'https://аpp.example',
    'wss://app.example',
    'ws://localhost:3000',
    'http://localhost',
    'http://localhost:3001',
    'http://127.0.0.1:3000',
    'http://[::1]:3000',
    'http://0.0.0.0:3000',
    `http://127.0.0.1:${port + 1}`,
    `https://localhost:${port}`,
    `${own}.evil.example`,
    'file://',
    'chrome-extension://abcdef',
    '*',
    'undefined',
  ]
  expect(good.length + bad.length).toBeGreaterThanOrEqual(40)
  const seen = new Map<string, number>()
  for (const Origin of [...good, ...bad]) seen.set(Origin, await upgradeStatus({ Origin }))
  expect(Object.fromEntries(seen)).toEqual(
    Object.fromEntries([...good.map((origin) => [origin, 101]), ...bad.map((origin) => [origin, 403])]),
  )
  // Twice, in either order; a name that resolves to us; and a client that is no browser.
  for (const second of ['https://app.example', 'https://evil.example'])
    expect(await upgradeStatus({ Origin: 'https://app.example', origin: second })).toBe(403)
  const name = `rebound.example:${port}`
  expect(await upgradeStatus({ Host: name, Origin: `http://${name}` })).toBe(403)
  expect(await upgradeStatus({})).toBe(101)
})

it('S-01 cross-site WebSocket hijacking: a cookie is no credential', async () => {
  const token = server.token('admin')
  const cookies = ['token', 'auth_token', 'session', 'Authorization'].map((name) => `${name}=${token}`).join('; ')
  const client = await RawWebSocket.open(port, { Cookie: cookies, Authorization: `Bearer ${token}` })
  const { frame } = await import('../support/raw-websocket.js')
  await client.write(frame({ payload: '{"jsonrpc":"2.0","id":1,"method":"get_camera_list"}' }))
  await client.until(() => client.frames.length > 0)
  expect(JSON.parse(String(client.frames[0]?.payload))).toMatchObject({ error: { code: -32001 } })
  client.socket.destroy()
})

it('S-02 wrong handshake: none of these becomes a connection', async () => {
  const cases: readonly (readonly [string, Readonly<Record<string, string | undefined>>, string?])[] = [
    ['POST', {}, 'POST /ws HTTP/1.1'],
    ['PUT', {}, 'PUT /ws HTTP/1.1'],
    ['HEAD', {}, 'HEAD /ws HTTP/1.1'],
    ['OPTIONS', {}, 'OPTIONS /ws HTTP/1.1'],
    ['CONNECT', {}, 'CONNECT /ws HTTP/1.1'],
    ['lower-case method', {}, 'get /ws HTTP/1.1'],
    ['HTTP/1.0', {}, 'GET /ws HTTP/1.0'],
    ['HTTP/2.0', {}, 'GET /ws HTTP/2.0'],
    ['no Host', { Host: undefined }],
    ['two Hosts', { host: 'evil.example' }],
    ['no Upgrade', { Upgrade: undefined }],
    ['empty Upgrade', { Upgrade: '' }],
    ['h2c', { Upgrade: 'h2c' }],
    ['a word with websocket in it', { Upgrade: 'websocket2' }],
    ['quoted', { Upgrade: '"websocket"' }],
    ['no Connection', { Connection: undefined }],
    ['keep-alive', { Connection: 'keep-alive' }],
    ['a word with Upgrade in it', { Connection: 'Upgrade-Insecure' }],
    ['no version', { 'Sec-WebSocket-Version': undefined }],
    ['version 0', { 'Sec-WebSocket-Version': '0' }],
    ['version 8', { 'Sec-WebSocket-Version': '8' }],
    ['version 12', { 'Sec-WebSocket-Version': '12' }],
    ['version 14', { 'Sec-WebSocket-Version': '14' }],
    ['version 013', { 'Sec-WebSocket-Version': '013' }],
    ['version 13.0', { 'Sec-WebSocket-Version': '13.0' }],
    ['two versions', { 'Sec-WebSocket-Version': '8, 13' }],
    ['the version twice', { 'sec-websocket-version': '13' }],
    ['no key', { 'Sec-WebSocket-Key': undefined }],
    ['an empty key', { 'Sec-WebSocket-Key': '' }],
    ['15 bytes', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub24=' }],
    ['17 bytes', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZTE=' }],
    ['no padding', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ' }],
    ['no base64', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25j!Q==' }],
    ['base64url', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25j-_==' }],
    ['bits to spare', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZR==' }],
    ['the key twice', { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }],
    ['another path', {}, 'GET /ws/ HTTP/1.1'],
    ['the root', {}, 'GET / HTTP/1.1'],
    ['an encoded path', {}, 'GET /%77s HTTP/1.1'],
    ['upper case', {}, 'GET /WS HTTP/1.1'],
    ['a doubled slash', {}, 'GET //ws HTTP/1.1'],
  ]
  const seen = await Promise.all(
    cases.map(async ([what, headers, line]) => ({ what, status: await firstStatus(port, upgradeRequest(port, headers, line)) })),
  )
  expect(seen.filter(({ status }) => status === 101)).toEqual([])
  // What uWebSockets.js itself does not even answer ends; what reaches us is told why.
  const told = seen.filter(({ status }) => status !== 0)
  expect(told.every(({ status }) => [400, 404, 426, 505].includes(status))).toBe(true)
  expect(told.length).toBeGreaterThan(30)
  expect(seen.filter(({ status }) => status === 426).map(({ what }) => what)).toContain('version 8')
})

it('S-02 wrong handshake: good ones in other spellings are connections, and no unknown subprotocol is echoed', async () => {
  const spellings = [
    { Upgrade: 'WebSocket' },
    { Connection: 'keep-alive, Upgrade' },
    { Connection: 'upgrade' },
    { 'Sec-WebSocket-Protocol': 'chat, superchat' },
    { 'Sec-WebSocket-Protocol': 'x'.repeat(4_000) },
  ]
  for (const headers of spellings) {
    const client = await RawWebSocket.open(port, headers)
    expect(client.head.toLowerCase()).not.toContain('sec-websocket-protocol')
    client.socket.destroy()
  }
})

it('S-05 compression bomb: compression is offered in vain, and a compressed frame ends the connection', async () => {
  const { deflateRawSync } = await import('node:zlib')
  const { frame } = await import('../support/raw-websocket.js')
  const offers = [
    'permessage-deflate',
    'permessage-deflate; client_max_window_bits',
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    'x-webkit-deflate-frame',
    'permessage-bzip2, permessage-deflate',
  ]
  for (const offer of offers) {
    const client = await RawWebSocket.open(port, { 'Sec-WebSocket-Extensions': offer })
    expect(client.head.toLowerCase(), offer).not.toContain('sec-websocket-extensions')
    const bomb = deflateRawSync(Buffer.alloc(16 * 1024 * 1024, 'x'))
    const before = process.memoryUsage().rss
    await client.write(frame({ payload: bomb.subarray(0, 16_000), rsv: 4 }))
    await client.ended
    expect(client.frames).toEqual([])
    expect(process.memoryUsage().rss - before).toBeLessThan(8 * 1024 * 1024)
  }
})
