/** What should not happen is told: in the log, in metrics, and to who subscribed to `system.error`. */

import { afterEach, describe, expect, it, vi } from 'vitest'
import { RpcClient } from '../support/rpc-client.js'
import { memoryServices, type RpcServer, startRpcServer } from '../support/rpc-server.js'
import { startService } from '../support/service.js'

const DEADLINE = { timeout: 10_000, interval: 20 }

describe.each([1, 2])('with %d worker threads', (workers) => {
  let server: RpcServer
  afterEach(() => server.stop())

  it('a method that fails unexpectedly is told to who listens, by its name and number and by nothing else', async () => {
    const { storage } = memoryServices()
    const info = (): never => {
      throw new Error('EIO: /srv/recordings is broken')
    }
    server = await startRpcServer({ workers, services: { storage: { ...storage, info } } })
    const [listener, caller] = [await RpcClient.connect(server.url), await RpcClient.connect(server.url)]
    await listener.login(server.token('viewer'))
    await listener.call('subscribe_events', { topics: ['system.error'] })
    await caller.login(server.token('admin'))
    const told = listener.notification('system.error')
    const { code, data } = await caller.failure('get_storage_info')
    expect(code).toBe(-32603)
    expect(await told).toEqual({
      error: `get_storage_info failed unexpectedly (request_id ${data.request_id})`,
      timestamp: expect.stringMatching(/Z$/),
    })
    // Five a minute are enough to know.
    for (let call = 0; call < 20; call++) await caller.failure('get_storage_info')
    await listener.call('ping')
    expect(listener.messages.filter(({ method }) => method === 'system.error').length).toBe(5)
    await Promise.all([listener.close(), caller.close()])
  })
})

it.each(['1', '2'])(
  'failed logins are in the log, as long as they are few, and in the metrics; with %s threads',
  async (workers) => {
    const service = await startService({ env: { CAMERA_SERVICE_SERVER_WORKERS: workers } })
    const client = await RpcClient.connect(service.url)
    const wrong = `${service.token('admin').slice(0, -6)}canary`
    for (let guess = 0; guess < 8; guess++)
      expect(await client.failure('authenticate', { auth_token: wrong })).toMatchObject({ code: -32001 })
    expect(await client.failure('authenticate', { api_key: 'csk_canaryCANARYcanaryCANARYcanaryCANARY' })).toMatchObject({
      code: -32001,
    })
    const lines = (): string[] =>
      service
        .log()
        .split('\n')
        .filter((line) => line.includes('a login failed'))
    await vi.waitFor(() => expect(lines().length).toBe(5), DEADLINE)
    expect(lines()[0]).toContain('127.0.0.1')
    expect(lines()[4]).toContain('left out for a minute')
    expect(service.log()).not.toMatch(/canary/i)
    const metrics = await (await fetch(`http://127.0.0.1:${service.port}/metrics`)).text()
    expect(metrics).toContain('mtxmon_login_failures_total{credential="token"} 8')
    expect(metrics).toContain('mtxmon_login_failures_total{credential="key"} 1')
    await client.close()
    expect(await service.stop()).toBe(0)
  },
)

it.each(['1', '2'])('every call that is run is in the histogram of their times; with %s threads', async (workers) => {
  const service = await startService({ env: { CAMERA_SERVICE_SERVER_WORKERS: workers } })
  const client = await RpcClient.connect(service.url)
  await client.login(service.token('admin'))
  for (let call = 0; call < 50; call++) await client.call('ping')
  await client.call('get_metrics')
  await client.failure('get_camera_status', { device: 'camera9' })
  // Never run: it is in no bucket.
  await client.failure('no_such_method')
  const metrics = await (await fetch(`http://127.0.0.1:${service.port}/metrics`)).text()
  const value = (line: string): number =>
    Number(
      metrics
        .split('\n')
        .find((each) => each.startsWith(`${line} `))
        ?.split(' ')
        .at(-1),
    )
  expect(value('mtxmon_rpc_seconds_count')).toBe(53)
  expect(value('mtxmon_rpc_seconds_bucket{le="+Inf"}')).toBe(53)
  expect(value('mtxmon_rpc_seconds_sum')).toBeGreaterThan(0)
  expect(value('mtxmon_ws_accepted_total')).toBe(1)
  expect(value('nodejs_gc_duration_seconds_count{kind="minor"}')).toBeGreaterThanOrEqual(0)
  await client.close()
  expect(await service.stop()).toBe(0)
})
