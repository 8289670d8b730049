/** Floods (reliability-security.md §3.1), each by the id of its requirement, against the service as a process. */

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { upgradeRequest } from '../support/raw-websocket.js'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'

let service: RunningService | undefined
afterEach(() => service?.stop())

it('S-04 100 000 garbage messages: each is answered or the connection ends, nothing grows, others are served as before', async () => {
  const running = await startService({ env: { CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '1000000' } })
  service = running
  const seed = Date.now() % 1_000_000
  const random = seeded(seed)
  const token = running.token('viewer')
  const healthy = await Pinger.start(running.url, token)
  // What the same number of such messages costs when nothing is wrong with them.
  const base = await flood(running, token, healthy, () => REQUESTS[Math.floor(random() * REQUESTS.length)] ?? '')
  expect(base.answers).toBe(50_000)
  const growths: number[] = []
  const p95s: number[] = []
  // The heap finds its size in the first round or two; what leaks leaks in each.
  for (let round = 0; round < 5 && Math.min(...growths.slice(1)) > 5 * 1024 * 1024; round++) {
    const rssBefore = rssBytes(running.pid)
    const { answers, ended, p95Ms } = await flood(running, token, healthy, () => garbage(random))
    growths.push(rssBytes(running.pid) - rssBefore)
    // Some of the garbage is a notification, and never answered.
    expect({ seed, ended, answered: answers > 25_000 && answers <= 50_000 }).toEqual({ seed, ended: 0, answered: true })
    p95s.push(p95Ms)
  }
  // In the first round the heap grows and is tidied; others on the machine may cost a round, not all.
  expect(Math.min(...p95s), `seed ${seed}`).toBeLessThan(2 * base.p95Ms + 2)
  expect(Math.min(...growths.slice(1))).toBeLessThan(5 * 1024 * 1024)
  await vi.waitFor(async () => expect(await cpuShare(running.pid, 250)).toBeLessThan(0.2), { timeout: 1_500 })
  await healthy.stop()
}, 60_000)

it('S-07 slowloris, slow body, slow read: a good client gets in at once, the others are cut', async () => {
  const running = await startService()
  service = running
  const each = 1_400
  const dribble = (request: string) => (socket: Socket) => {
    socket.write(request)
    const timer = setInterval(() => socket.write('x'), 1_000)
    socket.once('close', () => clearInterval(timer))
  }
  const read = (socket: Socket): void => {
    socket.pause()
    socket.write('GET /openrpc.json HTTP/1.1\r\nHost: localhost\r\n\r\n')
  }
  const headers = dribble('GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: ')
  const body = dribble('POST /api/v1/tickets HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n')
  // How the service sees it: a client that reads nothing does not hear of its end.
  const descriptors = (): number => readdirSync(`/proc/${running.pid}/fd`).length
  const before = descriptors()
  const sockets: Socket[] = []
  for (const begin of [headers, body, read]) {
    for (let count = 0; count < each; count += BATCH) {
      const some = await Promise.all(Array.from({ length: BATCH }, () => connected(running.port)))
      for (const socket of some) begin(socket)
      sockets.push(...some)
    }
  }
  expect(descriptors()).toBeGreaterThan(before + 2 * each)
  const begunMs = performance.now()
  let slowestMs = 0
  while (descriptors() > before + 5 && performance.now() - begunMs < 40_000) {
    const connectMs = performance.now()
    const client = await RpcClient.connect(running.url)
    expect(await client.call('ping')).toBe('pong')
    slowestMs = Math.max(slowestMs, performance.now() - connectMs)
    await client.close()
    await delay(200)
  }
  for (const socket of sockets) socket.destroy()
  expect(performance.now() - begunMs).toBeLessThan(30_000)
  expect(slowestMs).toBeLessThan(1_000)
}, 90_000)

it('S-08 connection floods: 20 000 connects of one address, then of 200, get the places there are and no more', async () => {
  const running = await startService({
    env: { CAMERA_SERVICE_SECURITY_AUTH_EXEMPT: '203.0.113.1', CAMERA_SERVICE_SERVER_AUTH_TIMEOUT: '0' },
  })
  service = running
  const token = running.token('viewer')
  const one = await knock(running.port, 20_000, () => '127.0.0.2')
  expect(one.statuses).toEqual({ 101: 64, 429: 20_000 - 64 })
  // Another address is served, and what has logged in takes no place of those who have not.
  const other = await RpcClient.connect(running.url)
  await other.login(token)
  const many = await knock(running.port, 20_000, (index) => `127.0.1.${1 + (index % 200)}`)
  // A tenth of server.max_connections, with the 64.
  expect(many.statuses).toEqual({ 101: 36, 503: 20_000 - 36 })
  expect(await other.call('get_camera_list')).toMatchObject({ cameras: [] })
  for (const socket of [...one.held, ...many.held]) socket.destroy()
  await vi.waitFor(async () => {
    const late = await RpcClient.connect(running.url)
    await late.close()
  })
  await other.close()
}, 120_000)

/** Connections opened at a time: more than the queue of the listener holds would wait in the kernel for seconds, good ones too. */
const BATCH = 100

interface Flood {
  readonly answers: number
  readonly ended: number
  /** Of the calls of the healthy client meanwhile. */
  readonly p95Ms: number
}

/** 500 messages on each of 100 connections, over about three seconds. */
async function flood(running: RunningService, token: string, healthy: Pinger, message: () => string | Buffer): Promise<Flood> {
  let answers = 0
  let ended = 0
  const sockets = await Promise.all(Array.from({ length: 100 }, () => loggedIn(running.url, token)))
  for (const socket of sockets) {
    socket.on('message', () => answers++)
    socket.on('close', () => ended++)
  }
  await healthy.p95Ms()
  for (let round = 0; round < 500; round++) {
    for (const socket of sockets) socket.send(message())
    await delay(4)
  }
  // Whatever was sent before this is answered before it.
  await Promise.all(sockets.map((socket) => lastAnswer(socket)))
  const counted = { answers: answers - sockets.length, ended, p95Ms: await healthy.p95Ms() }
  for (const socket of sockets) socket.terminate()
  return counted
}

/** A client whose times do not depend on what this process does. */
class Pinger {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string>

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  static async start(url: string, token: string): Promise<Pinger> {
    const program = join(import.meta.dirname, '../support/pinger.mjs')
    const pinger = new Pinger(spawn(process.execPath, [program, url, token], { stdio: ['pipe', 'pipe', 'inherit'] }))
    await pinger.#lines.next()
    return pinger
  }

  /** Of its calls since the last question. */
  async p95Ms(): Promise<number> {
    this.#child.stdin.write('\n')
    return Number((await this.#lines.next()).value)
  }

  async stop(): Promise<void> {
    this.#child.stdin.end()
    await once(this.#child, 'exit')
  }
}

async function loggedIn(url: string, token: string): Promise<WebSocket> {
  const socket = new WebSocket(url, [], { perMessageDeflate: false })
  await once(socket, 'open')
  socket.send(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'authenticate', params: { auth_token: token } }))
  await once(socket, 'message')
  socket.on('error', () => undefined)
  return socket
}

function lastAnswer(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState !== 1) resolve()
    socket.once('close', () => resolve())
    socket.on('message', (data: Buffer) => {
      if (data.toString().includes('"the last one"')) resolve()
    })
    socket.send('{"jsonrpc":"2.0","id":"the last one","method":"ping"}')
  })
}

const REQUESTS = [
  '{"jsonrpc":"2.0","id":1,"method":"get_camera_status","params":{"device":"camera0"}}',
  '{"jsonrpc":"2.0","id":"q","method":"subscribe_events","params":{"topics":["camera.connected"],"filters":{"device":"camera0"}}}',
]
const SEEDS = [
  ...REQUESTS,
  '[{"jsonrpc":"2.0","id":1,"method":"ping"}]',
  '{"jsonrpc":"2.0","method":"ping","id":1e400}',
  `${'['.repeat(500)}${']'.repeat(500)}`,
]

/** Something like a request, with a few characters changed, left out or doubled; or nothing like it. */
function garbage(random: () => number): string | Buffer {
  const below = (limit: number): number => Math.floor(random() * limit)
  if (below(10) === 0) return Buffer.from(Array.from({ length: below(64) }, () => below(256)))
  let text = SEEDS[below(SEEDS.length)] ?? ''
  for (let change = 0; change <= below(4); change++) {
    const at = below(text.length)
    const pieces = [String.fromCharCode(below(0x300)), '', text.slice(at, at + 8).repeat(2), '"', '{', '\\u0000', '9'.repeat(30)]
    text = text.slice(0, at) + pieces[below(pieces.length)] + text.slice(at + below(3))
  }
  return text
}

/** Opens so many WebSockets, each from the address that `from` tells; statuses by count, and the sockets that stay. */
async function knock(port: number, times: number, from: (index: number) => string) {
  const statuses: Record<string, number> = {}
  const held: Socket[] = []
  let next = 0
  const work = async (): Promise<void> => {
    while (next < times) {
      const localAddress = from(next++)
      const { socket, status } = await asked(port, localAddress)
      statuses[status] = (statuses[status] ?? 0) + 1
      if (status === '101') held.push(socket)
      else socket.resetAndDestroy()
    }
  }
  await Promise.all(Array.from({ length: 100 }, work))
  return { statuses, held }
}

function asked(port: number, localAddress: string): Promise<{ readonly socket: Socket; readonly status: string }> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress })
    socket.on('error', () => undefined)
    socket.write(upgradeRequest(port))
    socket.once('data', (data: Buffer) => resolve({ socket, status: data.toString('latin1', 9, 12) }))
    socket.once('close', () => resolve({ socket, status: 'cut' }))
  })
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      socket.on('error', () => undefined)
      resolve(socket)
    })
  })
}

function rssBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096
}

/** Of one core. */
async function cpuShare(pid: number, forMs: number): Promise<number> {
  const ticks = (): number => {
    const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
    const fields = rest.split(' ')
    return Number(fields[11]) + Number(fields[12])
  }
  const [before, beganMs] = [ticks(), performance.now()]
  await delay(forMs)
  return ((ticks() - before) * 10) / (performance.now() - beganMs)
}

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
