/** What becomes of connections that turn into streams. */

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ask, open, parse, raw } from '../../support/raw-http.js'
import { STREAMING, type Stage, stage } from './face.js'

let current: Stage
beforeAll(async () => {
  current = await stage({ settings: { maxViewers: 4, maxViewersPerCamera: 3, heartbeatMs: 40, maxEventStreams: 2 } })
})
afterAll(() => current.close())

const get = (target: string, more = ''): string => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`
const leave = (): void => {
  for (const viewer of [...current.viewers.keys()]) current.endViewer({ viewer })
}

describe('a stream of pictures', () => {
  it('gets its header from here and everything else from the core', async () => {
    const answer = parse(await raw(current.port, get('/video_feed', 'Sec-Fetch-Site: none\r\n')))
    expect(answer.status).toBe(200)
    expect(answer.headers).toEqual({
      'content-type': 'multipart/x-mixed-replace; boundary=frame',
      'cache-control': 'no-cache, no-store, must-revalidate',
      pragma: 'no-cache',
      expires: '0',
      connection: 'close',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    })
    expect(answer.body).toBe('--frame\r\n')
    leave()
  })

  it('is plain bytes to those who ask for them, and multipart to everybody else', async () => {
    const typeFor = async (accept: string) => {
      const answer = parse(await raw(current.port, get('/video_feed', `Accept: ${accept}\r\n`)))
      leave()
      return answer.headers['content-type']
    }
    expect(await typeFor('application/octet-stream')).toBe('application/octet-stream')
    expect(await typeFor('*/*')).toBe('multipart/x-mixed-replace; boundary=frame')
    expect(await typeFor('image/avif,image/webp,*/*;q=0.8')).toBe('multipart/x-mixed-replace; boundary=frame')
  })

  it('carries the wishes of the viewer', async () => {
    const wishes = 'fps=7.5&max_age_ms=250&advance_headers=1&dual_final_frames=1&extra_headers=1&key=tv%20room&t=123'
    await raw(current.port, get(`/video_feed?${wishes}`))
    expect([...current.viewers.values()][0]).toMatchObject({
      camera: 'default',
      wish: {
        maxFps: 7.5,
        maxAgeMs: 250,
        advanceHeaders: true,
        dualFinalFrames: true,
        extraHeaders: true,
        label: 'tv room',
        remote: '127.0.0.1',
      },
    })
    leave()
  })

  it.each([
    ['/cameras/camera2/video_feed', 'camera2'],
    ['/video_feed?camera=camera2', 'camera2'],
    ['/?action=stream', 'default'],
    ['/cameras/camera0/video_feed', 'camera0'],
    ['/?action=stream&camera=camera2', 'camera2'],
  ])('%s is of %s', async (target, camera) => {
    expect(parse(await raw(current.port, get(target))).status).toBe(200)
    expect([...current.viewers.values()].map((viewer) => viewer.camera)).toEqual([camera])
    leave()
  })

  it('is for HTTP/1.0 too, and behind other requests of its connection', async () => {
    expect(parse(await raw(current.port, 'GET /video_feed HTTP/1.0\r\nHost: localhost\r\n\r\n')).status).toBe(200)
    const two = await raw(current.port, get('/health') + get('/video_feed'))
    expect(two.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
    expect(two.indexOf('"healthy"')).toBeLessThan(two.indexOf('multipart/x-mixed-replace'))
    leave()
  })

  it('ends its connection for HTTP: what was sent behind it is never served', async () => {
    const shutdown = 'POST /server/shutdown HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n'
    const text = await raw(current.port, get('/video_feed') + shutdown + get('/health'))
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(parse(await raw(current.port, `${get('/video_feed')}GET /hea`)).status).toBe(200)
    expect(current.done).toEqual([])
    leave()
  })

  it('waits for the body of its request', async () => {
    const client = open(current.port)
    client.socket.write('GET /video_feed HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nab')
    client.socket.write('cd')
    expect(parse(await client.until('--frame')).status).toBe(200)
    leave()
  })

  it('has room for so many viewers of a camera and in all, and says when to come again', async () => {
    const feed = async (camera: string): Promise<number> =>
      (await ask(current.port, 'GET', `/video_feed?camera=${camera}`)).status
    const statuses = []
    for (const camera of ['camera0', 'camera0', 'camera0', 'camera0', 'camera2', 'camera2']) statuses.push(await feed(camera))
    expect(statuses).toEqual([200, 200, 200, 503, 200, 503])
    const { body, headers } = await ask(current.port, 'GET', '/video_feed')
    expect([JSON.parse(body), headers['retry-after']]).toEqual([{ detail: 'Too many viewers', code: 'TOO_MANY_VIEWERS' }, '5'])
    const [first = 0] = current.viewers.keys()
    current.endViewer({ viewer: first })
    expect(await feed('camera0')).toBe(200)
    leave()
  })

  it('for which no descriptor is left is refused with what to do, and the log calls it no failure of ours', async () => {
    const before = current.log.length
    for (const [code, errno] of [
      ['EMFILE', 24],
      ['ENFILE', 23],
    ] as const) {
      // As the core says it.
      current.ports.viewerFault = Object.assign(new Error(`IO: dup: ${code}`), { code: 'IO', errno, call: 'dup' })
      const { status, body, headers } = await ask(current.port, 'GET', '/video_feed')
      expect([status, headers['retry-after'], JSON.parse(body)]).toEqual([
        503,
        '5',
        { detail: expect.stringContaining('ulimit -n'), code: 'NO_DESCRIPTOR' },
      ])
    }
    current.ports.viewerFault = undefined
    const levels = current.log.slice(before).map((line) => JSON.parse(line).level)
    expect(levels).not.toContain('error')
    expect((await ask(current.port, 'GET', '/video_feed')).status).toBe(200)
    leave()
  })

  it('is told in the log at its beginning and end', async () => {
    await raw(current.port, get('/video_feed?key=hall'))
    const [viewer = 0] = current.viewers.keys()
    current.endViewer({ viewer, reason: 'stalled', frames: 30, bytes: 90_000, skipped: 4 })
    const records = current.log.map((line) => JSON.parse(line)).filter((record) => record.viewer === viewer)
    expect(records).toMatchObject([
      { msg: 'viewer came', device: 'camera0', label: 'hall', remote: '127.0.0.1' },
      { msg: 'viewer left', reason: 'stalled', frames: 30, bytes: 90_000, skipped: 4 },
    ])
    // Each line costs: there is none besides for its request, unlike for one that is refused.
    const requests = (): unknown[] => current.log.filter((line) => line.includes('"request"') && line.includes('/video_feed'))
    const before = requests().length
    await raw(current.port, get('/video_feed'))
    expect(requests()).toHaveLength(before)
    await ask(current.port, 'GET', '/video_feed?fps=0')
    expect(requests()).toHaveLength(before + 1)
    leave()
  })

  it('ends when the token does that opened it', async () => {
    // Long enough for the request on a machine that is held up; what came of it is told by the log.
    const token = current.tokens.sign({ userId: 'ann', role: 'viewer', lifetimeMs: 6_000 })
    const before = current.log.length
    await raw(current.port, get('/video_feed', `Authorization: Bearer ${token}\r\n`))
    const told = () => current.log.slice(before).map((line) => JSON.parse(line).msg)
    expect(told()).toContain('viewer came')
    await vi.waitFor(() => expect(told()).toContain('viewer left'))
    expect(current.viewers.size).toBe(0)
  })

  it('is refused as a whole when the core cannot take the connection', async () => {
    const add = (): number => {
      throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
    }
    const failing = await stage({ ports: { viewers: { ...current.ports.viewers, add, endAll: () => undefined } } })
    const answer = await ask(failing.port, 'GET', '/video_feed')
    await failing.close()
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([500, 'INTERNAL'])
    expect(failing.log.join('')).toContain('EMFILE')
  })
})

describe('events', () => {
  it('tell all states at once, then each change once', async () => {
    const client = open(current.port)
    client.socket.write(get('/events'))
    const first = await client.until('"camera":"camera2"')
    expect(parse(first).headers).toMatchObject({ 'content-type': 'text/event-stream; charset=utf-8', connection: 'close' })
    expect(parse(first).body).toMatch(
      /^retry: 2000\n\nevent: camera_state\nid: \d+\ndata: \{"camera":"camera0","name":"Camera camera0","state":"streaming"/,
    )
    const stalled = { ...STREAMING, state: 'stalled', isConnected: false } as const
    current.changeState('camera2', stalled)
    current.changeState('camera2', stalled)
    current.changeState('camera2', STREAMING)
    const told = (): RegExpMatchArray[] => [...client.received().matchAll(/id: (\d+)\ndata: (.*)\n/g)].slice(2)
    const beats = (): number => client.received().split('\n:\n').length
    await vi.waitFor(() => expect(told()).toHaveLength(2), { timeout: 15_000 })
    // A sign of life later nothing more was told.
    const before = beats()
    await vi.waitFor(() => expect(beats()).toBeGreaterThan(before), { timeout: 15_000 })
    client.socket.destroy()
    const events = told()
    expect(events.map(([, , data]) => JSON.parse(data ?? '').state)).toEqual(['stalled', 'streaming'])
    expect(Number(events[1]?.[1])).toBe(Number(events[0]?.[1]) + 1)
  })

  it('have room for so many readers, and let go of those who leave', async () => {
    const clients = [open(current.port), open(current.port)]
    for (const client of clients) {
      client.socket.write(get('/events'))
      await client.until('retry:')
    }
    expect((await ask(current.port, 'GET', '/events')).status).toBe(503)
    clients[0]?.socket.destroy()
    await vi.waitFor(async () => expect((await ask(current.port, 'HEAD', '/events')).status).toBe(200), { timeout: 15_000 })
    clients[1]?.socket.destroy()
  })
})

describe('the end of the face', () => {
  it('ends streams, finishes answers and frees the port', async () => {
    const ending = await stage()
    const idle = open(ending.port)
    idle.socket.write(get('/health'))
    await idle.until('healthy')
    const events = open(ending.port)
    events.socket.write(get('/events'))
    await events.until('retry:')
    const ended = new Promise((resolve) => events.socket.once('end', resolve))
    await ending.face.stop()
    await ending.face.stop()
    await ended
    expect(ending.done).toEqual(['end all viewers'])
    expect(ending.port).toBe(0)
  })

  it('is asked for by POST /server/shutdown, answer first', async () => {
    const answer = await ask(current.port, 'POST', '/server/shutdown')
    expect([answer.status, answer.body]).toEqual([200, '{"message":"Graceful shutdown initiated"}'])
    await vi.waitFor(() => expect(current.done).toEqual(['shutdown']), { timeout: 15_000 })
  })
})
