/** The health pages over real sockets: what each says, when it fails, and to whom it says how much. */

import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTokens } from '../../../src/auth/index.js'
import { systemClock } from '../../../src/base/clock.js'
import { createLogger } from '../../../src/base/logger.js'
import { uptimeText } from '../../../src/http/health/bodies.js'
import {
  HealthPages,
  type HealthPort,
  type HealthReport,
  type HealthSettings,
  PlainServer,
  Trust,
} from '../../../src/http/index.js'
import { RequestHeaders } from '../../../src/http/request-headers.js'
import type { Call } from '../../../src/http/routes.js'
import { ask } from '../../support/raw-http.js'

const WALL_MS = Date.UTC(2030, 3, 1, 8, 15)
const TIME = '2030-04-01T08:15:00.000Z'
const clock = {
  ...systemClock,
  wallMs: () => WALL_MS,
  nowMs: () => systemClock.nowMs(),
  after: systemClock.after.bind(systemClock),
}
const logger = createLogger({ level: 'error', format: 'json', write: () => undefined })
const tokens = createTokens({ secret: 'a secret of the tests, longer than 32 bytes', leewayMs: 0, maxLifetimeMs: 0, clock })
const viewer = tokens.sign({ userId: 'eve', role: 'viewer', lifetimeMs: 3_600_000 })
const SETTINGS: HealthSettings = {
  paths: { basic: '/health', detailed: '/health/detailed', ready: '/health/ready', live: '/health/live' },
  format: 'json',
  parts: { version: true, uptime: true, components: true, metrics: true },
  internalOnly: true,
  maxResponseMs: 100,
}
const GOOD: HealthReport = {
  status: 'healthy',
  components: [
    { name: 'mediamtx', status: 'stopped', message: 'none is needed', lastCheckedWallMs: WALL_MS },
    {
      name: 'cameras',
      status: 'healthy',
      message: '2 of 2 cameras are connected',
      lastCheckedWallMs: WALL_MS,
      details: { total: 2 },
    },
    { name: 'storage', status: 'degraded', message: '81 % of the disk is used', lastCheckedWallMs: WALL_MS },
  ],
  notReady: undefined,
}

let report: () => Promise<HealthReport> = async () => GOOD
let notAlive: string | undefined
let notReady: string | undefined
let looks = 0
const port: HealthPort = {
  version: '1.2.3',
  environment: 'test',
  uptimeMs: () => 259_200_000 + 15 * 60_000 + 30_000,
  notAlive: () => notAlive,
  notReady: () => notReady,
  report: () => {
    looks += 1
    return report()
  },
  camerasJson: (host) => JSON.stringify({ cameras: [{ device: 'camera0', host }], total: 2, connected: 1 }),
}
const open: PlainServer[] = []
/** Those of the newest face. */
let pages: HealthPages

async function face(settings: Partial<HealthSettings> = {}): Promise<number> {
  pages = new HealthPages({
    ...{ port, clock },
    trust: new Trust([], tokens),
    settings: { ...SETTINGS, ...settings },
  })
  const address = { host: '127.0.0.1', port: 0, key: 'http_health.port' }
  const server = new PlainServer({ name: 'health', address, routes: [pages.named, pages.aliases], clock, logger })
  await server.start(new AbortController().signal)
  open.push(server)
  return server.port
}

/** A report of one test's own; each face asks anew. */
async function faceWith(own: () => Promise<HealthReport>, settings: Partial<HealthSettings> = {}): Promise<number> {
  report = own
  return await face(settings)
}

let healthy = 0
/** Behind a proxy on this machine nobody is local. */
const STRANGER = { headers: { 'X-Forwarded-For': '203.0.113.7' } }

beforeAll(async () => {
  healthy = await face()
  // From here on its answers come from what it knows.
  await ask(healthy, 'GET', '/health')
})
afterAll(() => Promise.all(open.map((server) => server.stop())))

describe('to this machine', () => {
  it('/health is the state in short, with the headers of the contract', async () => {
    const port = await faceWith(async () => GOOD)
    const { status, headers, body } = await ask(port, 'GET', '/health')
    expect(status).toBe(200)
    expect(JSON.parse(body)).toEqual({ status: 'healthy', timestamp: TIME, version: '1.2.3', uptime: '72h15m30s' })
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-cache, no-store, must-revalidate',
      pragma: 'no-cache',
      expires: '0',
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, OPTIONS',
      'access-control-allow-headers': 'Content-Type',
    })
  })

  it('/health/detailed has components, figures and the environment', async () => {
    const port = await faceWith(async () => GOOD)
    expect(JSON.parse((await ask(port, 'GET', '/health/detailed')).body)).toEqual({
      status: 'healthy',
      timestamp: TIME,
      version: '1.2.3',
      uptime: '72h15m30s',
      components: [
        { name: 'mediamtx', status: 'stopped', message: 'none is needed', last_checked: TIME },
        {
          name: 'cameras',
          status: 'healthy',
          message: '2 of 2 cameras are connected',
          last_checked: TIME,
          details: { total: 2 },
        },
        { name: 'storage', status: 'degraded', message: '81 % of the disk is used', last_checked: TIME },
      ],
      metrics: {
        uptime_seconds: 260_130,
        component_count: 2,
        components_healthy: 1,
        components_degraded: 1,
        components_unhealthy: 0,
      },
      environment: 'test',
    })
  })

  it('leaves out what is switched off', async () => {
    const parts = { version: false, uptime: false, components: false, metrics: false }
    const port = await faceWith(async () => GOOD, { parts })
    const { body } = await ask(port, 'GET', '/health/detailed')
    expect(JSON.parse(body)).toEqual({ status: 'healthy', timestamp: TIME, environment: 'test' })
  })

  it('one component has a page of its own', async () => {
    const port = await faceWith(async () => GOOD)
    expect(JSON.parse((await ask(port, 'GET', '/health/cameras')).body)).toMatchObject({ name: 'cameras', status: 'healthy' })
    expect((await ask(port, 'GET', '/health/nothing')).status).toBe(404)
  })

  it('/api/cameras is the list, with links for the name that the client used', async () => {
    const port = await faceWith(async () => GOOD)
    const { status, body } = await ask(port, 'GET', '/api/cameras', { host: 'cam-host:8003' })
    expect(status).toBe(200)
    expect(JSON.parse(body)).toEqual({
      ...{ status: 'healthy', timestamp: TIME },
      ...{ cameras: [{ device: 'camera0', host: 'cam-host' }], total: 2, connected: 1 },
    })
  })

  it('/health/ready says 200 or 503 and why, under both names', async () => {
    const good = await faceWith(async () => GOOD)
    expect(JSON.parse((await ask(good, 'GET', '/health/ready')).body)).toEqual({
      ready: true,
      timestamp: TIME,
      message: 'System is ready',
    })
    const bad = await faceWith(async () => ({ ...GOOD, status: 'degraded', notReady: 'mediamtx is unhealthy' }))
    for (const path of ['/health/ready', '/readyz']) {
      const { status, body } = await ask(bad, 'GET', path)
      expect(status).toBe(503)
      expect(JSON.parse(body)).toEqual({ ready: false, timestamp: TIME, message: 'System not ready: mediamtx is unhealthy' })
    }
    // Neither is a fault of the state page, nor of liveness.
    expect((await ask(bad, 'GET', '/healthz')).status).toBe(200)
    expect((await ask(bad, 'GET', '/livez')).status).toBe(200)
  })

  it('/health/live answers though nothing can be found out', async () => {
    const port = await faceWith(() => new Promise(() => undefined))
    const { status, body } = await ask(port, 'GET', '/health/live')
    expect(status).toBe(200)
    expect(JSON.parse(body)).toEqual({ alive: true, timestamp: TIME, message: 'System is alive' })
    notAlive = 'it is being stopped'
    const ending = await ask(port, 'GET', '/health/live')
    notAlive = undefined
    expect(ending.status).toBe(503)
    expect(JSON.parse(ending.body)).toMatchObject({ alive: false, message: 'System is not alive: it is being stopped' })
  })

  it('/health/ready says what is known though nothing can be found out', async () => {
    const port = await faceWith(() => new Promise(() => undefined))
    notReady = 'service is stopping'
    const { status, body } = await ask(port, 'GET', '/health/ready')
    notReady = undefined
    expect(status).toBe(503)
    expect(JSON.parse(body)).toEqual({ ready: false, timestamp: TIME, message: 'System not ready: service is stopping' })
  })

  it.each([
    ['fails', () => Promise.reject(new Error('the disk is on fire')), 'the disk is on fire'],
    ['hangs', () => new Promise<HealthReport>(() => undefined), 'the health could not be found out within 100 ms'],
  ])('a look that %s is 500 with the reason', async (_what, own, error) => {
    const port = await faceWith(own)
    for (const path of ['/health', '/health/detailed']) {
      const { status, body } = await ask(port, 'GET', path)
      expect(status).toBe(500)
      expect(JSON.parse(body)).toEqual({ error, timestamp: TIME, status: 'unhealthy' })
    }
  })

  it('a look during which this whole process was held up is given time to be read', async () => {
    const port = await faceWith(async () => {
      await new Promise(setImmediate)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250)
      // Told behind the timers that are due by now.
      await new Promise(setImmediate)
      return GOOD
    })
    expect((await ask(port, 'GET', '/health')).status).toBe(200)
  })

  it('many questions share one look, and one that hangs is not joined by another', async () => {
    const port = await faceWith(() => new Promise(() => undefined))
    looks = 0
    await Promise.all(Array.from({ length: 20 }, () => ask(port, 'GET', '/health')))
    expect(looks).toBe(1)
  })

  it('each is counted by its path and its code', async () => {
    const port = await faceWith(async () => ({ ...GOOD, notReady: 'mediamtx is unhealthy' }))
    for (const path of ['/health', '/health', '/health/ready', '/livez', '/health/nothing']) await ask(port, 'GET', path)
    await ask(port, 'GET', '/health', STRANGER)
    await ask(port, 'POST', '/health/live', { body: '{}' })
    expect(pages.requests).toEqual({
      ...{ '/health 200': 2, '/health 403': 1, '/health/ready 503': 1, '/livez 200': 1, '/health/live 405': 1 },
    })
  })

  it('HEAD has the length and no body, OPTIONS is allowed, POST is not', async () => {
    const head = await ask(healthy, 'HEAD', '/health/live')
    expect(head).toMatchObject({ status: 200, body: '' })
    expect(Number(head.headers['content-length'])).toBeGreaterThan(50)
    expect((await ask(healthy, 'OPTIONS', '/health')).status).toBe(204)
    expect(await ask(healthy, 'HEAD', '/nothing')).toMatchObject({ status: 404, body: '', headers: { 'content-length': '9' } })
    const post = await ask(healthy, 'POST', '/health', { body: '{}' })
    expect(post.status).toBe(405)
    expect(post.headers.allow).toBe('GET, HEAD, OPTIONS')
  })

  it('says one word in the text format', async () => {
    const port = await faceWith(async () => GOOD, { format: 'text' })
    const { headers, body } = await ask(port, 'GET', '/health')
    expect(body).toBe('healthy\n')
    expect(headers['content-type']).toBe('text/plain; charset=utf-8')
  })
})

describe('to strangers', () => {
  const paths = ['/health', '/health/detailed', '/api/cameras', '/health/ready', '/health/live', '/livez']

  it.each(paths)('%s is 403 while it is for inside only', async (path) => {
    const { status, body } = await ask(healthy, 'GET', path, STRANGER)
    expect(status).toBe(403)
    expect(body).not.toMatch(/1\.2\.3|camera|mediamtx|disk/)
  })

  it.each([
    ['/health', { status: 'healthy' }],
    ['/health/detailed', { status: 'healthy' }],
    ['/health/cameras', { status: 'healthy' }],
    ['/api/cameras', { status: 'healthy' }],
    ['/health/ready', { ready: true }],
    ['/health/live', { alive: true }],
  ])('%s is the word alone otherwise', async (path, word) => {
    const port = await faceWith(async () => GOOD, { internalOnly: false })
    expect(JSON.parse((await ask(port, 'GET', path, STRANGER)).body)).toEqual(word)
  })

  it('the reason of a failure is not for them', async () => {
    const port = await faceWith(() => Promise.reject(new Error('/secret/disk is gone')), { internalOnly: false })
    const { status, body } = await ask(port, 'GET', '/health', STRANGER)
    expect([status, body]).toEqual([500, '{"status":"unhealthy"}'])
  })

  it('a token of any role opens everything, a bad one nothing', async () => {
    const good = { headers: { ...STRANGER.headers, Authorization: `Bearer ${viewer}` } }
    const bad = { headers: { ...STRANGER.headers, Authorization: `Bearer ${viewer}x` } }
    expect(JSON.parse((await ask(healthy, 'GET', '/health', good)).body)).toHaveProperty('version')
    expect((await ask(healthy, 'GET', '/health', bad)).status).toBe(403)
  })
})

describe('listed addresses', () => {
  const trust = new Trust(['192.0.2.7', '10.0.0.0/8', '2001:db8::/32'], tokens)
  const call = (address: string, local = false): Call => ({
    ...{ method: 'GET', path: '/health', query: '', address, local },
    headers: new RequestHeaders([]),
  })

  it.each([
    '192.0.2.7',
    '10.255.0.1',
    '2001:db8::1',
    '2001:0db8:0000:0000:0000:0000:0000:0001',
    '0000:0000:0000:0000:0000:ffff:0a00:0001',
  ])('%s is known', (address) => expect(trust.includes(call(address))).toBe(true))

  it.each(['192.0.2.8', '11.0.0.1', '2001:db9::1', '0000:0000:0000:0000:0000:ffff:0b00:0001', '', 'rubbish'])(
    '%s is not',
    (address) => expect(trust.includes(call(address))).toBe(false),
  )

  it('a proxy on this machine is not, though its address be listed', () => {
    expect(new Trust(['127.0.0.0/8'], tokens).includes(call('127.0.0.1'))).toBe(false)
    expect(new Trust([], tokens).includes(call('127.0.0.1', true))).toBe(true)
  })
})

it('a port in use is a start error that names the key', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  const held = other.address()
  const address = { host: '127.0.0.1', port: typeof held === 'object' ? (held?.port ?? 0) : 0, key: 'http_health.port' }
  const server = new PlainServer({ name: 'health', address, routes: [], clock, logger })
  const failure = await server.start(new AbortController().signal).catch((thrown: unknown) => String(thrown))
  other.close()
  expect(failure).toContain('(http_health.port): another process holds it; stop that process or set http_health.port')
})

it.each([
  [999, '0s'],
  [61_000, '1m1s'],
  [3_600_000, '1h0m0s'],
])('%i ms of uptime read %s', (ms, text) => expect(uptimeText(ms)).toBe(text))

it('that the end has begun shows at once, however fresh the last look is', async () => {
  const port = await faceWith(async () => ({ ...GOOD, notReady: notAlive }))
  expect((await ask(port, 'GET', '/health/ready')).status).toBe(200)
  notAlive = 'it is being stopped'
  const answers = await Promise.all(['/health/ready', '/health/live'].map((path) => ask(port, 'GET', path)))
  notAlive = undefined
  expect(answers.map(({ status }) => status)).toEqual([503, 503])
})
