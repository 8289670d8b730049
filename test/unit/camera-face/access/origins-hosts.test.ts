/** usb-camera-server §13.8 and §13.9: the tables of 3.4 and 3.5 over a real socket. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Asked, ask, parse, raw } from '../../../support/raw-http.js'
import { OPEN_RULES, type Stage, stage } from '../face.js'

let current: Stage
beforeAll(async () => {
  // Everybody has a token's rights here, so that what is seen is the rule under test.
  current = await stage({ settings: { auth: 'none' } })
})
afterAll(() => current.close())

const EVIL = 'http://evil.example'
const LISTED = 'https://cam.example:8443'

describe('13.8 simple requests and origins', () => {
  it.each([
    ['*', ['*'], EVIL, '*', undefined],
    ['* with a literal beside it', ['*', LISTED], LISTED, LISTED, 'true'],
    ['* for others than the literal', ['*', LISTED], EVIL, '*', undefined],
    ['a literal', [LISTED], LISTED, LISTED, 'true'],
    ['another port', [LISTED], 'https://cam.example', undefined, undefined],
    ['another scheme', [LISTED], 'http://cam.example:8443', undefined, undefined],
    ['a longer name', [LISTED], `${LISTED}.evil.example`, undefined, undefined],
    ['null', [LISTED], 'null', undefined, undefined],
    ['nobody', [], EVIL, undefined, undefined],
  ])('%s', async (_name, corsOrigins, origin, allowed, credentials) => {
    current.rules = { ...OPEN_RULES, corsOrigins }
    for (const target of ['/status', '/nothing', '/camera/restart', '/video_feed']) {
      const { headers, status } = await ask(current.port, 'GET', target, { headers: { Origin: origin } })
      expect(headers['access-control-allow-origin'], target).toBe(allowed)
      expect(headers['access-control-allow-credentials'], target).toBe(credentials)
      expect([headers.vary, status], target).toEqual(['Origin', { '/nothing': 404, '/camera/restart': 405 }[target] ?? 200])
    }
  })

  it('says nothing of origins to clients without one', async () => {
    current.rules = OPEN_RULES
    const { headers } = await ask(current.port, 'GET', '/status')
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })
})

describe('13.8 preflights', () => {
  const preflight = (origin: string, target = '/config'): Promise<ReturnType<typeof parse>> =>
    ask(current.port, 'OPTIONS', target, {
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'PUT',
        'Access-Control-Request-Headers': 'authorization, x-one',
      },
    })

  it('is OK for a listed origin, with its headers', async () => {
    current.rules = { ...OPEN_RULES, corsOrigins: [LISTED] }
    const { status, body, headers } = await preflight(LISTED)
    expect([status, body, headers['content-type']]).toEqual([200, 'OK', 'text/plain; charset=utf-8'])
    expect(headers).toMatchObject({
      'access-control-allow-origin': LISTED,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT',
      'access-control-allow-headers': 'authorization, x-one',
      'access-control-max-age': '600',
      vary: 'Origin',
    })
  })

  it('is refused for others, on every path', async () => {
    current.rules = { ...OPEN_RULES, corsOrigins: [LISTED] }
    for (const target of ['/config', '/nothing']) {
      const { status, body, headers } = await preflight(EVIL, target)
      expect([status, body]).toEqual([400, 'Disallowed CORS origin'])
      expect(headers['access-control-allow-origin']).toBeUndefined()
      expect(headers['content-type']).toContain('text/plain')
    }
  })

  it('with * promises reading only, unless management is opened too', async () => {
    current.rules = OPEN_RULES
    const { status, headers } = await preflight(EVIL)
    expect([status, headers['access-control-allow-origin'], headers['access-control-allow-methods']]).toEqual([
      200,
      '*',
      'GET, HEAD, OPTIONS',
    ])
    expect(headers['access-control-allow-credentials']).toBeUndefined()
    current.rules = { ...OPEN_RULES, crossOriginManagement: true }
    expect((await preflight(EVIL)).headers['access-control-allow-methods']).toContain('PUT')
  })
})

describe('13.8 hosts', () => {
  it.each([
    [['*'], 'anything.example', 200],
    [['cam.example'], 'cam.example', 200],
    [['cam.example'], 'CAM.Example:8000', 200],
    [['CAM.example'], 'cam.example', 200],
    [['cam.example'], 'evil.example', 400],
    [['cam.example'], 'cam.example.evil.example', 400],
    [['cam.example'], 'notcam.example', 400],
    [['*.example'], 'a.example', 200],
    [['*.example'], 'a.b.example:80', 200],
    [['*.example'], 'example', 400],
    [['*.example'], 'badexample', 400],
    [['::1'], '[::1]:8000', 200],
    [['[::1]'], '[::1]', 200],
    [['::1'], '[::2]:8000', 400],
    [['127.0.0.1'], '127.0.0.1:9', 200],
    [['127.0.0.1'], '127.0.0.2', 400],
    [['*'], 'two words', 400],
    [['*'], 'user@cam.example', 400],
    [['*'], 'cam.example:port', 400],
    [['*'], '[::1', 400],
    [['*'], '[gg::1]', 400],
    [['*'], '', 400],
  ])('%j and Host %j: %i', async (trustedHosts, host, status) => {
    current.rules = { ...OPEN_RULES, trustedHosts }
    const answer = await ask(current.port, 'GET', '/status', { host })
    expect(answer.status).toBe(status)
    if (status === 400)
      expect([answer.body, answer.headers['content-type']]).toEqual(['Invalid host header', 'text/plain; charset=utf-8'])
  })

  it('sends on to www. when that is the name', async () => {
    current.rules = { ...OPEN_RULES, trustedHosts: ['www.cam.example'] }
    const answer = await ask(current.port, 'GET', '/status?viewers=1', { host: 'cam.example:8000' })
    expect([answer.status, answer.headers.location]).toEqual([307, 'http://www.cam.example:8000/status?viewers=1'])
  })

  it('is looked at before everything else, preflights included', async () => {
    current.rules = { ...OPEN_RULES, trustedHosts: ['cam.example'] }
    const headers = { Origin: EVIL, 'Access-Control-Request-Method': 'GET' }
    for (const [method, target] of [
      ['OPTIONS', '/status'],
      ['GET', '/nothing'],
      ['DELETE', '/status'],
    ] as const) {
      expect((await ask(current.port, method, target, { host: 'evil.example', headers })).body).toBe('Invalid host header')
    }
  })

  it('refuses a Host that is missing, repeated, or contradicted by the target', async () => {
    current.rules = OPEN_RULES
    for (const bytes of [
      'GET /status HTTP/1.1\r\nConnection: close\r\n\r\n',
      'GET /status HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      'GET http://evil.example/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    ]) {
      const answer = parse(await raw(current.port, bytes))
      expect([answer.status, answer.body]).toEqual([400, 'Invalid host header'])
    }
    const absolute = 'GET http://localhost/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
    expect(parse(await raw(current.port, absolute)).status).toBe(200)
  })

  it('lets HTTP/1.0 without Host pass where every host may', async () => {
    current.rules = OPEN_RULES
    expect(parse(await raw(current.port, 'GET /status HTTP/1.0\r\n\r\n')).status).toBe(200)
    current.rules = { ...OPEN_RULES, trustedHosts: ['cam.example'] }
    expect(parse(await raw(current.port, 'GET /status HTTP/1.0\r\n\r\n')).status).toBe(400)
  })
})

describe('13.9 foreign pages', () => {
  const ROUTES: readonly (readonly [method: string, target: string, body?: string])[] = [
    ['POST', '/camera/restart'],
    ['POST', '/camera/restart?camera=camera2&wait=0'],
    ['POST', '/cameras/camera0/restart'],
    ['POST', '/server/reload-config'],
    ['POST', '/server/shutdown'],
    ['PUT', '/config', '{"camera":{"fps":5}}'],
    ['PUT', '/cameras/camera0/controls', '{"brightness":1}'],
    ['POST', '/cameras/camera0/controls/reset'],
    ['POST', '/api/v1/tickets', '{"path":"/video_feed"}'],
  ]
  const asked = (origin: string, body?: string): Asked => ({
    headers: { Origin: origin },
    ...(body === undefined ? {} : { body }),
  })

  it('names every route that changes something', async () => {
    current.rules = OPEN_RULES
    const { body } = await ask(current.port, 'GET', '/openapi.json')
    const paths = Object.entries(JSON.parse(body).paths as Record<string, Record<string, unknown>>)
    const changing = paths.flatMap(([path, methods]) =>
      Object.keys(methods).flatMap((method) => (method === 'get' ? [] : [`${method.toUpperCase()} ${path}`])),
    )
    const tried = ROUTES.map(([method, target]) => `${method} ${(target.split('?')[0] ?? '').replace('camera0', '{id}')}`)
    expect(new Set(tried)).toEqual(new Set(changing))
  })

  it.each(ROUTES.map((route) => ({ route })))('13.9 $route.0 $route.1 from one: 403 and no effect', async ({ route }) => {
    const [method, target, body] = route
    for (const [origin, corsOrigins] of [
      [EVIL, ['*']],
      ['null', ['*', 'null']],
      [EVIL, [LISTED]],
      ['http://127.0.0.1', ['*']],
      [`http://127.0.0.1:${current.port}.evil.example`, ['*']],
    ] as const) {
      current.rules = { ...OPEN_RULES, corsOrigins }
      const answer = await ask(current.port, method, target, asked(origin, body))
      expect([answer.status, answer.body], origin).toEqual([403, '{"detail":"Origin not allowed","code":"ORIGIN_NOT_ALLOWED"}'])
    }
    expect(current.done).toEqual([])
  })

  it.each(ROUTES.map((route) => ({ route })))(
    '$route.0 $route.1 works from our own page, a listed one, and without one',
    async ({ route }) => {
      const [method, target, body] = route
      current.rules = { ...OPEN_RULES, corsOrigins: [LISTED] }
      for (const origin of [`http://127.0.0.1:${current.port}`, LISTED]) {
        expect((await ask(current.port, method, target, asked(origin, body))).status, origin).toBeLessThan(300)
      }
      current.rules = { ...OPEN_RULES, crossOriginManagement: true }
      expect((await ask(current.port, method, target, asked(EVIL, body))).status).toBeLessThan(300)
      expect((await ask(current.port, method, target, body === undefined ? {} : { body })).status).toBeLessThan(300)
      if (!target.includes('tickets')) expect(current.done.splice(0)).toHaveLength(4)
    },
  )
})
