import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTokens } from '../../../src/auth/index.js'
import { systemClock as clock } from '../../../src/base/clock.js'
import { createLogger } from '../../../src/base/logger.js'
import { HlsRoute, MetricsRoute, PlainServer, Trust } from '../../../src/http/index.js'
import { ask } from '../../support/raw-http.js'

const logger = createLogger({ level: 'fatal', format: 'json', write: () => undefined })
const tokens = createTokens({ secret: 'a secret of the tests, longer than 32 bytes', leewayMs: 0, maxLifetimeMs: 0, clock })
const STRANGER = { 'X-Forwarded-For': '203.0.113.7' }

let renderings = 0
let rendered: () => Promise<string> = async () => 'x 1\n'
let mediamtx = true
const server = new PlainServer({
  name: 'http',
  address: { host: '127.0.0.1', port: 0, key: 'server.port' },
  routes: [
    new MetricsRoute({
      trust: new Trust([], tokens),
      text: async (format) => {
        renderings += 1
        return `${format} ${await rendered()}`
      },
      types: { prometheus: 'text/plain; version=0.0.4', openmetrics: 'application/openmetrics-text' },
    }),
    new HlsRoute({
      publicHost: undefined,
      playlist: (path, host) => {
        if (path === 'nobody') return 'unknown'
        return mediamtx ? `http://${host}:8888/${path}/index.m3u8` : undefined
      },
    }),
  ],
  clock,
  logger,
})
beforeAll(() => server.start(new AbortController().signal))
afterAll(() => server.stop())

describe('/metrics', () => {
  it('comes in the format that was asked for', async () => {
    const plain = await ask(server.port, 'GET', '/metrics')
    expect(plain).toMatchObject({
      status: 200,
      body: 'prometheus x 1\n',
      headers: { 'content-type': 'text/plain; version=0.0.4' },
    })
    const open = await ask(server.port, 'GET', '/metrics', { headers: { Accept: 'application/openmetrics-text;version=1.0.0' } })
    expect(open).toMatchObject({ body: 'openmetrics x 1\n', headers: { 'content-type': 'application/openmetrics-text' } })
    expect((await ask(server.port, 'POST', '/metrics')).status).toBe(405)
  })

  it('is for this machine and for tokens', async () => {
    const token = tokens.sign({ userId: 'eve', role: 'viewer', lifetimeMs: 60_000 })
    const stranger = await ask(server.port, 'GET', '/metrics', { headers: STRANGER })
    expect(stranger.status).toBe(401)
    expect(stranger.body).not.toContain('x 1')
    const known = await ask(server.port, 'GET', '/metrics', { headers: { ...STRANGER, Authorization: `Bearer ${token}` } })
    expect(known.status).toBe(200)
  })

  it('is rendered once for all who ask at the same moment', async () => {
    let finish: (text: string) => void = () => undefined
    const text = new Promise<string>((resolve) => {
      finish = resolve
    })
    rendered = () => text
    renderings = 0
    const answers = Array.from({ length: 10 }, () => ask(server.port, 'GET', '/metrics'))
    // An answer of the same server: by then the ten are in.
    await ask(server.port, 'GET', '/nothing')
    await ask(server.port, 'GET', '/nothing')
    finish('y 2\n')
    expect(new Set((await Promise.all(answers)).map(({ body }) => body))).toEqual(new Set(['prometheus y 2\n']))
    expect(renderings).toBeLessThanOrEqual(3)
    rendered = async () => 'x 1\n'
  })

  it('that cannot be gathered is 500, and comes again', async () => {
    rendered = () => Promise.reject(new Error('no figures'))
    expect(await ask(server.port, 'GET', '/metrics')).toMatchObject({ status: 500, body: 'Internal server error' })
    rendered = async () => 'x 1\n'
    expect((await ask(server.port, 'GET', '/metrics')).status).toBe(200)
  })
})

describe('/hls', () => {
  it.each([
    ['/hls/camera0.m3u8', '/camera0/index.m3u8'],
    ['/hls/camera0/index.m3u8', '/camera0/index.m3u8'],
    ['/hls/camera0/video1_stream.m3u8?_HLS_msn=3&_HLS_part=1', '/camera0/video1_stream.m3u8?_HLS_msn=3&_HLS_part=1'],
    ['/hls/uav_1/seg7.mp4', '/uav_1/seg7.mp4'],
  ])('%s is sent on', async (path, there) => {
    const { status, headers } = await ask(server.port, 'GET', path, { host: 'cam.example:8002' })
    expect([status, headers.location]).toEqual([307, `http://cam.example:8888${there}`])
  })

  it.each([
    '/hls/',
    '/hls/camera0',
    '/hls/nobody.m3u8',
    '/hls/../metrics',
    '/hls/camera0/../x.m3u8',
    '/hls/camera0/..',
    '/hls//evil.example/x.m3u8',
    '/hls/evil.example%2f.m3u8',
    '/hls/camera0/a/b.ts',
    '/hls/camera0.m3u8?x=%0d%0aSet-Cookie:a',
  ])('%s is not', async (path) => {
    expect((await ask(server.port, 'GET', path)).status).toBe(404)
  })

  it('a Host that is none leads nowhere else', async () => {
    const { headers } = await ask(server.port, 'GET', '/hls/camera0.m3u8', { host: 'a.example/@evil' })
    expect(headers.location).not.toContain('evil')
  })

  it('says so while MediaMTX is away', async () => {
    mediamtx = false
    expect((await ask(server.port, 'GET', '/hls/camera0.m3u8')).status).toBe(503)
    mediamtx = true
  })
})
