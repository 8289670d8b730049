import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { type Knock, type Place, scan } from '../../../src/external/scanner.js'
import { FakeClock } from '../../support/fake-clock.js'

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

const places = (count: number): Place[] => Array.from({ length: count }, (_, index) => ({ host: `10.0.0.${index}`, port: 554 }))

describe('a scan', () => {
  it('finds what listens, in the order given, and nothing else', async () => {
    const ports = [await listen(), await listen()]
    const closed = await listen()
    await new Promise((resolve) => servers.pop()?.close(resolve))
    const wanted = [ports[1], closed, ports[0]].map((port) => ({ host: '127.0.0.1', port: port ?? 0 }))
    const result = await scan(wanted, {
      concurrency: 2,
      timeoutMs: 5_000,
      clock: systemClock,
      signal: new AbortController().signal,
    })
    expect(result).toEqual({ open: [wanted[0], wanted[2]], untried: 0 })
  })

  it('knocks at so many doors at a time and at every one of them once', async () => {
    let now = 0
    let most = 0
    const seen: string[] = []
    const knock: Knock = async ({ host }) => {
      seen.push(host)
      now += 1
      most = Math.max(most, now)
      await Promise.resolve()
      now -= 1
      return host.endsWith('7')
    }
    const wanted = places(40)
    const result = await scan(wanted, {
      concurrency: 5,
      timeoutMs: 1_000,
      clock: new FakeClock(),
      signal: new AbortController().signal,
      knock,
    })
    expect(most).toBe(5)
    expect(seen).toEqual(wanted.map(({ host }) => host))
    expect(result.open.map(({ host }) => host)).toEqual(['10.0.0.7', '10.0.0.17', '10.0.0.27', '10.0.0.37'])
  })

  it('gives a silent network only its share of the time, and says what it had none for', async () => {
    const clock = new FakeClock()
    const knock: Knock = (_place, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(false), { once: true }))
    const running = scan(places(100), { concurrency: 5, timeoutMs: 2_000, clock, signal: new AbortController().signal, knock })
    // 200 ms each is the least: ten rounds of five.
    for (let round = 0; round < 20; round += 1) {
      await settled()
      clock.advance(100)
    }
    const { open, untried } = await running
    expect(open).toEqual([])
    expect(untried).toBeGreaterThanOrEqual(50)
    expect(untried).toBeLessThan(60)
    expect(clock.pending).toBe(0)
  })

  it('ends at once when it is cancelled', async () => {
    const abort = new AbortController()
    const knock: Knock = (_place, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(false), { once: true }))
    const clock = new FakeClock()
    const running = scan(places(10), { concurrency: 2, timeoutMs: 60_000, clock, signal: abort.signal, knock })
    abort.abort()
    expect((await running).untried).toBe(10)
    expect(clock.pending).toBe(0)
  })
})

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
