/** What a page gets: a session at this machine, its origin, links that lead somewhere; and what only an admin who asks for it sees. */

import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { MediamtxDouble } from '../support/mediamtx-double/index.js'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'

const DEADLINE = { timeout: 20_000, interval: 20 }

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

function ask(port: number, method: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let text = ''
      response.on('data', (data: Buffer) => {
        text += data.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

describe.each(['1', '2'])('with %s worker threads', (workers) => {
  const double = new MediamtxDouble()
  let service: RunningService
  let admin: RpcClient

  beforeAll(async () => {
    await double.start()
    service = await startService({
      args: ['--virtual-cameras', '1'],
      env: {
        CAMERA_SERVICE_SERVER_WORKERS: workers,
        CAMERA_SERVICE_MEDIAMTX_MODE: 'external',
        CAMERA_SERVICE_MEDIAMTX_API_PORT: String(double.port),
        CAMERA_SERVICE_MEDIAMTX_LINKS_WEBRTC: 'https://{host}/play/{path}',
        CAMERA_SERVICE_MEDIAMTX_SNAPSHOT_CLOSE_AFTER: '45s',
        CAMERA_SERVICE_SECURITY_CORS_ORIGINS: '*',
        CAMERA_SERVICE_FACES_LOOPBACK_ROLE: 'viewer',
      },
    })
    admin = await RpcClient.connect(service.url)
    await admin.login(service.token('admin'))
  })
  afterAll(async () => {
    await admin.close()
    expect(await service.stop()).toBe(0)
    await double.kill()
  })

  it('a page of this machine gets a session of the configured role, good at this machine', async () => {
    const host = `127.0.0.1:${service.port}`
    const own: Readonly<Record<string, string>>[] = [{}, { Origin: `http://${host}`, 'Sec-Fetch-Site': 'same-origin' }]
    for (const headers of own) {
      const { status, headers: answered, text } = await ask(service.port, 'POST', '/api/v1/session', { Host: host, ...headers })
      expect(status).toBe(201)
      expect(answered['cache-control']).toBe('no-store')
      expect(answered['access-control-allow-origin']).toBeUndefined()
      const { token, role, expires_in: seconds } = JSON.parse(text) as { token: string; role: string; expires_in: number }
      expect({ role, seconds }).toEqual({ role: 'viewer', seconds: 3_600 })
      const client = await RpcClient.connect(service.url)
      expect(await client.login(token)).toMatchObject({ authenticated: true, role: 'viewer' })
      await client.close()
      const proxied = await RpcClient.connect(service.url, { headers: { 'X-Forwarded-For': '192.0.2.7' } })
      await expect(proxied.login(token)).rejects.toMatchObject({ code: -32001 })
      await proxied.close()
    }
  })

  it.each([
    ['a proxy in front', { 'X-Forwarded-For': '192.0.2.1' }],
    ['a foreign page, whatever cors_origins says', { Origin: 'http://evil.example' }],
    ['a sandboxed page', { Origin: 'null' }],
    ['another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['a name of somebody else', { Host: 'evil.example' }],
  ])('not so %s', async (_who, headers) => {
    expect((await ask(service.port, 'POST', '/api/v1/session', headers)).status).toBe(403)
  })

  it('it is asked for by POST', async () => {
    expect((await ask(service.port, 'GET', '/api/v1/session')).status).toBe(405)
  })

  it('cors_origins with * lets every page in, but those without an origin of their own', async () => {
    const page = await RpcClient.connect(service.url, { origin: 'https://any.example' })
    expect(await page.call('ping')).toBe('pong')
    await page.close()
    await expect(RpcClient.connect(service.url, { origin: 'null' })).rejects.toThrow('403')
    const file = (origin: string): Promise<Reply> =>
      ask(service.port, 'OPTIONS', '/files/recordings/a.mp4', { Origin: origin, 'Access-Control-Request-Method': 'GET' })
    expect((await file('https://any.example')).headers['access-control-allow-origin']).toBe('https://any.example')
    expect((await file('null')).headers['access-control-allow-origin']).toBeUndefined()
  })

  it('links follow their templates; HLS leads over /hls to MediaMTX (C-15)', async () => {
    interface Status {
      readonly streams: { readonly rtsp?: string; readonly hls?: string; readonly webrtc?: string }
    }
    const streams = await vi.waitFor(async () => {
      const status = await admin.call<Status>('get_camera_status', { device: 'camera0' })
      expect(status.streams.hls).toBeDefined()
      return status.streams
    }, DEADLINE)
    expect(streams.rtsp).toMatch(/^rtsp:\/\/127\.0\.0\.1:\d+\/camera0$/)
    expect(streams.hls).toBe(`http://127.0.0.1:${service.port}/hls/camera0.m3u8`)
    expect(streams.webrtc ?? 'https://127.0.0.1/play/camera0').toBe('https://127.0.0.1/play/camera0')
    const { status, headers } = await ask(service.port, 'GET', '/hls/camera0.m3u8')
    expect(status).toBe(307)
    expect(headers.location).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/camera0\/index\.m3u8$/)
    expect(headers.location).not.toContain(`:${service.port}/`)
  })

  it('debug: an admin who asks for it sees the device path, nobody else', async () => {
    const operator = await RpcClient.connect(service.url)
    await operator.login(service.token('operator'))
    const asked = { device: 'camera0', debug: true }
    // A virtual camera has none; the VM has the ones that do.
    expect(await admin.call('get_camera_status', asked)).toMatchObject({ debug: { internal_device_path: null } })
    expect(await admin.call('get_camera_status', { device: 'camera0' })).not.toHaveProperty('debug')
    expect(await admin.call('get_camera_status', { device: 'camera0', debug: false })).not.toHaveProperty('debug')
    expect(await operator.call('get_camera_status', asked)).not.toHaveProperty('debug')
    expect(await admin.failure('get_camera_status', { device: 'camera0', debug: 'yes' })).toMatchObject({
      code: -32602,
      data: { param: 'debug' },
    })
    await operator.close()
  })
})
