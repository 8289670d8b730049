/** Several threads with connections: what holds over all of them, and what happens when one dies. */

import { BroadcastChannel } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { RpcClient } from '../support/rpc-client.js'
import { type RpcServer, type RpcServerOptions, startRpcServer } from '../support/rpc-server.js'

const FAULTS = new URL('../support/thread-faults.mjs', import.meta.url).href

let server: RpcServer
let logs: string[] = []

afterEach(() => server.stop())

async function start(options: RpcServerOptions = {}): Promise<void> {
  logs = []
  server = await startRpcServer({
    workers: 2,
    execArgv: ['--import', FAULTS],
    onLog: (line) => void logs.push(line),
    ...options,
  })
}

async function viewer(): Promise<RpcClient> {
  const client = await RpcClient.connect(server.url)
  await client.login(server.token('viewer'))
  return client
}

/** Enough that the kernel has given some to each thread. */
const viewers = (count = 16): Promise<RpcClient[]> => Promise.all(Array.from({ length: count }, viewer))

function fail(row: number, fault: string): void {
  const channel = new BroadcastChannel('thread-faults')
  channel.postMessage({ row, fault })
  channel.close()
}

/** Ends when those of the thread that died have been cut; answers the others. */
async function cutOff(clients: readonly RpcClient[]): Promise<RpcClient[]> {
  const codes = new Map<RpcClient, number>()
  for (const client of clients) client.closed.then(({ code }) => codes.set(client, code))
  await expect.poll(() => logs.some((line) => line.includes('a thread with connections died')), { timeout: 15_000 }).toBe(true)
  await expect.poll(() => clients.length - codes.size === server.http.connections, { timeout: 15_000 }).toBe(true)
  expect(codes.size).toBeGreaterThan(0)
  expect(new Set(codes.values())).toEqual(new Set([1006]))
  return clients.filter((client) => !codes.has(client))
}

describe('with two threads', () => {
  it('every client has a number of its own, and all are counted', async () => {
    await start()
    const clients = await viewers()
    for (const client of clients) await client.call('subscribe_events', { topics: ['camera.connected', 'system.error'] })
    const stats = await Promise.all(clients.map((client) => client.call<{ client_id: string }>('get_subscription_stats')))
    expect(new Set(stats.map(({ client_id }) => client_id))).toEqual(new Set(clients.map((_, index) => `client_${index + 1}`)))
    expect(stats[0]).toMatchObject({
      global_stats: { total_subscriptions: 32, active_clients: 16, topic_counts: { 'camera.connected': 16, 'system.error': 16 } },
      client_topics: ['camera.connected', 'system.error'],
    })
    expect(server.http.connections).toBe(16)
    // A login, a subscription and a question each.
    expect(await server.stats()).toMatchObject({
      ...{ sessions: 16, calls: 48, failures: 0 },
      answers: { 'authenticate 0': 16, 'subscribe_events 0': 16, 'get_subscription_stats 0': 16, 'ping 0': 0 },
    })
  })

  it('the limit of connections is one for both', async () => {
    await start({ settings: { maxConnections: 5 } })
    const clients = await viewers(5)
    for (let turn = 0; turn < 8; turn++) {
      await expect(RpcClient.connect(server.url)).rejects.toThrow('503')
    }
    await clients[0]?.close()
    await expect.poll(() => server.http.connections).toBe(4)
    await viewer()
    await expect(RpcClient.connect(server.url)).rejects.toThrow('503')
  })

  it('an event reaches every subscriber once, under the same number', async () => {
    await start()
    const clients = await viewers()
    for (const client of clients) await client.call('subscribe_events', { topics: ['snapshot.taken'], epoch: '' })
    const heard = clients.map((client) => client.notification('snapshot.taken'))
    server.rpc.publish('snapshot.taken', { device: 'camera0', filename: 'a.jpg' })
    const payloads = await Promise.all(heard)
    expect(payloads[0]).toMatchObject({ device: 'camera0', filename: 'a.jpg', seq: 1 })
    expect(new Set(payloads.map((payload) => JSON.stringify(payload))).size).toBe(1)
  })

  it('nothing is answered that was not true any more when it was asked', async () => {
    await start()
    const clients = await viewers()
    for (const client of clients) await client.call('subscribe_events', { topics: ['system.error'] })
    for (const client of clients) client.messages.length = 0
    for (let number = 1; number <= 20; number++) {
      server.rpc.publish('system.error', { error: `error ${number}` })
      await Promise.all(clients.map((client) => client.call('ping')))
      for (const { messages } of clients) {
        expect(messages.slice(-2).map(({ method, result }) => method ?? result)).toEqual(['system.error', 'pong'])
      }
    }
  })

  it('all clients hear 1001 at the stop', async () => {
    await start()
    const clients = await viewers()
    await server.stop()
    const closes = await Promise.all(clients.map((client) => client.closed))
    expect(new Set(closes.map(({ code }) => code))).toEqual(new Set([1001]))
  })
})

describe('a thread that dies', () => {
  it.each(['throw', 'reject', 'memory', 'exit'])(
    '(%s) takes its own clients along, and is replaced',
    async (fault) => {
      await start({ maxHeapMb: 64 })
      const clients = await viewers()
      fail(0, fault)
      const left = await cutOff(clients)
      for (const client of left) expect(await client.call('ping')).toBe('pong')
      await expect.poll(() => logs.some((line) => line.includes('was replaced')), { timeout: 15_000 }).toBe(true)
      // Enough that both have some.
      const others = await viewers()
      for (const client of others) expect(await client.call('get_camera_list')).toMatchObject({ total: 2 })
      expect(server.http.connections).toBe(left.length + others.length)
    },
    60_000,
  )

  it('is one that does not turn any more', async () => {
    // As many seconds: longer than a pause of the machine.
    await start({ maxSilentBeats: 4 })
    const clients = await viewers()
    fail(1, 'spin')
    const left = await cutOff(clients)
    for (const client of left) expect(await client.call('ping')).toBe('pong')
    expect(logs.join('\n')).toContain('it did not answer')
  }, 60_000)

  it('is replaced as soon as the system gives a thread again', async () => {
    const execArgv = ['--import', FAULTS]
    await start({ execArgv })
    const clients = await viewers()
    // Refused at once, as by a system that has no more threads.
    execArgv.push('--no-such-option')
    fail(0, 'throw')
    const left = await cutOff(clients)
    await expect.poll(() => logs.some((line) => line.includes('could not be replaced')), { timeout: 15_000 }).toBe(true)
    execArgv.pop()
    await expect.poll(() => logs.some((line) => line.includes('was replaced')), { timeout: 15_000 }).toBe(true)
    for (const client of [...left, ...(await viewers())]) expect(await client.call('ping')).toBe('pong')
  }, 60_000)

  it('is followed by one that goes on with the numbers of events', async () => {
    await start()
    const client = await viewer()
    const first = await client.call<{ epoch: string; seq: object }>('subscribe_events', { topics: ['snapshot.taken'], epoch: '' })
    server.rpc.publish('snapshot.taken', { device: 'camera0', filename: '1.jpg' })
    const clients = await viewers()
    fail(0, 'throw')
    fail(1, 'throw')
    await cutOff([client, ...clients])
    server.rpc.publish('snapshot.taken', { device: 'camera0', filename: '2.jpg' })
    await expect.poll(() => logs.filter((line) => line.includes('was replaced')).length, { timeout: 15_000 }).toBe(2)
    for (const back of await viewers()) {
      const missed = back.next(({ params }) => params?.seq === 2)
      const answer = await back.call('subscribe_events', { topics: ['snapshot.taken'], epoch: first.epoch, since_seq: 0 })
      expect(answer).toMatchObject({ epoch: first.epoch, seq: { 'snapshot.taken': 2 }, resync: false })
      expect((await missed).params).toMatchObject({ filename: '2.jpg' })
    }
  }, 60_000)
})
