/** Downloads over real sockets: bytes, ranges, credentials, tricks. */

import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, chownSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { spanOf } from '../../../src/http/files/range.js'
import { DownloadDesk, Downloads, type FilesPort, PlainServer } from '../../../src/http/index.js'
import { ask, open } from '../../support/raw-http.js'

import {
  AUTH,
  base,
  big,
  bytesOf,
  CLIP,
  clip,
  clock,
  get,
  heldNow,
  lines,
  logger,
  options,
  roots,
  server,
  tokens,
  viewer,
} from './downloads-rig.js'

describe('a file', () => {
  it('comes whole, with its type, its name and what tells it from others', async () => {
    const answer = await get(CLIP)
    expect(answer.status).toBe(200)
    expect(bytesOf(answer).equals(clip)).toBe(true)
    expect(answer.headers).toMatchObject({
      'content-type': 'video/mp4',
      'content-length': String(clip.length),
      'content-disposition': 'attachment; filename="clip.mp4"',
      'accept-ranges': 'bytes',
      etag: expect.stringMatching(/^"[0-9a-f-]+"$/),
      'last-modified': expect.stringMatching(/GMT$/),
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-store',
    })
  })

  it('of many pieces comes whole', async () => {
    const answer = await get('/files/recordings/big.mp4')
    expect(createHash('sha256').update(bytesOf(answer)).digest('hex')).toBe(createHash('sha256').update(big).digest('hex'))
  })

  it('may lie in a sub-folder, be empty, or have a name that is no ASCII', async () => {
    expect(await get('/files/recordings/sub.mkv')).toMatchObject({ body: 'sub', headers: { 'content-type': 'video/x-matroska' } })
    expect(await get('/files/recordings/empty.mp4')).toMatchObject({ status: 200, body: '', headers: { 'content-length': '0' } })
    const { body, headers } = await get(`/files/snapshots/${encodeURIComponent('käse 50%41.jpg')}`)
    expect(body).toBe('jpeg')
    expect(headers['content-disposition']).toBe(`attachment; filename="k_se 50%41.jpg"; filename*=UTF-8''k%C3%A4se%2050%2541.jpg`)
  })

  it('has a HEAD without bytes', async () => {
    const { status, headers, body } = await get(CLIP, {}, 'HEAD')
    expect([status, headers['content-length'], headers['content-type'], body]).toEqual([200, '300000', 'video/mp4', ''])
    const part = await get(CLIP, { Range: 'bytes=0-9' }, 'HEAD')
    expect([part.status, part.headers['content-length'], part.headers['content-range']]).toEqual([206, '10', 'bytes 0-9/300000'])
  })

  it('is not sent to who has it already', async () => {
    const { headers } = await get(CLIP, {}, 'HEAD')
    expect(await get(CLIP, { 'If-None-Match': `"x", ${headers.etag}` })).toMatchObject({ status: 304, body: '' })
    expect((await get(CLIP, { 'If-None-Match': '"x"' })).status).toBe(200)
    expect((await get(CLIP, { 'If-Modified-Since': headers['last-modified'] ?? '' })).status).toBe(304)
    expect((await get(CLIP, { 'If-Modified-Since': 'Sat, 01 Jan 2000 00:00:00 GMT' })).status).toBe(200)
  })
})

describe('ranges', () => {
  it.each([
    ['bytes=0-0', 0, 1],
    ['bytes=100-199', 100, 200],
    ['bytes=299999-', 299_999, 300_000],
    ['bytes=150000-99999999999999999999', 150_000, 300_000],
    ['bytes=-1', 299_999, 300_000],
    ['bytes=-999999', 0, 300_000],
    ['BYTES=5-6', 5, 7],
  ])('%s is a part', async (Range, from, to) => {
    const answer = await get(CLIP, { Range })
    expect(answer.status).toBe(206)
    expect(answer.headers['content-range']).toBe(`bytes ${from}-${to - 1}/300000`)
    expect(bytesOf(answer).equals(clip.subarray(from, to))).toBe(true)
  })

  it.each([
    'bytes=300000-',
    'bytes=5-4',
    'bytes=-0',
    'bytes=-',
    'bytes=a-b',
    'bytes=1',
    'bytes=1e3-',
    'bytes=99999999999999999999-',
  ])('%s is none', async (Range) => {
    const { status, headers } = await get(CLIP, { Range })
    expect([status, headers['content-range']]).toEqual([416, 'bytes */300000'])
  })

  it.each(['bytes=0-1,5-6', 'lines=1-2', 'rubbish'])('%s is not understood, so all comes', async (Range) => {
    expect((await get(CLIP, { Range })).status).toBe(200)
  })

  it('holds only for the state that If-Range names', async () => {
    const { headers } = await get(CLIP, {}, 'HEAD')
    const part = { Range: 'bytes=0-9' }
    expect((await get(CLIP, { ...part, 'If-Range': headers.etag ?? '' })).status).toBe(206)
    expect((await get(CLIP, { ...part, 'If-Range': headers['last-modified'] ?? '' })).status).toBe(206)
    expect((await get(CLIP, { ...part, 'If-Range': '"other"' })).status).toBe(200)
    expect((await get(CLIP, { ...part, 'If-Range': `W/${headers.etag}` })).status).toBe(200)
  })

  it('of an empty file is none', () =>
    expect([spanOf('bytes=0-', 0), spanOf('bytes=-5', 0)]).toEqual(Array(2).fill('unsatisfiable')))
})

describe('who gets it', () => {
  it.each([
    ['nothing', {}],
    ['a bad token', { Authorization: `Bearer ${viewer}x` }],
    ['another scheme', { Authorization: `Basic ${viewer}` }],
    ['an unknown key', { 'X-API-Key': 'csk_unknown' }],
  ])('not who shows %s', async (_what, headers) => {
    const answer = await ask(server.port, 'GET', CLIP, { headers })
    expect([answer.status, answer.headers['www-authenticate'], answer.body]).toEqual([401, 'Bearer', 'Unauthorized'])
  })

  it('not who shows two tokens, nor one in the query', async () => {
    const twice = `GET ${CLIP} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${viewer}\r\nAuthorization: Bearer ${viewer}\r\nConnection: close\r\n\r\n`
    const client = open(server.port)
    client.socket.write(twice)
    expect(await client.until('\r\n\r\n')).toContain('401 Unauthorized')
    client.socket.destroy()
    expect((await ask(server.port, 'GET', `${CLIP}?token=${viewer}`)).status).toBe(401)
  })

  it('a token of this machine opens nothing to others', async () => {
    const local = tokens.sign({ userId: 'ann', role: 'admin', lifetimeMs: 60_000, localOnly: true })
    const headers = { Authorization: `Bearer ${local}` }
    expect((await ask(server.port, 'HEAD', CLIP, { headers })).status).toBe(200)
    expect((await ask(server.port, 'HEAD', CLIP, { headers: { ...headers, 'X-Forwarded-For': '203.0.113.7' } })).status).toBe(401)
  })

  it('who has a ticket: once, for this file, by any spelling of its path', async () => {
    const wish = (path: unknown) => ask(server.port, 'POST', '/api/v1/tickets', { headers: AUTH, body: JSON.stringify({ path }) })
    const issued = await wish(CLIP)
    expect(issued.status).toBe(201)
    const { ticket, expires_in, url } = JSON.parse(issued.body) as { ticket: string; expires_in: number; url: string }
    expect([expires_in, url]).toEqual([60, `${CLIP}?ticket=${ticket}`])
    expect((await ask(server.port, 'GET', `/files/recordings/big.mp4?ticket=${ticket}`)).status).toBe(401)
    expect((await ask(server.port, 'HEAD', `/files/recordings/cli%70.mp4?ticket=${ticket}`)).status).toBe(200)
    expect((await ask(server.port, 'GET', url)).status).toBe(401)
    expect((await wish('/etc/passwd')).status).toBe(400)
    expect((await wish(7)).status).toBe(400)
    expect((await ask(server.port, 'POST', '/api/v1/tickets', { body: '{}' })).status).toBe(401)
    const huge = await ask(server.port, 'POST', '/api/v1/tickets', { headers: AUTH, body: 'x'.repeat(70_000) })
    expect(huge.status).toBe(413)
  })

  it('pages of allowed origins may read it, others not', async () => {
    const allowed = await get(CLIP, { Origin: 'http://localhost:3000' }, 'HEAD')
    expect(allowed.headers['access-control-allow-origin']).toBe('http://localhost:3000')
    expect((await get(CLIP, { Origin: 'http://evil.example' }, 'HEAD')).headers).not.toHaveProperty('access-control-allow-origin')
    const preflight = await ask(server.port, 'OPTIONS', CLIP, { headers: { Origin: 'http://localhost:3000' } })
    expect(preflight).toMatchObject({
      status: 204,
      headers: { 'access-control-allow-methods': 'GET, POST, OPTIONS', 'access-control-allow-origin': 'http://localhost:3000' },
    })
    expect(preflight.headers['access-control-allow-headers']).toMatch(/Authorization, Content-Type/)
  })

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('%s is no way to ask', async (method) => {
    const { status, headers } = await get(CLIP, {}, method)
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS'])
  })
})

describe('S-41: nothing from outside', () => {
  const up = [
    '..',
    '%2e%2e',
    '.%2e',
    '%252e%252e',
    '..%00',
    '%c0%ae%c0%ae',
    '%uff0e%uff0e',
    '%ef%bc%8e%ef%bc%8e',
    '....',
    '..;',
    '..\\',
    '%5c..',
  ]
  const separators = ['/', '%2f', '%252f', '\\', '%5c', '%c0%af', '//', '/./', '%ef%bc%8f']
  const goals = ['secret.mp4', 'etc/passwd', 'proc/self/environ']
  const tricks = up.flatMap((dots) => separators.flatMap((slash) => goals.map((goal) => `${dots}${slash}${goal}`)))
  const names = [
    '',
    '.',
    '..',
    '%00',
    'clip.mp4%00',
    'clip.mp4%00.jpg',
    '%',
    '%zz',
    '%ff',
    'clip.mp4/',
    'clip.mp4/x',
    '/etc/passwd',
    '%2fetc%2fpasswd',
    'clip.mp4%0a',
    '*',
    'C:%5cx',
    'a'.repeat(300),
  ]

  it(`${tricks.length * 2 + names.length} payloads are 400 or 404`, async () => {
    const paths = [...tricks, ...names].map((name) => `/files/recordings/${name}`)
    const folders = tricks.map((trick) => `/files/${trick}`)
    const wrong: string[] = []
    for (const path of [...paths, ...folders]) {
      const { status, body } = await get(path)
      if (![400, 404].includes(status) || /SECRET|root:|PATH=/.test(body)) wrong.push(`${path}: ${status} ${body.slice(0, 40)}`)
    }
    expect(wrong).toEqual([])
    expect(await get('/files/recordings/..%2fsecret.mp4')).toMatchObject({ status: 400, body: 'Invalid filename' })
    expect(await get('/files/recordings/none.mp4')).toMatchObject({ status: 404, body: 'File not found' })
    expect(heldNow()).toBe(0)
  })

  it('links, folders, fifos and devices are no files', async () => {
    symlinkSync(join(base, 'secret.mp4'), join(roots.recording, 'link.mp4'))
    symlinkSync(base, join(roots.recording, 'camera9'))
    mkdirSync(join(roots.recording, 'folder.mp4'))
    execFileSync('mkfifo', [join(roots.recording, 'fifo.mp4')])
    for (const name of ['link.mp4', 'folder.mp4', 'fifo.mp4']) {
      expect(await get(`/files/recordings/${name}`)).toMatchObject({ status: 404, body: 'File not found' })
    }
    const other = await serverOf({ root: roots.recording, path: join(roots.recording, 'camera9/secret.mp4') })
    expect((await ask(other.port, 'GET', '/files/recordings/x.mp4', { headers: AUTH })).status).toBe(404)
    await other.stop()
  })

  it('a device is no file', async () => {
    const device = await serverOf({ root: '/dev', path: '/dev/zero' })
    expect(await ask(device.port, 'GET', '/files/recordings/x.mp4', { headers: AUTH })).toMatchObject({
      status: 404,
      body: 'File not found',
    })
    await device.stop()
  })

  it('10 000 downloads while links, second names and folders take the place of a file get nothing from outside', async () => {
    const root = join(base, 'race')
    const [place, folder] = [join(root, 'race.mp4'), join(root, 'folder')]
    const [own, foreign] = [join(base, 'own-folder'), join(base, 'foreign-folder')]
    for (const made of [root, own, join(base, 'elsewhere')]) mkdirSync(made)
    writeFileSync(join(own, 'inside.mp4'), 'plain')
    writeFileSync(join(base, 'elsewhere', 'inside.mp4'), 'SECRET')
    symlinkSync(join(base, 'elsewhere'), foreign)
    const second = join(base, 'others.mp4')
    writeFileSync(second, 'SECRET')
    execFileSync('mkfifo', [join(base, 'pipe')])
    const swaps = [{ text: 'plain' }, { link: join(base, 'secret.mp4') }, { text: 'plain' }, { also: join(base, 'pipe') }]
    // Only an administrator can make a file somebody else's.
    if (process.getuid?.() === 0) {
      chownSync(second, 1, 1)
      swaps.push({ text: 'plain' }, { also: second })
    }
    const swapper = spawn(process.execPath, [
      join(import.meta.dirname, '../../support/swap-loop.mjs'),
      JSON.stringify([
        { place, of: swaps },
        { place: folder, of: [{ folder: own }, { folder: foreign }] },
      ]),
    ])
    await once(swapper.stdout, 'data')
    const direct = await serverOf({ root, path: place })
    const through = await serverOf({ root, path: join(folder, 'inside.mp4') })
    const agent = new Agent({ keepAlive: true })
    const seen = new Map<string, number>()
    const wrong: string[] = []
    let left = 10_000
    const asking = async (port: number): Promise<void> => {
      while (left-- > 0) {
        const { status, body } = await kept(agent, port, '/files/recordings/x.mp4')
        const outcome = `${port === through.port ? 'folder' : 'file'} ${status}`
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
        if (![200, 404].includes(status) || (status === 200 && body !== 'plain')) wrong.push(`${outcome} ${body}`)
      }
    }
    await Promise.all([direct.port, direct.port, through.port].map(asking))
    swapper.kill('SIGKILL')
    await once(swapper, 'close')
    agent.destroy()
    await Promise.all([direct.stop(), through.stop()])
    expect(wrong).toEqual([])
    // Both what may be had and what may not was there when it was asked for.
    expect([...seen.keys()].sort()).toEqual(['file 200', 'file 404', 'folder 200', 'folder 404'])
  })

  it('a second name of a file of ours is served, an unreadable one is refused', async () => {
    linkSync(join(roots.recording, 'clip.mp4'), join(roots.recording, 'second.mp4'))
    expect((await get('/files/recordings/second.mp4', {}, 'HEAD')).status).toBe(200)
    if (process.getuid?.() === 0) return
    writeFileSync(join(roots.recording, 'locked.mp4'), 'x')
    chmodSync(join(roots.recording, 'locked.mp4'), 0)
    expect(await get('/files/recordings/locked.mp4')).toMatchObject({ status: 403, body: 'Permission denied' })
  })

  it('one that is being written is refused', async () => {
    expect(await get('/files/recordings/under-way.mp4')).toMatchObject({ status: 409, body: 'File is being recorded' })
  })
})

it('no token and no ticket is in the log', () => expect(lines.join('')).not.toMatch(/ey[\w-]+\.|ticket=/))

/** Serves one file, whatever it is asked for. */
async function serverOf(place: { readonly root: string; readonly path: string }): Promise<PlainServer> {
  const files: FilesPort = { hold: async () => ({ ...place, name: 'x.mp4', release: () => undefined }) }
  const group = new Downloads({
    ...options,
    desk: new DownloadDesk({ ...options, files, limits: { max: 64, maxPerIdentity: 64 } }),
    slow: { bytes: 1, withinMs: 9_000 },
  })
  const made = new PlainServer({
    name: 'x',
    address: { host: '127.0.0.1', port: 0, key: 'x' },
    routes: [group],
    clock,
    logger,
  })
  await made.start(new AbortController().signal)
  return made
}

/** One request on a connection that stays. */
function kept(agent: Agent, port: number, path: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    request({ agent, port, path, host: '127.0.0.1', headers: AUTH }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (data: string) => {
        body += data
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
      .on('error', reject)
      .end()
  })
}
