/** usb-camera-server §13.7: what is refused, and how, over a real socket. */

import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ask, open, parse, raw } from '../../support/raw-http.js'
import { type Stage, stage } from './face.js'

let current: Stage
beforeAll(async () => {
  current = await stage()
})
afterAll(() => current.close())

describe('13.7 methods and paths', () => {
  it.each([
    ['GET', '/nothing'],
    ['GET', '/cameras/camera0/nothing'],
    ['DELETE', '/nothing'],
    ['GET', '//health'],
    ['GET', '/health//'],
    ['GET', '/nothing/'],
    ['GET', '/./health'],
    ['GET', '/x/../health'],
    ['GET', '/x/%2e%2e/health'],
    ['GET', '/%2e/health'],
    ['GET', '/cameras%2fcamera0'],
    ['GET', '/health%00'],
    ['GET', '/%ff'],
    ['GET', '/%zz'],
    ['GET', '/page/..%2f..%2fpackage.json'],
    ['GET', '/page/%2e%2e/package.json'],
    ['GET', '/page/nothing.js'],
    ['GET', '/health%0d%0aX-Evil:1'],
    ['GET', '/x\\health'],
    ['OPTIONS', '*'],
  ])('%s %s is not found', async (method, target) => {
    const answer = await ask(current.port, method, target)
    expect([answer.status, JSON.parse(answer.body)]).toEqual([404, { detail: 'Not Found', code: 'NOT_FOUND' }])
    expect(answer.headers['content-type']).toBe('application/json')
  })

  it.each([
    ['POST', '/status', 'GET, HEAD'],
    ['DELETE', '/config', 'GET, HEAD, PUT'],
    ['GET', '/camera/restart', 'POST'],
    ['HEAD', '/server/shutdown', 'POST'],
    ['PATCH', '/cameras/camera0/controls', 'GET, HEAD, PUT'],
    ['OPTIONS', '/status', 'GET, HEAD'],
    ['PUT', '/', 'GET, HEAD'],
  ])('%s %s is not allowed, %s is', async (method, target, allow) => {
    const answer = await ask(current.port, method, target)
    expect([answer.status, answer.headers.allow]).toEqual([405, allow])
    const body = { detail: 'Method Not Allowed', code: 'METHOD_NOT_ALLOWED' }
    expect(answer.body).toBe(method === 'HEAD' ? '' : JSON.stringify(body))
  })

  it.each([
    ['/status/', '/status'],
    ['/status/?viewers=1', '/status?viewers=1'],
    ['/cameras/camera0/', '/cameras/camera0'],
  ])('%s is sent on to %s', async (target, location) => {
    const answer = await ask(current.port, 'GET', target)
    expect([answer.status, answer.headers.location]).toEqual([307, location])
  })

  it.each(['/health', '/status', '/cameras', '/snapshot', '/', '/video_feed', '/events', '/openapi.json'])(
    'HEAD %s has the status and headers of GET and no body',
    async (target) => {
      const head = await ask(current.port, 'HEAD', target)
      expect([head.status, head.body]).toEqual([200, ''])
      if (target === '/events') return
      const get = await ask(current.port, 'GET', target)
      const names = (answer: typeof get): string[] =>
        Object.keys(answer.headers)
          .filter((name) => name !== 'date')
          .sort()
      expect(names(head)).toEqual(names(get))
    },
  )

  it('names no server', async () => {
    const { headers } = await ask(current.port, 'GET', '/health')
    expect(headers.server).toBeUndefined()
    expect(headers['x-content-type-options']).toBe('nosniff')
  })
})

describe('13.7 sizes', () => {
  it('refuses a body over 64 KiB with 413 whatever the route does with bodies', async () => {
    for (const [method, target] of [
      ['PUT', '/config'],
      ['POST', '/camera/restart'],
    ] as const) {
      const answer = await ask(current.port, method, target, { body: 'x'.repeat(65_537) })
      expect([answer.status, answer.body]).toEqual([413, '{"detail":"Request body too large","code":"BODY_TOO_LARGE"}'])
    }
    expect(current.done).toEqual([])
  })

  it('takes a body of exactly 64 KiB', async () => {
    const body = `{"camera":{"fps":15}}${' '.repeat(65_536 - 21)}`
    expect((await ask(current.port, 'PUT', '/config', { body })).status).toBe(200)
    expect(current.done.splice(0)).toEqual(['put {"camera":{"fps":15}}'])
  })

  it('counts a chunked body too, and cuts off one without end', async () => {
    const head = `PUT /config HTTP/1.1\r\nHost: 127.0.0.1:${current.port}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
    expect(parse(await raw(current.port, `${head}${chunk}1\r\nx\r\n0\r\n\r\n`)).status).toBe(413)
    expect(parse(await raw(current.port, `${head}${chunk.repeat(40)}`)).status).toBe(413)
    expect(
      parse(await raw(current.port, `PUT /config HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n`)).status,
    ).toBe(413)
  })

  it('refuses a URL over 2 KiB with 414', async () => {
    const path = `/health?${'x'.repeat(2048 - 8)}`
    expect((await ask(current.port, 'GET', path)).status).toBe(200)
    const answer = await ask(current.port, 'GET', `${path}x`)
    expect([answer.status, answer.body]).toEqual([414, '{"detail":"Request URL too long","code":"URL_TOO_LONG"}'])
    expect((await ask(current.port, 'GET', `/${'x'.repeat(20_000)}`)).status).toBe(414)
  })

  it('refuses a header block over 8 KiB, and more than 64 headers, with 431', async () => {
    const body = '{"detail":"Request header fields too large","code":"HEADERS_TOO_LARGE"}'
    const large = await ask(current.port, 'GET', '/health', { headers: { 'X-Large': 'x'.repeat(8150) } })
    expect([large.status, large.body]).toEqual([431, body])
    const huge = await ask(current.port, 'GET', '/health', { headers: { 'X-Large': 'x'.repeat(30_000) } })
    expect([huge.status, huge.body]).toEqual([431, body])
    const fits = await ask(current.port, 'GET', '/health', { headers: { 'X-Large': 'x'.repeat(8000) } })
    expect(fits.status).toBe(200)
    const many = Object.fromEntries(Array.from({ length: 63 }, (_, index) => [`X-${index}`, '1']))
    expect((await ask(current.port, 'GET', '/health', { headers: many })).status).toBe(431)
  })
})

describe('13.7 bodies', () => {
  it.each([
    ['', 'missing', ['body']],
    ['{"camera":', 'json_invalid', ['body', 10]],
    ['{"camera":{"fps":1,}}', 'json_invalid', ['body', 19]],
    ['nonsense', 'json_invalid', ['body', 0]],
    ['[1]', 'dict_type', ['body']],
    ['"text"', 'dict_type', ['body']],
    ['null', 'dict_type', ['body']],
  ])('PUT /config with %j is 422 %s', async (body, type, loc) => {
    const answer = await ask(current.port, 'PUT', '/config', { body })
    expect(answer.status).toBe(422)
    expect(JSON.parse(answer.body)).toMatchObject({ detail: [{ type, loc, msg: expect.any(String) }], code: 'INVALID_BODY' })
    expect(JSON.parse(answer.body).detail[0]).toHaveProperty('input')
    expect(current.done).toEqual([])
  })

  it('tells all problems of a configuration in one 400', async () => {
    const put = async () => ({ problems: ['camera.fps: must be a number, got string "abc"', 'server.x: unknown key'] })
    const refusing = await stage({ ports: { config: { ...current.ports.config, rules: current.rules, put } } })
    const answer = await ask(refusing.port, 'PUT', '/config', { body: '{"camera":{"fps":"abc"}}' })
    await refusing.close()
    expect([answer.status, JSON.parse(answer.body).detail]).toEqual([
      400,
      'Invalid configuration: camera.fps: must be a number, got string "abc"; server.x: unknown key',
    ])
  })

  it.each([
    ['{"camera":{"fps":15,"fps":30}}', 'Invalid configuration: camera.fps: is there twice'],
    ['{"camera":{"fps":1},"camera":{"f\\u0070s":2}}', 'Invalid configuration: camera: is there twice'],
    ['{"camera":{"fps":15,"\\u0066ps":30}}', 'Invalid configuration: camera.fps: is there twice'],
    [
      '{"cameras":[{"id":"camera1"},{"id":"camera2","name":"a:b,{\\"","fps":5,"id":"camera2","fps":5}]}',
      'Invalid configuration: cameras[1].id: is there twice; cameras[1].fps: is there twice',
    ],
  ])('PUT /config with %s is 400 and nothing is done', async (body, detail) => {
    const answer = await ask(current.port, 'PUT', '/config', { body })
    expect([answer.status, JSON.parse(answer.body)]).toEqual([400, { detail, code: 'INVALID_CONFIGURATION' }])
    expect(current.done).toEqual([])
  })

  it('takes the same key in different objects, and refuses one that is there twice for controls too', async () => {
    const body = '{"cameras":[{"id":"camera1","fps":5},{"id":"camera2","fps":5}],"camera":{"fps":5}}'
    expect((await ask(current.port, 'PUT', '/config', { body })).status).toBe(200)
    expect(current.done.splice(0)).toEqual([`put ${body}`])
    const answer = await ask(current.port, 'PUT', '/cameras/camera0/controls', { body: '{"gain":1,"gain":2}' })
    expect([answer.status, JSON.parse(answer.body).detail]).toEqual([400, 'Invalid body: gain: is there twice'])
    expect(current.done).toEqual([])
  })

  it('says why a configuration cannot be kept', async () => {
    const put = async () => ({ reason: 'config.json: cannot be written (EROFS)' })
    const readOnly = await stage({ ports: { config: { ...current.ports.config, rules: current.rules, put } } })
    const answer = await ask(readOnly.port, 'PUT', '/config', { body: '{}' })
    await readOnly.close()
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([500, 'CONFIGURATION_NOT_KEPT'])
    expect(answer.body).toContain('EROFS')
  })

  it('survives an answer that cannot be sent', async () => {
    const page = new Map([['index.html', { bytes: Buffer.from(''), type: 'text/html\r\nX: 1', etag: '""' }]])
    const broken = await stage({ ports: { page: async () => page } })
    expect(await raw(broken.port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')).toBe('')
    expect((await ask(broken.port, 'GET', '/health')).status).toBe(200)
    await broken.close()
    expect(broken.log.join('')).toContain('an answer failed')
  })

  it('accepts and ignores a body on routes that want none', async () => {
    const answer = await ask(current.port, 'POST', '/camera/restart', { body: 'no json at all' })
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { success: true, message: 'Camera restart successful' }])
    current.done.length = 0
  })
})

describe('resetting controls', () => {
  const reset = (body?: string) =>
    ask(current.port, 'POST', '/cameras/camera0/controls/reset', body === undefined ? {} : { body })

  it('is for all, or for those named', async () => {
    expect((await reset()).body).toBe('[{"name":"brightness","value":0,"ok":true}]')
    expect((await reset('{"controls":["gain","focus"]}')).status).toBe(200)
    expect(current.done.splice(0)).toEqual(['reset camera0 all', 'reset camera0 gain focus'])
  })

  it.each(['{}', '{"controls":[]}', '{"controls":"gain"}', '{"controls":[1]}', '{"name":["gain"]}'])(
    'with %s resets nothing',
    async (body) => {
      const answer = await reset(body)
      expect([answer.status, JSON.parse(answer.body).code]).toEqual([400, 'INVALID_PARAMETER'])
      expect(current.done).toEqual([])
    },
  )

  it('needs an operator, a camera and POST', async () => {
    const token = current.tokens.sign({ userId: 'ann', role: 'viewer', lifetimeMs: 60_000 })
    const headers = { Authorization: `Bearer ${token}` }
    expect((await ask(current.port, 'POST', '/cameras/camera0/controls/reset', { headers })).status).toBe(403)
    expect((await ask(current.port, 'POST', '/cameras/camera9/controls/reset')).status).toBe(404)
    expect((await ask(current.port, 'GET', '/cameras/camera0/controls/reset')).status).toBe(405)
    expect(current.done).toEqual([])
  })
})

describe('expectations', () => {
  it('other than 100-continue are refused with our body, and the connection goes on', async () => {
    const body = '{"detail":"Expectation failed: only 100-continue is known","code":"EXPECTATION_FAILED"}'
    const get = (expect: string, more = ''): string =>
      `GET /health HTTP/1.1\r\nHost: localhost\r\nExpect: ${expect}\r\n${more}\r\n`
    const text = await raw(current.port, get('foo') + get('100-continue', 'Connection: close\r\n'))
    expect(parse(text)).toMatchObject({ status: 417, headers: { 'content-type': 'application/json' } })
    expect(text).toContain(body)
    expect(text).toContain('HTTP/1.1 100 Continue')
    expect(text).toContain('"healthy"')
  })
})

describe('13.7 cameras', () => {
  it.each([
    ['/cameras/camera9', 404, 'Camera not found'],
    ['/cameras/camera', 400, 'Invalid camera id'],
    ['/cameras/CAMERA0', 400, 'Invalid camera id'],
    ['/cameras/camera0%20', 400, 'Invalid camera id'],
    ['/video_feed?camera=camera9', 404, 'Camera not found'],
    ['/video_feed?camera=', 400, 'Invalid camera id'],
    ['/snapshot?camera=../etc/passwd', 400, 'Invalid camera id'],
    [`/cameras/camera${'1'.repeat(1000)}`, 404, 'Camera not found'],
    ['/video_feed?fps=0', 400, 'Invalid parameter: fps must be a number between 0.1 and 240'],
    ['/video_feed?fps=1e3', 400, 'Invalid parameter: fps must be a number between 0.1 and 240'],
    ['/snapshot?timeout_ms=30001', 400, 'Invalid parameter: timeout_ms must be a number between 1 and 30000'],
    ['/snapshot?warmup_frames=1.5', 400, 'Invalid parameter: warmup_frames must be an integer between 0 and 120'],
    ['/video_feed?advance_headers=yes', 400, 'Invalid parameter: advance_headers must be 0 or 1'],
    [`/video_feed?key=${'k'.repeat(65)}`, 400, 'Invalid parameter: key must be at most 64 printable characters'],
    ['/cameras/camera2/capabilities', 503, 'Camera has not been probed'],
  ])('%s is %i %s', async (target, status, detail) => {
    const answer = await ask(current.port, 'GET', target)
    expect([answer.status, JSON.parse(answer.body).detail]).toEqual([status, detail])
  })

  it('says 503 for a stream of a camera that was stopped', async () => {
    current.ports.status = { ...current.ports.status, state: 'given_up', isRunning: false, isConnected: false }
    const answer = await ask(current.port, 'GET', '/video_feed')
    current.ports.status = { ...current.ports.status, state: 'streaming', isRunning: true, isConnected: true }
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      503,
      { detail: 'Camera service not running', code: 'CAMERA_NOT_RUNNING' },
    ])
  })

  it('says 503 while the camera layer is not ready', async () => {
    const early = await stage({ ports: { cameras: { ...current.ports.cameras, ready: false } } })
    const answer = await ask(early.port, 'GET', '/status')
    const health = await ask(early.port, 'GET', '/health')
    await early.close()
    expect([answer.status, JSON.parse(answer.body).detail, health.status]).toEqual([503, 'Camera manager not initialized', 200])
  })
})

describe('13.7 slow and broken clients', () => {
  /** Only for those who are late: to it anybody is whom the machine holds up. */
  let hasty: Stage
  beforeAll(async () => {
    hasty = await stage({ settings: { headerMs: 300, bodyMs: 300 } })
  })
  afterAll(() => hasty.close())

  it('ends a header that does not come in time with 408', async () => {
    const answer = parse(await raw(hasty.port, 'GET /health HTTP/1.1\r\nHost: loc'))
    expect([answer.status, answer.headers.connection]).toEqual([408, 'close'])
    expect(JSON.parse(answer.body).code).toBe('REQUEST_TIMEOUT')
  })

  it('ends a body that does not come in time with 408, and closes', async () => {
    const answer = parse(await raw(hasty.port, 'PUT /config HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{"a"'))
    expect([answer.status, answer.headers.connection]).toEqual([408, 'close'])
  })

  it('cuts off a client that takes nothing of its answer', async () => {
    const lease = async () => ({
      grab: async () => ({ jpeg: Buffer.alloc(50_000_000), sequence: 1, capturedWallMs: 0 }),
      release: () => undefined,
    })
    const impatient = await stage({ settings: { idleMs: 3_000 }, ports: { cameras: { ...current.ports.cameras, lease } } })
    const client = open(impatient.port)
    client.socket.pause()
    client.socket.write('GET /snapshot HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await vi.waitFor(() => expect(impatient.log.join('')).toContain('"path":"/snapshot"'), { timeout: 15_000 })
    client.socket.resume()
    await once(client.socket, 'close')
    await impatient.close()
    expect(client.received().length).toBeLessThan(50_000_000)
  })

  it('answers a client that has closed its side, also when the answer takes a while', async () => {
    const restart = async (): Promise<boolean> => {
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
      return true
    }
    const taking = await stage({ ports: { cameras: { ...current.ports.cameras, restart } } })
    const client = open(taking.port)
    client.socket.end('POST /camera/restart HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await once(client.socket, 'close')
    await taking.close()
    expect(parse(client.received()).body).toBe('{"success":true,"message":"Camera restart successful"}')
  })

  it('ends a connection that says nothing', async () => {
    expect(parse(await raw(hasty.port, '')).status).toBe(408)
  })

  it.each([
    'GET /health\r\n\r\n',
    'GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    'GET /health HTTP/1.1\r\nHost : localhost\r\n\r\n',
    'GET /health HTTP/1.1\r\nHost: localhost\r\n X-Folded: 1\r\n\r\n',
    'GET /hea\0lth HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET \\health HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET /health HTTP/3.0\r\nHost: localhost\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ])('answers %j with 400 and closes', async (bytes) => {
    expect(parse(await raw(current.port, Buffer.from(bytes, 'latin1'))).status).toBe(400)
  })
})
