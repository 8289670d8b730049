/** A process without descriptors (reliability-security §2.2, R-18). */

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it, vi } from 'vitest'
import { stopwatch } from '../support/processor-wait.js'
import { loggedIn, RpcClient } from '../support/rpc-client.js'
import { startService } from '../support/service.js'

const DEADLINE = { timeout: 20_000, interval: 20 }

it('R-18: WebSockets that have gone take no descriptors', async () => {
  const LIMIT = 256
  const service = await startService({ wrapper: ['prlimit', `--nofile=${LIMIT}:${LIMIT}`] })
  for (let came = 0; came < LIMIT; came += 1) {
    const client = await RpcClient.connect(service.url)
    client.close()
    await client.closed
  }
  const client = await loggedIn(service)
  expect(await client.call('ping')).toBe('pong')
  expect(service.log()).not.toContain('file descriptors run out')
  expect(await service.stop()).toBe(0)
})

it('R-18: without descriptors nobody new is let in, who is in is served, and all is well when some are free', async () => {
  const LIMIT = 256
  const service = await startService({
    args: ['--virtual-cameras', '1'],
    wrapper: ['prlimit', `--nofile=${LIMIT}:${LIMIT}`],
    env: { CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '100000', CAMERA_SERVICE_SERVER_MAX_UNAUTHENTICATED: '1000' },
  })
  const client = await loggedIn(service)
  const sockets: Socket[] = []
  for (let opened = 0; opened < 400; opened += 1) {
    const socket = connect({ host: '127.0.0.1', port: service.port })
    socket.on('error', () => undefined)
    sockets.push(socket)
    if (opened % 20 === 0) await Promise.race([once(socket, 'connect').catch(() => undefined), delay(200)])
  }
  await vi.waitFor(() => expect(service.log()).toContain('file descriptors run out'), DEADLINE)
  expect(await cpuMs(service.pid, 1_000)).toBeLessThanOrEqual(100)
  const took: number[] = []
  for (let calls = 0; calls < 100; calls += 1) {
    const elapsed = stopwatch(service.pid)
    await client.call('get_camera_list')
    took.push(elapsed())
  }
  took.sort((a, b) => a - b)
  expect(took[95]).toBeLessThanOrEqual(5)
  // A descriptor for a file is there.
  expect(await client.call('take_snapshot', { device: 'camera0' })).toMatchObject({ status: 'SUCCESS' })
  await expect(RpcClient.connect(service.url)).rejects.toThrow()

  const elapsed = stopwatch(service.pid)
  for (const socket of sockets) socket.destroy()
  const other = await vi.waitFor(() => RpcClient.connect(service.url), { timeout: 20_000, interval: 5 })
  expect(elapsed()).toBeLessThanOrEqual(1_000)
  expect(service.log()).toContain('file descriptors are free again')
  expect(await other.call('ping')).toBe('pong')
  await other.close()
  await client.close()
  expect(await service.stop()).toBe(0)
}, 60_000)

it('R-18: a port that another process took meanwhile is listened on when that one has gone', async () => {
  const LIMIT = 256
  const service = await startService({ wrapper: ['prlimit', `--nofile=${LIMIT}:${LIMIT}`] })
  const sockets = Array.from({ length: LIMIT }, () => connect({ host: '127.0.0.1', port: service.port }))
  for (const socket of sockets) socket.on('error', () => undefined)
  await vi.waitFor(() => expect(service.log()).toContain('file descriptors run out'), DEADLINE)
  const other = createServer().listen(service.port, '127.0.0.1')
  await once(other, 'listening')
  for (const socket of sockets) socket.destroy()
  await vi.waitFor(() => expect(service.log()).toContain('the listener is not back'), DEADLINE)
  other.close()
  await vi.waitFor(() => expect(service.log()).toContain('file descriptors are free again'), DEADLINE)
  expect(service.log().split('the listener is not back')).toHaveLength(2)
  const client = await loggedIn(service)
  expect(await client.call('ping')).toBe('pong')
  expect(await service.stop()).toBe(0)
})

it('R-18: a flood of the health port leaves the service well, and whoever is in served', async () => {
  const LIMIT = 256
  const service = await startService({ wrapper: ['prlimit', `--nofile=${LIMIT}:${LIMIT}`] })
  const client = await loggedIn(service)
  const sockets = Array.from({ length: 400 }, () => connect({ host: '127.0.0.1', port: service.healthPort }))
  for (const socket of sockets) socket.on('error', () => undefined)
  await vi.waitFor(() => expect(service.log()).toMatch(/health: file descriptors run out/), DEADLINE)
  expect(await cpuMs(service.pid, 1_000)).toBeLessThanOrEqual(100)
  expect(await client.call('ping')).toBe('pong')
  const elapsed = stopwatch(service.pid)
  for (const socket of sockets) socket.destroy()
  const live = await vi.waitFor(() => fetch(`http://127.0.0.1:${service.healthPort}/health/live`), {
    timeout: 20_000,
    interval: 5,
  })
  expect(elapsed()).toBeLessThanOrEqual(1_000)
  expect(live.status).toBe(200)
  expect(service.log()).toMatch(/health: file descriptors are free again/)
  await client.close()
  expect(await service.stop()).toBe(0)
})

/** Processor time used within each `overMs` of about as many. */
async function cpuMs(pid: number, overMs: number): Promise<number> {
  const used = (): number => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * 10
  }
  const [before, beganMs] = [used(), performance.now()]
  await delay(overMs)
  return ((used() - before) * overMs) / (performance.now() - beganMs)
}
