/** Each kind of fault has a counter that /status and /metrics show, and the last one its reason (usb-camera-server §3.3, §13). */

import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { ServiceError } from '../../../src/base/errors.js'
import { createLogger } from '../../../src/base/logger.js'
import { FAULT_KINDS, FaceFaults } from '../../../src/camera-face/faults.js'
import { DescriptorWatch } from '../../../src/camera-face/listening/descriptor-watch.js'
import { CAMERA_METRICS, SERVER_FAULTS_METRIC } from '../../../src/camera-face/status/metrics.js'
import { FakeClock } from '../../support/fake-clock.js'
import { ask, open, raw } from '../../support/raw-http.js'
import { STREAMING, type Stage, stage } from './face.js'

interface Shown {
  readonly count: number
  readonly reason: string
  readonly at: string
}

let current: Stage
beforeAll(async () => {
  current = await stage({
    // Who is not late must not be, however long the machine pauses.
    settings: { headerMs: 4_000, bodyMs: 4_000, maxViewers: 1, maxEventStreams: 1, maxPipelined: 8, maxSnapshots: 1 },
    ports: {
      faults: () => ({ config: [{ code: 'UNREADABLE', count: 2, reason: 'config.json:3:1: half', atMs: 0 }], discovery: [] }),
    },
  })
})
afterAll(() => current.close())
beforeEach(() => {
  current.ports.status = STREAMING
  current.rules = { ...current.rules, trustedHosts: ['*'], corsOrigins: ['*'] }
})

const DEADLINE = { timeout: 20_000 }

async function faults(of = current): Promise<Record<string, Record<string, Shown>>> {
  return JSON.parse((await ask(of.port, 'GET', '/status')).body).server.faults
}

const countOf = async (kind: string, code: string, of = current): Promise<number> => (await faults(of))[kind]?.[code]?.count ?? 0

describe('a camera', () => {
  it('has its counters and its last fault in the status', async () => {
    current.ports.status = { ...STREAMING, lastError: { code: 'STALLED', message: 'it stopped', errno: 0, at: 0 } }
    const status = JSON.parse((await ask(current.port, 'GET', '/status')).body)
    expect(status.drops).toEqual({ driver_gap: 1, error_flag: 2, invalid_jpeg: 3, encoder_busy: 4 })
    expect(status.stats).toMatchObject({ frames_dropped: 10, connection_errors: 5, stream_restarts: 6 })
    expect(status.causes).toEqual({ restart_silence: 6, invalid_truncated: 3 })
    expect(status.last_error).toMatchObject({ code: 'STALLED', message: 'it stopped' })
    expect(status.faults).toEqual({
      CAMERA_BUSY: { count: 7, reason: 'another program holds the camera', at: expect.stringMatching(/^2023-11-1[45]T/) },
    })
  })

  it('has them in the metrics', async () => {
    const { body } = await ask(current.port, 'GET', '/metrics')
    expect(body).toContain('camera_stream_restarts_total{camera="camera0"} 6\n')
    expect(body).toContain('camera_connection_errors_total{camera="camera0"} 5\n')
    expect(body).toContain('camera_frames_dropped_total{camera="camera0",reason="error_flag"} 2\n')
    expect(body).toContain('camera_causes_total{camera="camera0",cause="invalid_truncated"} 3\n')
    expect(body).toContain('camera_faults_total{camera="camera0",code="CAMERA_BUSY"} 7\n')
  })

  it('has every figure of the table in the status, where the table says', async () => {
    const status = JSON.parse((await ask(current.port, 'GET', '/status')).body)
    for (const { status: place } of [...CAMERA_METRICS, SERVER_FAULTS_METRIC]) {
      const value = place.split('.').reduce((part: Record<string, unknown>, key) => part?.[key] as never, status)
      expect(value, place).toBeDefined()
    }
  })
})

describe('refusals', () => {
  const put = (body: string): Promise<unknown> => ask(current.port, 'PUT', '/config', { body })
  const get = (target: string, headers: Record<string, string> = {}): Promise<unknown> =>
    ask(current.port, 'GET', target, { headers })
  const bytes = (text: string): Promise<string> => raw(current.port, text)
  const stopped = { ...STREAMING, isRunning: false } as const

  it.each<readonly [string, string, () => Promise<unknown>]>([
    ['NOT_FOUND', 'Not Found', () => get('/nothing')],
    ['METHOD_NOT_ALLOWED', 'Method Not Allowed', () => ask(current.port, 'DELETE', '/config')],
    ['INVALID_BODY', 'INVALID_BODY', () => put('no json')],
    ['INVALID_BODY', 'INVALID_BODY', () => put('[]')],
    ['INVALID_BODY', 'INVALID_BODY', () => put('')],
    ['BODY_TOO_LARGE', 'Request body too large', () => put('x'.repeat(65_537))],
    ['URL_TOO_LONG', 'Request URL too long', () => get(`/${'x'.repeat(2_048)}`)],
    ['URL_TOO_LONG', 'Request URL too long', () => get(`/${'x'.repeat(20_000)}`)],
    ['HEADERS_TOO_LARGE', 'Request header fields too large', () => get('/health', { 'X-Large': 'x'.repeat(8_150) })],
    ['HEADERS_TOO_LARGE', 'Request header fields too large', () => get('/health', { 'X-Large': 'x'.repeat(30_000) })],
    ['REQUEST_TIMEOUT', 'Request not complete in time', () => bytes('GET /health HTTP/1.1\r\nHost: loc')],
    [
      'REQUEST_TIMEOUT',
      'Request not complete in time',
      () => bytes('PUT /config HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{'),
    ],
    ['BAD_REQUEST', 'Bad Request', () => bytes('GET /health HTTP/3.0\r\nHost: localhost\r\n\r\n')],
    ['CAMERA_NOT_FOUND', 'Camera not found', () => get('/cameras/camera9')],
    ['INVALID_CAMERA_ID', 'Invalid camera id', () => get('/cameras/nobody')],
    ['INVALID_PARAMETER', 'Invalid parameter: fps', () => get('/video_feed?fps=0')],
    ['INVALID_HOST', 'Invalid host header', () => bytes('GET /health HTTP/1.1\r\nConnection: close\r\n\r\n')],
    [
      'ORIGIN_NOT_ALLOWED',
      'Origin not allowed',
      () => ask(current.port, 'POST', '/camera/restart', { headers: { Origin: 'http://a' } }),
    ],
    ['AUTH_REQUIRED', 'Authorization must be Bearer', () => get('/status', { Authorization: 'Basic x' })],
    ['PERMISSION_DENIED', 'needs the role admin', () => get('/config', { Authorization: `Bearer ${viewerToken()}` })],
    ['EXPECTATION_FAILED', 'only 100-continue', () => get('/health', { Expect: 'foo' })],
    ['CAMERA_NOT_PROBED', 'Camera has not been probed', () => get('/cameras/camera2/capabilities')],
  ])('%s is counted with its reason (%s)', async (code, reason, act) => {
    const before = await countOf('refusal', code)
    await act()
    const shown = (await faults()).refusal?.[code]
    expect(shown?.count).toBe(before + 1)
    expect(shown?.reason).toContain(reason)
    const { body } = await ask(current.port, 'GET', '/metrics')
    expect(body).toContain(`camera_server_faults_total{kind="refusal",code="${code}"} ${before + 1}\n`)
  })

  function viewerToken(): string {
    return current.tokens.sign({ userId: 'ann', role: 'viewer', lifetimeMs: 60_000 })
  }

  it('of a preflight are counted too', async () => {
    current.rules = { ...current.rules, corsOrigins: ['http://known'] }
    const before = await countOf('refusal', 'ORIGIN_NOT_ALLOWED')
    await ask(current.port, 'OPTIONS', '/config', { headers: { Origin: 'http://a', 'Access-Control-Request-Method': 'PUT' } })
    expect(await countOf('refusal', 'ORIGIN_NOT_ALLOWED')).toBe(before + 1)
  })

  it('of streams and cameras that are not ready are counted', async () => {
    current.ports.status = stopped
    await get('/video_feed')
    await get('/snapshot')
    expect((await faults()).refusal).toMatchObject({
      CAMERA_NOT_RUNNING: { count: 2, reason: 'Camera service not running' },
    })
    const early = await stage({ ports: { cameras: { ...current.ports.cameras, ready: false } } })
    await ask(early.port, 'GET', '/video_feed')
    await ask(early.port, 'GET', '/health/ready')
    const { body } = await ask(early.port, 'GET', '/metrics').finally(() => early.close())
    expect(body).toContain('camera_server_faults_total{kind="refusal",code="CAMERA_MANAGER_NOT_READY"} 1\n')
    expect(body).toContain('camera_server_faults_total{kind="refusal",code="NOT_READY"} 1\n')
  })

  it('by limits of viewers and readers are counted', async () => {
    await raw(current.port, 'GET /video_feed HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await get('/video_feed')
    const reader = open(current.port)
    reader.socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await reader.until('retry:')
    await get('/events')
    reader.socket.destroy()
    for (const viewer of [...current.viewers.keys()]) current.endViewer({ viewer })
    expect((await faults()).refusal).toMatchObject({
      TOO_MANY_VIEWERS: { count: 1, reason: 'Too many viewers' },
      TOO_MANY_REQUESTS: { count: 1 },
    })
  })

  it('of a handler that fails are counted as what they are', async () => {
    const lease = async (): Promise<never> => {
      throw new ServiceError('DEPENDENCY_FAILED', { data: { camera_error: 'CAMERA_BUSY' } })
    }
    const put = async () => ({ problems: ['camera.fps: must be a number'] })
    const reload = async () => ({ reason: 'config.json:3:1: cut in half' })
    const { cameras, config } = current.ports
    const failing = await stage({
      ports: { cameras: { ...cameras, lease }, config: { ...config, rules: current.rules, put, reload } },
    })
    await ask(failing.port, 'GET', '/snapshot')
    await ask(failing.port, 'PUT', '/config', { body: '{"camera":{"fps":"abc"}}' })
    await ask(failing.port, 'POST', '/server/reload-config')
    const { refusal } = await faults(failing)
    await failing.close()
    expect(refusal).toMatchObject({
      CAMERA_BUSY: { count: 1, reason: 'No frame available' },
      INVALID_CONFIGURATION: { count: 1, reason: 'Invalid configuration: camera.fps: must be a number' },
      RELOAD_FAILED: { count: 1, reason: 'Configuration reload failed: config.json:3:1: cut in half' },
    })
  })
})

describe('viewers and readers', () => {
  it('that stall, break or are slow are counted when they end', async () => {
    for (const reason of ['stalled', 'error', 'closed']) {
      await raw(current.port, 'GET /video_feed HTTP/1.1\r\nHost: localhost\r\n\r\n')
      for (const viewer of [...current.viewers.keys()]) current.endViewer({ viewer, reason, skipped: 5 })
    }
    expect((await faults()).viewer).toMatchObject({
      STALLED: { count: 1, reason: 'camera0: 127.0.0.1 took no byte for too long' },
      ERROR: { count: 1 },
      SKIPPED: { count: 15, reason: 'camera0: 127.0.0.1 was too slow for 5 frames' },
    })
  })

  it('of events that read nothing are cut off and counted', async () => {
    const reader = open(current.port)
    reader.socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await reader.until('retry:')
    reader.socket.pause()
    const message = 'x'.repeat(200_000)
    await vi.waitFor(async () => {
      for (const at of [1, 2, 3, 4]) {
        const lastError = { code: 'STALLED', message, errno: 0, at: at * Date.now() }
        current.changeState('camera2', { ...STREAMING, lastError })
      }
      expect(await countOf('events', 'SLOW_READER')).toBe(1)
    }, DEADLINE)
    reader.socket.destroy()
    current.changeState('camera2', STREAMING)
  })
})

describe('connections', () => {
  it('that flood are counted once each', async () => {
    const before = await countOf('connection', 'PIPELINE_LIMIT')
    await raw(current.port, 'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.repeat(100))
    expect(await countOf('connection', 'PIPELINE_LIMIT')).toBeGreaterThan(before)
  })

  it('beyond the limit in all are counted', async () => {
    const small = await stage({ settings: { maxConnections: 2 } })
    const clients = [open(small.port), open(small.port)]
    for (const client of clients) {
      client.socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')
      await client.until('healthy')
    }
    expect(await raw(small.port, 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')).toBe('')
    const [first] = clients
    first?.socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect(await first?.until('CONNECTION_LIMIT')).toContain('{kind="connection",code="CONNECTION_LIMIT"} 1\n')
    for (const client of clients) client.socket.destroy()
    await small.close()
  })

  const foreign = Object.values(networkInterfaces())
    .flat()
    .find((address) => address !== undefined && !address.internal && address.family === 'IPv4')
  it('beyond the limit of one address are counted, loopback excepted', async () => {
    if (foreign === undefined) return console.warn('no address but loopback: the limit of one address is not tested')
    const wide = await stage({ host: '0.0.0.0', settings: { maxConnectionsPerAddress: 2, auth: 'none' } })
    const clients = [1, 2, 3].map(() => open(wide.port, foreign.address))
    await clients[2]?.until('TOO_MANY_REQUESTS')
    const shown = (await faults(wide)).connection?.ADDRESS_LIMIT
    expect(shown).toMatchObject({ count: 1, reason: `more than 2 connections of ${foreign.address}` })
    const closed = clients.map(({ socket }) => (socket.closed ? undefined : once(socket.destroy(), 'close')))
    await Promise.all(closed)
    await wide.close()
  })

  it('lost for want of descriptors are noticed, told once and counted with each look', async () => {
    const clock = new FakeClock()
    const log: string[] = []
    const logger = createLogger({ level: 'info', format: 'json', write: (line) => void log.push(JSON.parse(line).msg) })
    const table = new FaceFaults(clock)
    let code: string | undefined = 'EMFILE'
    const tryOne = async (): Promise<void> => {
      if (code !== undefined) throw Object.assign(new Error(code), { code })
    }
    const watch = new DescriptorWatch({ clock, logger, faults: table, tryOne })
    watch.start()
    const look = async (): Promise<void> => {
      clock.advance(1_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await look()
    await look()
    expect(table.table().connection).toMatchObject([
      { code: 'DESCRIPTOR_LIMIT', count: 2, reason: expect.stringContaining('ulimit') },
    ])
    code = 'EACCES'
    await look()
    expect(table.table().connection?.[0]?.count).toBe(2)
    expect(log).toEqual([expect.stringContaining('no file descriptor is free'), 'file descriptors are free again'])
    watch.stop()
    code = 'EMFILE'
    await look()
    expect(table.table().connection?.[0]?.count).toBe(2)
  })
})

describe('faults that others count', () => {
  it('stand beside those of the face, and kinds without any are left out', async () => {
    const shown = await faults()
    expect(shown.config).toMatchObject({ UNREADABLE: { count: 2, reason: 'config.json:3:1: half' } })
    expect(shown.discovery).toBeUndefined()
    expect(Object.keys(FAULT_KINDS)).toEqual(expect.arrayContaining(Object.keys(shown)))
  })
})
