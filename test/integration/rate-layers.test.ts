/** The layers of rates beside the contract's (reliability-security §1.2), with the defaults of the table. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { inWorkers, untilThere } from '../support/in-workers.js'
import { RpcClient, RpcError } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'

const folder = mkdtempSync(join(tmpdir(), 'rate-layers-'))
afterAll(() => rmSync(folder, { recursive: true }))
const DEADLINE = { timeout: 20_000, interval: 20 }
const DEFAULTS = {
  CAMERA_SERVICE_SECURITY_RATE_LIMITS_SNAPSHOT_BURST: '10',
  CAMERA_SERVICE_SECURITY_RATE_LIMITS_SNAPSHOT_PER_CAMERA_BURST: '10',
  CAMERA_SERVICE_SECURITY_RATE_LIMITS_CONTROL_BURST: '20',
  CAMERA_SERVICE_SECURITY_RATE_LIMITS_DISCOVERY_BURST: '3',
}
/** Nobody is exempt. */
const STRANGERS = { CAMERA_SERVICE_SECURITY_AUTH_EXEMPT: '203.0.113.1' }
const UPGRADE =
  'GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

interface Refused {
  readonly code: number
  readonly data: { readonly retry_after_ms: number; readonly details: string }
}

/** What so many calls sent at once came to: how many were let through, and the refusals. */
async function burst(clients: readonly RpcClient[], count: number, method: string, params: object) {
  const asked = Array.from({ length: count }, (_none, at) => (clients[at % clients.length] as RpcClient).call(method, params))
  const refusals: Refused[] = []
  let admitted = 0
  for (const outcome of await Promise.allSettled(asked)) {
    const refused = outcome.status === 'rejected' && outcome.reason instanceof RpcError && outcome.reason.code === -32040
    if (refused) refusals.push(outcome.reason as unknown as Refused)
    else admitted += 1
  }
  return { admitted, refusals }
}

async function loggedIn(service: RunningService, token: string, count: number): Promise<RpcClient[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => RpcClient.connect(service.url)))
  for (const client of clients) await client.login(token)
  return clients
}

/** One raw connection: the status it is answered with, 0 when it is closed without one. */
function knock(port: number): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(UPGRADE))
    let text = ''
    const end = (): void => {
      socket.destroy()
      resolve({ status: Number(/^HTTP\/1.1 (\d+)/.exec(text)?.[1] ?? 0), text })
    }
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1')
      end()
    })
    socket.on('error', end)
    socket.on('close', end)
  })
}

async function metric(service: RunningService, layer: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${service.port}/metrics`)).text()
  const line = text.split('\n').find((candidate) => candidate.startsWith(`mtxmon_rate_limited_total{layer="${layer}"} `))
  return Number(line?.split(' ').at(-1) ?? 0)
}

describe.each(['1', '2'])('with %s worker threads', (workers) => {
  it('what costs much: so many at once, told how long to wait, and served then', async () => {
    const service = await startService({
      args: ['--virtual-cameras', '2'],
      env: { ...DEFAULTS, CAMERA_SERVICE_SERVER_WORKERS: workers },
    })
    const clients = await loggedIn(service, service.token('operator'), 4)
    const [client] = clients as [RpcClient]
    await vi.waitFor(async () => expect(await client.call('get_camera_list')).toMatchObject({ connected: 2 }), DEADLINE)

    const begunMs = performance.now()
    const snapshots = await burst(clients, 40, 'take_snapshot', { device: 'camera0' })
    const seconds = (performance.now() - begunMs) / 1_000
    expect(snapshots.admitted).toBeGreaterThanOrEqual(10)
    expect(snapshots.admitted).toBeLessThanOrEqual(10 + Math.ceil(seconds * 2))
    expect(snapshots.refusals[0]?.data.details).toContain('snapshots of one identity')
    const waitMs = Math.max(...snapshots.refusals.map(({ data }) => data.retry_after_ms))
    expect(waitMs).toBeLessThanOrEqual(501)
    await new Promise((resolve) => setTimeout(resolve, waitMs))
    expect(await client.call('take_snapshot', { device: 'camera1' })).toMatchObject({ status: 'SUCCESS' })
    expect(await metric(service, 'snapshots of one identity')).toBe(snapshots.refusals.length)

    // Another user has a rate of its own, but the camera is the same.
    const [other] = (await loggedIn(service, service.token('admin'), 1)) as [RpcClient]
    expect(await other.call('take_snapshot', { device: 'camera1' })).toMatchObject({ status: 'SUCCESS' })

    const controlsMs = performance.now()
    const controls = await burst(clients, 60, 'stop_recording', { device: 'camera0' })
    expect(controls.admitted).toBeGreaterThanOrEqual(20)
    expect(controls.admitted).toBeLessThanOrEqual(20 + Math.ceil(((performance.now() - controlsMs) / 1_000) * 5))
    const scansMs = performance.now()
    const scans = await burst(clients, 20, 'discover_external_streams', {})
    expect(scans.admitted).toBeGreaterThanOrEqual(3)
    expect(scans.admitted).toBeLessThanOrEqual(3 + Math.ceil((performance.now() - scansMs) / 1_000))
    expect(await client.call('ping')).toBe('pong')
    await Promise.all([...clients, other].map((each) => each.close()))
    expect(await service.stop()).toBe(0)
  }, 60_000)

  it('slow work: so much at once in all, wherever the connections are', async () => {
    // None of it is done before all was asked for.
    const flag = join(folder, `go-on-${workers}`)
    const service = await startService({
      args: ['--virtual-cameras', '1'],
      env: {
        CAMERA_SERVICE_SERVER_WORKERS: workers,
        CAMERA_SERVICE_SERVER_MAX_SLOW_REQUESTS: '6',
        NODE_OPTIONS: inWorkers(untilThere(flag)),
      },
    })
    const clients = await loggedIn(service, service.token('operator'), 16)
    const [client] = clients as [RpcClient]
    await vi.waitFor(async () => expect(await client.call('get_camera_list')).toMatchObject({ connected: 1 }), DEADLINE)
    const asked = burst(clients, 32, 'take_snapshot', { device: 'camera0', format: 'png' })
    const refused = (): number => clients.flatMap(({ messages }) => messages).filter(({ error }) => error !== undefined).length
    await vi.waitFor(() => expect(refused()).toBe(32 - 6), DEADLINE)
    writeFileSync(flag, '')
    const pictures = await asked
    expect(pictures.admitted).toBe(6)
    expect(new Set(pictures.refusals.map(({ data }) => data.details))).toEqual(new Set(['too many requests are being worked on']))
    await Promise.all(clients.map((each) => each.close()))
    expect(await service.stop()).toBe(0)
  }, 60_000)

  it('one camera: ten pictures a second for all users together', async () => {
    const service = await startService({
      args: ['--virtual-cameras', '2'],
      env: { ...DEFAULTS, CAMERA_SERVICE_SERVER_WORKERS: workers },
    })
    const users = await Promise.all(
      ['ann', 'bob', 'cid', 'dee'].map(async (user) => {
        const [client] = (await loggedIn(service, service.token('operator', '--user-id', user), 1)) as [RpcClient]
        return client
      }),
    )
    const [first] = users as [RpcClient]
    await vi.waitFor(async () => expect(await first.call('get_camera_list')).toMatchObject({ connected: 2 }), DEADLINE)
    const begunMs = performance.now()
    const pictures = await burst(users, 40, 'take_snapshot', { device: 'camera0' })
    expect(pictures.admitted).toBeGreaterThanOrEqual(10)
    expect(pictures.admitted).toBeLessThanOrEqual(10 + Math.ceil((performance.now() - begunMs) / 100))
    expect(pictures.refusals.length).toBeGreaterThan(0)
    expect(new Set(pictures.refusals.map(({ data }) => data.details))).toEqual(new Set(['too many: snapshots of one camera']))
    await Promise.all(users.map((each) => each.close()))
    expect(await service.stop()).toBe(0)
  }, 60_000)

  it('one identity: ten times what a connection may, over all its connections', async () => {
    const service = await startService({
      env: { CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '20', CAMERA_SERVICE_SERVER_WORKERS: workers },
    })
    // A login each, so that 19 calls are left to each connection: 380 of them, where the identity has 200.
    const clients = await loggedIn(service, service.token('viewer'), 20)
    const begunMs = performance.now()
    const calls = await burst(clients, 380, 'get_camera_list', {})
    const back = ((performance.now() - begunMs) / 1_000) * (200 / 60)
    expect(calls.admitted).toBeGreaterThanOrEqual(200)
    expect(calls.admitted).toBeLessThanOrEqual(200 + Math.ceil(back))
    expect(calls.refusals[0]?.data.details).toContain('the identity sends more requests')
    expect(await metric(service, 'rate of one identity')).toBe(calls.refusals.length)
    // Another one is served.
    const [other] = (await loggedIn(service, service.token('admin'), 1)) as [RpcClient]
    expect(await other.call('get_camera_list')).toMatchObject({ cameras: [] })
    for (const client of [...clients, other]) client.socket.terminate()
    expect(await service.stop()).toBe(0)
  }, 60_000)

  it('one address: fifty upgrades, then ten a second; 200 connections, then fifty a second', async () => {
    const service = await startService({ env: { ...STRANGERS, CAMERA_SERVICE_SERVER_WORKERS: workers } })
    const begunMs = performance.now()
    const answers = await Promise.all(Array.from({ length: 150 }, () => knock(service.port)))
    const seconds = (performance.now() - begunMs) / 1_000
    const upgraded = answers.filter(({ status }) => status === 101).length
    expect(upgraded).toBeGreaterThanOrEqual(50)
    expect(upgraded).toBeLessThanOrEqual(50 + Math.ceil(seconds * 10))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBe(150 - upgraded)
    expect(refused[0]?.text).toMatch(/Retry-After: [1-9]/)

    const more = await Promise.all(Array.from({ length: 300 }, () => knock(service.port)))
    const cut = more.filter(({ status }) => status === 0).length
    const inAll = (performance.now() - begunMs) / 1_000
    expect(450 - cut).toBeGreaterThanOrEqual(200)
    expect(450 - cut).toBeLessThanOrEqual(200 + Math.ceil(inAll * 50))
    // The rest of the service is well, and whoever waits is served.
    await vi.waitFor(async () => expect((await knock(service.port)).status).toBe(101), DEADLINE)
    expect(await service.stop()).toBe(0)
  }, 60_000)
})
