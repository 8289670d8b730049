/** Clients that do not read: they wait, or are given up; nobody else notices, and nobody gets a gap. */

import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Rendered } from '../../src/base/rendered.js'
import { RpcClient } from '../support/rpc-client.js'
import { memoryServices, type RpcServer, startRpcServer } from '../support/rpc-server.js'

const FILL = 'x'.repeat(4_000)

async function subscriber(server: RpcServer, topic: string): Promise<RpcClient> {
  const client = await RpcClient.connect(server.url)
  await client.login(server.token('viewer'))
  await client.call('subscribe_events', { topics: [topic] })
  return client
}

/** Publishes numbered events until `done`, no faster than the server's threads take them; how many there were. */
async function publishUntil(server: RpcServer, topic: string, done: () => boolean): Promise<number> {
  let count = 0
  while (!done()) {
    if (count > 20_000) throw new Error('the slow reader was never given up')
    for (let burst = 0; burst < 50; burst++) {
      server.rpc.publish(topic, { device: 'camera0', number: count, fill: FILL })
      count += 1
    }
    await server.stats()
    await new Promise(setImmediate)
  }
  return count
}

function numbers(client: RpcClient): unknown[] {
  return client.messages.flatMap((message) => (message.params === undefined ? [] : [message.params.number]))
}

describe('a subscriber that stops reading', () => {
  it('is closed with 4008, gets no gap before it, and holds nobody up', async () => {
    const server = await startRpcServer()
    const [slow, healthy] = await Promise.all([subscriber(server, 'snapshot.error'), subscriber(server, 'snapshot.error')])
    slow.socket.pause()
    const count = await publishUntil(server, 'snapshot.error', () => server.http.connections === 1)
    await expect.poll(() => numbers(healthy).length, { timeout: 10_000 }).toBe(count)
    slow.socket.resume()
    expect(await slow.closed).toMatchObject({ code: 4008 })
    const seen = numbers(slow)
    expect(seen.length).toBeLessThan(count)
    expect(seen).toEqual(seen.map((_, index) => index))
    expect(await healthy.call('get_subscription_stats')).toMatchObject({ global_stats: { active_clients: 1 } })
    await healthy.close()
    await server.stop()
  })

  it('is closed with 4008 when it takes nothing for too long, however little waits', async () => {
    const server = await startRpcServer({ settings: { stallMs: 100, sweepMs: 20, hardBytes: 1e9, maxNotifications: 1e9 } })
    const slow = await subscriber(server, 'snapshot.error')
    slow.socket.pause()
    await publishUntil(server, 'snapshot.error', () => server.http.connections === 0)
    slow.socket.resume()
    expect(await slow.closed).toMatchObject({ code: 4008 })
    await server.stop()
  })

  it('costs no descriptor a second later when it does not read the reason either', async () => {
    const server = await startRpcServer({ settings: { stallMs: 100, sweepMs: 20, hardBytes: 1e9, maxNotifications: 1e9 } })
    const slow = await subscriber(server, 'snapshot.error')
    const open = (): number => readdirSync('/proc/self/fd').length
    const before = open()
    slow.socket.pause()
    await publishUntil(server, 'snapshot.error', () => server.http.connections === 0)
    // Ours, of this same process, stays open.
    await expect.poll(open, { timeout: 5_000 }).toBe(before - 1)
    slow.socket.resume()
    expect(await slow.closed).toMatchObject({ code: 1006 })
    await server.stop()
  })

  it('gets the newest state instead of every one', async () => {
    const server = await startRpcServer({ settings: { loginMs: 0, stallMs: 60_000 } })
    const slow = await subscriber(server, 'system.health')
    slow.socket.pause()
    for (let count = 0; count < 5_000; count++) {
      server.rpc.publish('system.health', { status: 'HEALTHY', number: count, fill: FILL })
      if (count % 50 === 0) await new Promise(setImmediate)
    }
    // The thread that has the connection has told them all, too.
    await server.stats()
    expect(server.http.connections).toBe(1)
    const last = slow.next((message) => message.params?.number === 4_999)
    slow.socket.resume()
    await last
    expect(numbers(slow).length).toBeLessThan(5_000)
    await slow.close()
    await server.stop()
  })
})

it('the largest holders are given up when all together hold too much', async () => {
  const server = await startRpcServer({
    settings: { totalBytes: 20_000, sweepMs: 20, hardBytes: 1e9, maxNotifications: 1e9, stallMs: 60_000 },
  })
  const [slow, healthy] = await Promise.all([subscriber(server, 'snapshot.error'), subscriber(server, 'snapshot.taken')])
  slow.socket.pause()
  await publishUntil(server, 'snapshot.error', () => server.http.connections === 1)
  slow.socket.resume()
  expect(await slow.closed).toMatchObject({ code: 4008 })
  expect(await healthy.call('ping')).toBe('pong')
  await healthy.close()
  await server.stop()
})

it('requests wait while their replies are not read, and all are answered in the end', async () => {
  const cameras = {
    ...memoryServices().cameras,
    list: () => new Rendered({ cameras: [], total: 0, connected: 0, fill: 'x'.repeat(30_000) }),
  }
  const server = await startRpcServer({ services: { cameras } })
  const client = await RpcClient.connect(server.url)
  await client.login(server.token('viewer'))
  client.socket.pause()
  for (let id = 1; id <= 1_000; id++) client.send({ jsonrpc: '2.0', id: 1_000 + id, method: 'get_camera_list' })
  const other = await RpcClient.connect(server.url)
  expect(await other.call('ping')).toBe('pong')
  // The server has stopped working for this client: what it has answered fits the kernel's buffers and its own soft limit.
  await expect.poll(async () => (await server.stats()).calls, { timeout: 10_000 }).toBeGreaterThan(10)
  expect((await server.stats()).calls).toBeLessThan(1_000)
  const last = client.next((message) => message.id === 2_000)
  client.socket.resume()
  await last
  expect(client.messages.slice(1).map((message) => message.id)).toEqual(
    Array.from({ length: 1_000 }, (_, index) => 1_001 + index),
  )
  await Promise.all([client.close(), other.close()])
  await server.stop()
})

it('replies that are sent when there is room again, and of which the kernel takes only a part, arrive whole', async () => {
  const cameras = {
    ...memoryServices().cameras,
    list: () => new Rendered({ cameras: [], total: 0, connected: 0, fill: 'x'.repeat(12_000_000) }),
  }
  const server = await startRpcServer({ services: { cameras }, settings: { softBytes: 1, hardBytes: 1e9 } })
  const client = await RpcClient.connect(server.url)
  await client.login(server.token('viewer'))
  await Promise.all([1, 2, 3, 4].map(() => client.call('get_camera_list')))
  await client.close()
  await server.stop()
})
