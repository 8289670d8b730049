import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isDirectLoopback } from '../../../../src/camera-face/access/access.js'
import { ask, raw } from '../../../support/raw-http.js'
import { type Stage, stage } from '../face.js'

let current: Stage
beforeAll(async () => {
  current = await stage()
})
afterAll(() => current.close())

const token = (role: 'viewer' | 'operator' | 'admin'): Record<string, string> => ({
  Authorization: `Bearer ${current.tokens.sign({ userId: 'ann', role, lifetimeMs: 60_000 })}`,
})
/** A request of this machine that a proxy forwarded: as good as one from far away. */
const FAR = { 'X-Forwarded-For': '192.0.2.7' }

describe('a direct request of this machine', () => {
  const asking = (change: object): Parameters<typeof isDirectLoopback>[0] => ({
    address: '127.0.0.1',
    hostName: 'localhost',
    hostHeader: 'localhost:8000',
    headers: {},
    ...change,
  })

  it.each([
    {},
    { address: '::1' },
    { address: '::ffff:127.0.0.1' },
    { address: '127.9.9.9', hostName: '127.0.0.1' },
    { hostName: '::1', hostHeader: '[::1]:8000' },
    { headers: { origin: 'http://localhost:8000' } },
    { headers: { 'sec-fetch-site': 'same-origin' } },
    { headers: { 'sec-fetch-site': 'none' } },
  ])('is one: %j', (change) => {
    expect(isDirectLoopback(asking(change))).toBe(true)
  })

  it.each([
    { address: '192.0.2.7' },
    { address: '::ffff:192.0.2.7' },
    { address: '' },
    { hostName: undefined },
    { hostName: 'rebound.example' },
    { hostName: 'localhost.evil.example' },
    { hostName: '127.0.0.1.evil.example' },
    { headers: { 'x-forwarded-for': '127.0.0.1' } },
    { headers: { 'x-forwarded-proto': 'https' } },
    { headers: { forwarded: 'for=127.0.0.1' } },
    { headers: { via: '1.1 proxy' } },
    { headers: { 'x-real-ip': '127.0.0.1' } },
    { headers: { 'cf-connecting-ip': '127.0.0.1' } },
    { headers: { origin: 'http://localhost:9000' } },
    { headers: { origin: 'null' } },
    { headers: { 'sec-fetch-site': 'same-site' } },
    { headers: { 'sec-fetch-site': 'cross-site' } },
  ])('is none: %j', (change) => {
    expect(isDirectLoopback(asking(change))).toBe(false)
  })
})

describe('who may what', () => {
  const ROUTES: readonly (readonly [string, string, 'everybody' | 'viewer' | 'operator' | 'admin'])[] = [
    ['GET', '/', 'everybody'],
    ['GET', '/page/index.html', 'everybody'],
    ['GET', '/health', 'everybody'],
    ['GET', '/health/ready', 'everybody'],
    ['GET', '/status', 'viewer'],
    ['GET', '/cameras', 'viewer'],
    ['GET', '/cameras/camera0', 'viewer'],
    ['GET', '/cameras/camera0/capabilities', 'viewer'],
    ['GET', '/cameras/camera0/controls', 'viewer'],
    ['GET', '/cameras/camera0/snapshot', 'viewer'],
    ['GET', '/cameras/camera0/video_feed', 'viewer'],
    ['GET', '/snapshot', 'viewer'],
    ['GET', '/video_feed', 'viewer'],
    ['GET', '/?action=stream', 'viewer'],
    ['GET', '/?action=snapshot', 'viewer'],
    ['GET', '/metrics', 'viewer'],
    ['GET', '/openapi.json', 'viewer'],
    ['GET', '/server/pid', 'viewer'],
    ['POST', '/api/v1/tickets', 'viewer'],
    ['POST', '/camera/restart', 'operator'],
    ['POST', '/cameras/camera0/restart', 'operator'],
    ['PUT', '/cameras/camera0/controls', 'operator'],
    ['GET', '/config', 'admin'],
    ['PUT', '/config', 'admin'],
    ['POST', '/server/reload-config', 'admin'],
    ['POST', '/server/shutdown', 'admin'],
  ]
  const RANK = ['everybody', 'viewer', 'operator', 'admin'] as const
  const EXPIRED = { userId: 'ann', role: 'admin', lifetimeMs: 1 } as const

  it.each(ROUTES)('%s %s: %s', async (method, target, needed) => {
    const body = target.includes('tickets') ? '{"path":"/video_feed"}' : '{"brightness":1}'
    const tryAs = async (headers: Record<string, string>): Promise<number> =>
      (await ask(current.port, method, target, { headers, ...(method === 'GET' ? {} : { body }) })).status
    for (const role of RANK) {
      const status = await tryAs({ ...FAR, ...(role === 'everybody' ? {} : token(role)) })
      const enough = RANK.indexOf(role) >= RANK.indexOf(needed)
      if (enough) expect(status, role).toBeLessThan(300)
      else expect(status, role).toBe(role === 'everybody' ? 401 : 403)
    }
    expect(await tryAs({})).toBeLessThan(300)
    expect(await tryAs({ Authorization: 'Bearer nonsense' })).toBe(401)
    expect(await tryAs({ Authorization: 'Basic YTpi' })).toBe(401)
    expect(await tryAs({ Authorization: `Bearer ${current.tokens.sign(EXPIRED)}x` })).toBe(401)
    current.done.length = 0
  })

  it('tells strangers that it lives, and nothing else', async () => {
    const far = JSON.parse((await ask(current.port, 'GET', '/health', { headers: FAR })).body)
    expect(Object.keys(far)).toEqual(['status', 'timestamp'])
    expect(far.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/)
    const near = JSON.parse((await ask(current.port, 'GET', '/health')).body)
    expect(near).toMatchObject({ status: 'healthy', cameras_total: 2, cameras_connected: 2, uptime: expect.any(Number) })
  })

  it('says how to log in with 401', async () => {
    const { status, headers, body } = await ask(current.port, 'GET', '/status', { headers: FAR })
    expect([status, headers['www-authenticate'], JSON.parse(body).code]).toEqual([401, 'Bearer', 'AUTH_REQUIRED'])
  })

  it('serves nobody by a name that only resolves to this machine', async () => {
    expect((await ask(current.port, 'GET', '/status', { host: `rebound.example:${current.port}` })).status).toBe(401)
    expect((await raw(current.port, 'GET /status HTTP/1.0\r\n\r\n')).split('\r\n')[0]).toContain('401')
  })

  it('serves this machine by another address of its own with a token only', async () => {
    const address = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal)?.address
    if (address === undefined) return
    const everywhere = await stage({ host: '0.0.0.0' })
    const url = `http://${address}:${everywhere.port}/status`
    const authorization = `Bearer ${everywhere.tokens.sign({ userId: 'ann', role: 'viewer', lifetimeMs: 60_000 })}`
    const statuses = [await fetch(url), await fetch(url, { headers: { authorization } })].map(({ status }) => status)
    await everywhere.close()
    expect(statuses).toEqual([401, 200])
  })

  it('with auth none serves everybody, and warns', async () => {
    const open = await stage({ settings: { auth: 'none' } })
    const answers = [
      await ask(open.port, 'GET', '/status', { headers: FAR, host: 'rebound.example' }),
      await ask(open.port, 'POST', '/server/shutdown', { headers: FAR }),
    ]
    await open.close()
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(open.log.filter((line) => line.includes('"level":"warn"') && line.includes('faces.camera.auth'))).toHaveLength(1)
  })
})

describe('tickets', () => {
  it('are issued to one user or address up to its share, then refused with 429', async () => {
    const issue = (role: 'viewer' | 'admin') => {
      const token = current.tokens.sign({ userId: role, role, lifetimeMs: 60_000 })
      const headers = { Authorization: `Bearer ${token}` }
      return ask(current.port, 'POST', '/api/v1/tickets', { body: '{"path":"/video_feed"}', headers })
    }
    for (let count = 0; count < 256; count += 1) expect((await issue('viewer')).status).toBe(201)
    const answer = await issue('viewer')
    expect([answer.status, answer.headers['retry-after'], JSON.parse(answer.body)]).toEqual([
      429,
      '1',
      { detail: 'too many tickets of yours are open: at most 256 at once', code: 'RATE_LIMITED' },
    ])
    expect((await issue('admin')).status).toBe(201)
    const { server } = JSON.parse((await ask(current.port, 'GET', '/status')).body)
    expect(server.faults.refusal.RATE_LIMITED).toMatchObject({ count: 1, reason: expect.stringContaining('at most 256') })
  })

  const issue = async (wish: object): Promise<{ ticket: string; url: string; expires_in: number }> => {
    const { status, body } = await ask(current.port, 'POST', '/api/v1/tickets', {
      headers: { ...FAR, ...token('viewer') },
      body: JSON.stringify(wish),
    })
    expect(status).toBe(201)
    return JSON.parse(body)
  }
  const open = async (target: string): Promise<number> => (await ask(current.port, 'GET', target, { headers: FAR })).status

  it('open the stream they are for, under each of its names', async () => {
    const { ticket, url, expires_in } = await issue({ path: '/video_feed', camera: 'camera0' })
    expect([url, expires_in]).toEqual([`/video_feed?camera=camera0&ticket=${ticket}`, 60])
    for (const target of ['/video_feed', '/cameras/camera0/video_feed', '/?action=stream']) {
      expect(await open(`${target}${target.includes('?') ? '&' : '?'}ticket=${ticket}`), target).toBe(200)
    }
    expect(await open(url)).toBe(200)
  })

  it('open nothing else', async () => {
    const { ticket } = await issue({ path: '/cameras/camera0/video_feed' })
    for (const target of [
      '/video_feed?camera=camera2',
      '/cameras/camera2/video_feed',
      '/snapshot',
      '/status',
      '/config',
      '/events',
      '/',
    ]) {
      expect(await open(`${target}${target.includes('?') ? '&' : '?'}ticket=${ticket}`), target).toBe(401)
    }
    expect(await open(`/video_feed?ticket=${ticket}x`)).toBe(401)
    expect(await open('/video_feed?ticket=')).toBe(401)
    expect(await open('/video_feed?ticket=__proto__')).toBe(401)
  })

  it('open a picture once', async () => {
    const { url } = await issue({ path: '/snapshot', camera: 'camera2' })
    expect([await open(url), await open(url)]).toEqual([200, 401])
  })

  it('reach no further than the token they were issued for', async () => {
    const local = current.tokens.sign({ userId: 'ann', role: 'viewer', lifetimeMs: 60_000, localOnly: true })
    const answer = await ask(current.port, 'POST', '/api/v1/tickets', {
      headers: { Authorization: `Bearer ${local}` },
      body: '{"path":"/video_feed"}',
    })
    const { url } = JSON.parse(answer.body)
    expect(await open(url)).toBe(401)
    expect((await ask(current.port, 'GET', url)).status).toBe(200)
  })

  it.each([
    {},
    { path: 5 },
    { path: '/status' },
    { path: '/config' },
    { path: '/nothing' },
    { path: '/video_feed', camera: 5 },
    { path: '/video_feed', camera: 'x' },
  ])('are not issued for %j', async (wish) => {
    const answer = await ask(current.port, 'POST', '/api/v1/tickets', { body: JSON.stringify(wish) })
    expect(answer.status).toBe(400)
  })

  it('never reach the log, and neither does a token', async () => {
    const { url, ticket } = await issue({ path: '/events' })
    await ask(current.port, 'HEAD', url, { headers: FAR })
    await ask(current.port, 'GET', `/nothing?ticket=${ticket}`, { headers: { ...FAR, ...token('admin') } })
    const text = current.log.join('')
    expect(text).toContain('/events')
    expect(text).not.toContain(ticket)
    expect(text).not.toMatch(/Bearer|eyJ/)
  })
})
