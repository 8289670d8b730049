import { describe, expect, it } from 'vitest'
import { chooseCodec, handshakeFault, hostName, originAllowed } from '../../../src/http/handshake.js'
import { RequestHeaders } from '../../../src/http/request-headers.js'

const GOOD = {
  host: 'cam-host:8002',
  upgrade: 'websocket',
  connection: 'keep-alive, Upgrade',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

function headers(values: Readonly<Record<string, string | readonly string[]>>): RequestHeaders {
  return new RequestHeaders(Object.entries(values).flatMap(([name, value]) => [value].flat().flatMap((one) => [name, one])))
}

describe('handshake', () => {
  it('passes a good one', () => {
    expect(handshakeFault(headers(GOOD))).toBeUndefined()
  })

  it.each([
    ['no Upgrade', { upgrade: '' }, '400 Bad Request'],
    ['another protocol', { upgrade: 'h2c' }, '400 Bad Request'],
    ['no Connection token', { connection: 'keep-alive' }, '400 Bad Request'],
    ['version 8', { 'sec-websocket-version': '8' }, '426 Upgrade Required'],
    ['a key of 15 bytes', { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25j' }, '400 Bad Request'],
    ['a key that is no base64', { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25j!Q==' }, '400 Bad Request'],
    ['two keys', { 'sec-websocket-key': [GOOD['sec-websocket-key'], GOOD['sec-websocket-key']] }, '400 Bad Request'],
    ['two hosts', { host: ['a', 'b'] }, '400 Bad Request'],
  ])('refuses %s', (_what, change, status) => {
    expect(handshakeFault(headers({ ...GOOD, ...change }))?.status).toBe(status)
  })
})

describe('origin (S-01)', () => {
  const rules = { allowed: ['http://localhost:3000', 'https://app.example'], ownNames: ['cam-host'] }
  const allowed = (origin: string | readonly string[], host = 'cam-host:8002') => originAllowed(headers({ host, origin }), rules)

  it('is not asked of clients that are no browser', () => {
    expect(originAllowed(headers({ host: 'cam-host:8002' }), rules)).toBe(true)
  })

  it.each(['http://localhost:3000', 'https://app.example', 'http://cam-host:8002', 'https://cam-host:8002'])(
    'may be %s',
    (origin) => {
      expect(allowed(origin)).toBe(true)
    },
  )

  it.each([
    ['http://192.0.2.7:8002', '192.0.2.7:8002'],
    ['http://[2001:db8::1]:8002', '[2001:db8::1]:8002'],
    ['http://localhost:8002', 'localhost:8002'],
  ])('may be our own page at %s', (origin, host) => {
    expect(allowed(origin, host)).toBe(true)
  })

  it.each([
    'null',
    '',
    'http://evil.example',
    'http://localhost',
    'http://localhost:3001',
    'https://localhost:3000.evil.example',
    'http://localhost:3000.',
    'HTTP://LOCALHOST:3000',
    'http://Localhost:3000',
    'http://evil.localhost:3000',
    'http://localhost:3000/',
    'http://localhost:3000@evil.example',
    'https://app.example:443',
    'https://app.example.',
    'https://sub.app.example',
    'https://xapp.example',
    'http://app.example',
    'wss://app.example',
    'file://',
    'chrome-extension://abc',
    ' http://localhost:3000',
    'http://localhost:3000 http://evil.example',
    'http://cam-host',
    'http://cam-host:8003',
  ])('may not be %j', (origin) => {
    expect(allowed(origin)).toBe(false)
  })

  it('may not come twice', () => {
    expect(allowed(['http://localhost:3000', 'http://localhost:3000'])).toBe(false)
  })

  it("may not be an attacker's name that resolves to us", () => {
    expect(allowed('http://rebound.example:8002', 'rebound.example:8002')).toBe(false)
  })
})

it.each([
  ['cam-host:8002', 'cam-host'],
  ['cam-host', 'cam-host'],
  ['[2001:db8::1]:8002', '[2001:db8::1]'],
  ['a"b', undefined],
  ['a/b', undefined],
  ['', undefined],
])('the name in Host %j is %j', (host, name) => {
  expect(hostName(host)).toBe(name)
})

it.each([
  ['msgpack', 'msgpack'],
  ['json, msgpack', 'msgpack'],
  ['json', 'json'],
  ['', 'json'],
])('subprotocols %j choose %s', (subprotocols, codec) => {
  expect(chooseCodec(subprotocols)).toBe(codec)
})
