import { expect, test } from 'vitest'
import { parseErrorText, parseInfo, parsePathConfigs, parsePaths, parsePorts } from '../../../../src/media/api/wire.js'

test('a path of 1.20 and the same path of 1.9 are one', () => {
  const since = '2030-04-01T08:15:00.5Z'
  const reader = { id: 'x' }
  const now = {
    ...{ name: 'camera0', available: true, availableTime: since, ready: true, source: { type: 'rtspSession', id: 'a' } },
    ...{ readers: [{ type: 'hlsSession', ...reader }], tracks2: [{ codec: 'H264', codecProps: null }] },
    ...{ inboundBytes: 10, outboundBytes: 20, bytesReceived: 10, bytesSent: 20 },
  }
  const then = {
    ...{ name: 'camera0', ready: true, readyTime: since, source: { type: 'rtspSession', id: 'a' } },
    ...{ readers: [{ type: 'hlsMuxer', ...reader }], tracks: ['H264'], bytesReceived: 10, bytesSent: 20 },
  }
  const [parsed] = parsePaths({ pageCount: 1, items: [now] }).items
  expect(parsed).toEqual(parsePaths({ pageCount: 1, items: [then] }).items[0])
  expect(parsed).toMatchObject({ available: true, availableSince: since, inboundBytes: 10, readers: [{ type: 'hlsSession' }] })
})

test('online without availability is no video', () => {
  const pulled = {
    name: 'p',
    online: true,
    available: false,
    source: { type: 'rtspSource', id: '' },
    readers: null,
    tracks: null,
  }
  expect(parsePaths({ items: [pulled] }).items[0]).toMatchObject({ available: false, readers: [], tracks: [] })
})

test('ports are taken from addresses, and a server that is off has none', () => {
  expect(parsePorts({ rtspAddress: ':8554', hlsAddress: '127.0.0.1:8888', webrtc: false, webrtcAddress: ':8889' })).toEqual({
    rtspPort: 8554,
    hlsPort: 8888,
    webrtcPort: undefined,
  })
  expect(parsePorts({ rtspAddress: ':8554', rtspEncryption: 'strict' }).rtspPort).toBeUndefined()
  expect(parsePorts({ rtspAddress: ':8554', encryption: 'strict' }).rtspPort).toBeUndefined()
})

test.each([null, [], 7, 'x', {}, { items: {} }, { items: [7] }, { items: [{ name: 7 }] }])('%j is no list of paths', (reply) => {
  expect(() => parsePaths(reply)).toThrow(/unexpected reply/)
  expect(() => parsePathConfigs(reply)).toThrow(/unexpected reply/)
})

test.each([
  { available: 'yes' },
  { readers: {} },
  { readers: [7] },
  { readers: [{ type: 7 }] },
  { source: 'rtspSession' },
  { source: {} },
  { tracks: {} },
  { tracks2: [{}] },
  { inboundBytes: '7' },
  { outboundBytes: -1 },
  { availableTime: 7 },
])('a path with %j is refused, not guessed at', (wrong) => {
  expect(() => parsePaths({ items: [{ name: 'camera0', ...wrong }] })).toThrow(/unexpected reply/)
})

test('kinds by their older names are today’s, and kinds nobody knows pass', () => {
  const source = (type: string) => parsePaths({ items: [{ name: 'p', source: { type, id: '' } }] }).items[0]?.sourceType
  expect(['udpSource', 'webrtcSource', 'webrtcSession', 'quantumSource'].map(source)).toEqual([
    'mpegtsSource',
    'webRTCSource',
    'webRTCSession',
    'quantumSource',
  ])
})

test('info without its members is refused', () => {
  expect(parseInfo({ version: 'v1.20.1', started: 'x' })).toEqual({ version: 'v1.20.1', started: 'x' })
  expect(() => parseInfo({ version: 'v1' })).toThrow(/info.started/)
})

test('an error text is found in both shapes', () => {
  expect(parseErrorText({ status: 'error', error: 'path not found' })).toBe('path not found')
  expect(parseErrorText({ error: 'x' })).toBe('x')
  expect(parseErrorText('404 page not found')).toBeUndefined()
})
