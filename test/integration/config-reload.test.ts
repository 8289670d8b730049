/** Live keys of the service's file, in the running service: by SIGHUP, and by the watch of the file. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'

const folder = mkdtempSync(join(tmpdir(), 'config-reload-'))
const file = join(folder, 'config.yaml')
const ORIGIN = 'https://panel.example'
const DEADLINE = { timeout: 10_000 }
let service: RunningService
let client: RpcClient

beforeAll(async () => {
  writeFileSync(file, 'snapshots: {quality: 80}\n')
  service = await startService({
    args: ['--virtual-cameras', '1'],
    env: { CAMERA_SERVICE_CONFIG: file, CAMERA_SERVICE_ENABLE_HOT_RELOAD: 'true' },
  })
  client = await RpcClient.connect(service.url)
  await client.login(service.token('admin'))
  await vi.waitFor(async () => expect(await client.call('get_camera_list')).toMatchObject({ connected: 1 }), DEADLINE)
}, 60_000)
afterAll(async () => {
  await client?.close()
  await service?.stop()
  rmSync(folder, { recursive: true })
})

/** Times that a line was logged so far. */
const logged = (text: string): number => service.log().split(text).length - 1

describe('a changed file', () => {
  it('is in force after SIGHUP in all parts at once, for connections that are open, too', async () => {
    await expect(RpcClient.connect(service.url, { origin: ORIGIN })).rejects.toThrow('403')
    expect(await client.call('get_storage_info')).toMatchObject({ low_space_warning: expect.any(Boolean) })
    writeFileSync(
      file,
      `server: {max_connections: 2, ping_interval: 20s}
security: {cors_origins: ["${ORIGIN}"], rate_limit_requests: 40, rate_limit_window: 1h}
faces: {public_host: cam.example}
snapshots: {enabled: false}
storage: {warn_percent: 0, block_percent: 99}
performance: {monitoring_thresholds: {active_connections_limit: 1, memory_usage_percent: 100}}
`,
    )
    process.kill(service.pid, 'SIGHUP')
    await vi.waitFor(() => expect(service.log()).toContain('the configuration was reloaded'), DEADLINE)
    expect(service.log()).toContain('keys=["server.ping_interval"]')

    const page = await RpcClient.connect(service.url, { origin: ORIGIN })
    await expect(RpcClient.connect(service.url)).rejects.toThrow('503')
    await page.close()
    await expect(client.call('take_snapshot', { device: 'camera0' })).rejects.toMatchObject({ code: -32030 })
    expect(await client.call('get_storage_info')).toMatchObject({ low_space_warning: true })
    expect(await client.call('get_status')).toMatchObject({ status: expect.stringMatching(/DEGRADED|UNHEALTHY/) })
    // 40 an hour: this connection has used up a few of them.
    const calls = Array.from({ length: 41 }, () => client.call('ping').catch((thrown: unknown) => thrown))
    expect(await Promise.all(calls)).toContainEqual(expect.objectContaining({ code: -32040 }))
  })

  it('is in force by itself when it is watched; one that is wrong is told and leaves everything as it is', async () => {
    const listener = await RpcClient.connect(service.url, { origin: ORIGIN })
    await listener.login(service.token('viewer'))
    await listener.call('subscribe_events', { topics: ['system.error'] })
    const reloads = logged('was reloaded')
    const trouble = listener.notification('system.error')
    writeFileSync(file, 'snapshots: {enabled: true}\nserver: {max_connections: 0}\n')
    await vi.waitFor(() => expect(service.log()).toContain('the configuration was not reloaded'), DEADLINE)
    expect(service.log()).toContain('server.max_connections: 0: an integer between 1 and 100000')
    expect(logged('was reloaded')).toBe(reloads)
    const told = await trouble
    expect(told).toMatchObject({ error: expect.stringContaining('the configuration was not reloaded') })
    // Any viewer hears of it: neither keys nor folders.
    expect(JSON.stringify(told)).not.toMatch(/max_connections|config-reload-/)
    await listener.close()

    writeFileSync(file, 'snapshots: {enabled: true}\n')
    await vi.waitFor(() => expect(logged('was reloaded')).toBeGreaterThan(reloads), DEADLINE)
    const other = await RpcClient.connect(service.url)
    await other.login(service.token('operator'))
    expect(await other.call('take_snapshot', { device: 'camera0' })).toMatchObject({ status: 'SUCCESS' })
    await other.close()
  })
})
