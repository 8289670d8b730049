/** Floods (reliability-security.md §3.1), each by the id of its requirement, against the service as a process. */

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import { stopwatch } from '../support/processor-wait.js'
import { upgradeRequest } from '../support/raw-websocket.js'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'
import { until } from '../support/until.js'

/** Collects the garbage of a service that is asked to by a signal. */
const COLLECTOR = join(import.meta.dirname, '../../bench/support/gc-probe.mjs')

let service: RunningService | undefined
afterEach(() => service?.stop())

it('S-04 100 000 garbage messages: each is answered or the connection ends, nothing grows, others are served as before', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'floods-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'held')
  const running = await startService({
    env: {
      CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '1000000',
      ...{ NODE_OPTIONS: `--max-semi-space-size=4 --import=${COLLECTOR}`, GC_PROBE: file },
    },
  })
  service = running
  /** Resident bytes when its garbage is collected: how much of that there happens to be says nothing. */
  const held = async (): Promise<number> => {
    rmSync(file, { force: true })
    process.kill(running.pid, 'SIGWINCH')
    await vi.waitFor(() => expect(existsSync(file)).toBe(true), { timeout: 5_000 })
    return rssBytes(running.pid)
  }
  const seed = Date.now() % 1_000_000
  const random = seeded(seed)
  const good = (): string => REQUESTS[Math.floor(random() * REQUESTS.length)] ?? ''
  const token = running.token('viewer')
  const healthy = await Pinger.start(running.url, token)
  const crowd = await Crowd.open(running.url, token, 100)
  /** Of both kinds in turn, so that whatever else the machine does slows both alike; answers to so many garbage messages. */
  const flood = async (messages: number): Promise<number> => {
    let answers = 0
    for (let sent = 0; sent < messages; sent += TURN) {
      healthy.slowedBy('good')
      expect(await crowd.send(TURN, good)).toBe(TURN)
      healthy.slowedBy('garbage')
      answers += await crowd.send(TURN, () => garbage(random))
    }
    return answers
  }
  // Under any load the heap makes room for young objects, here a little: good messages have it do so before.
  await crowd.send(200_000, good, 0)
  await flood(5 * TURN)
  await healthy.p95Ms()
  let [answers, growth] = [0, Number.POSITIVE_INFINITY]
  let p95Ms: Awaited<ReturnType<typeof healthy.p95Ms>> = {}
  // Room that was made once, for a crowd that a slow moment let pile up, is no growth: that comes with each flood.
  for (let floods = 0; floods < FLOODS && growth >= 5 * MEBIBYTE; floods += 1) {
    const rssBefore = await held()
    answers = await flood(100_000)
    p95Ms = await healthy.p95Ms()
    growth = (await held()) - rssBefore
  }
  console.info(`S-04: p95 ${p95Ms.good?.toFixed(2)} ms, of garbage ${p95Ms.garbage?.toFixed(2)} ms, growth ${growth >> 10} KiB`)
  // Some of the garbage is a notification, and never answered.
  expect({ seed, ended: crowd.ended, answered: answers > 50_000 && answers <= 100_000 }).toEqual({
    seed,
    ended: 0,
    answered: true,
  })
  expect(p95Ms.garbage, `seed ${seed}`).toBeLessThan(2 * (p95Ms.good ?? 0) + 1)
  expect(growth, `seed ${seed}`).toBeLessThan(5 * MEBIBYTE)
  await until('it rests again', async () => (await cpuShare(running.pid, 250)) < 0.2, 1_500, running.pid)
  crowd.leave()
  await healthy.stop()
}, 180_000)

it('S-07 slowloris, slow body, slow read, also of many answers asked for at once: a good client gets in at once, the others are cut', async () => {
  const running = await startService()
  service = running
  const each = 1_400
  const dribble = (request: string) => (socket: Socket) => {
    socket.write(request)
    const timer = setInterval(() => socket.write('x'), 1_000)
    socket.once('close', () => clearInterval(timer))
  }
  /** Every other one asks for twenty at once. */
  const read = (socket: Socket, index: number): void => {
    socket.pause()
    socket.write('GET /openrpc.json HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(index % 2 === 0 ? 1 : 20))
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
      for (const [index, socket] of some.entries()) begin(socket, index)
      sockets.push(...some)
    }
  }
  expect(descriptors()).toBeGreaterThan(before + 2 * each)
  const begunMs = performance.now()
  let slowestMs = 0
  while (descriptors() > before + 5 && performance.now() - begunMs < 40_000) {
    const tookMs = stopwatch(running.pid)
    const client = await RpcClient.connect(running.url)
    expect(await client.call('ping')).toBe('pong')
    slowestMs = Math.max(slowestMs, tookMs())
    await client.close()
    await delay(200)
  }
  for (const socket of sockets) socket.destroy()
  expect(performance.now() - begunMs).toBeLessThan(30_000)
  expect(slowestMs).toBeLessThan(1_000)
}, 90_000)

it('S-08 connection floods: 20 000 connects of one address, then of 200, get the places there are and no more', async () => {
  const running = await startService({
    env: {
      CAMERA_SERVICE_SECURITY_AUTH_EXEMPT: '203.0.113.1',
      CAMERA_SERVICE_SERVER_AUTH_TIMEOUT: '0',
      // The places are counted here; how fast one address may come has a test of its own (rate-layers).
      CAMERA_SERVICE_SECURITY_RATE_LIMITS_ACCEPT_BURST: '1000000',
      CAMERA_SERVICE_SECURITY_RATE_LIMITS_UPGRADE_BURST: '1000000',
    },
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

/** Messages of one kind at a time, over all connections: well below a tenth of a second. */
const TURN = 1_000
const FLOODS = 3
const MEBIBYTE = 1024 * 1024

/** Clients that send whatever they are told to. */
class Crowd {
  readonly #sockets: readonly WebSocket[]
  #answers = 0
  #ended = 0

  private constructor(sockets: readonly WebSocket[]) {
    this.#sockets = sockets
    for (const socket of sockets) {
      socket.on('message', () => {
        this.#answers += 1
      })
      socket.on('close', () => {
        this.#ended += 1
      })
    }
  }

  static async open(url: string, token: string, clients: number): Promise<Crowd> {
    return new Crowd(await Promise.all(Array.from({ length: clients }, () => loggedIn(url, token))))
  }

  get ended(): number {
    return this.#ended
  }

  /** How many of so many messages were answered, when all that come have come. */
  async send(messages: number, message: () => string | Buffer, pauseMs = 4): Promise<number> {
    const before = this.#answers
    for (let sent = 0; sent < messages; sent += this.#sockets.length) {
      for (const socket of this.#sockets) socket.send(message())
      await delay(pauseMs)
    }
    // Whatever was sent before this is answered before it.
    await Promise.all(this.#sockets.map((socket) => lastAnswer(socket)))
    return this.#answers - before - this.#sockets.length
  }

  leave(): void {
    for (const socket of this.#sockets) socket.terminate()
  }
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

  /** What its calls are beside from now on. */
  slowedBy(name: string): void {
    this.#child.stdin.write(`${name}\n`)
  }

  /** Of its calls since the last question, by what they were beside. */
  async p95Ms(): Promise<Readonly<Record<string, number>>> {
    this.#child.stdin.write('?\n')
    return JSON.parse(String((await this.#lines.next()).value)) as Record<string, number>
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
    const done = (): void => {
      socket.off('close', done).off('message', look)
      resolve()
    }
    const look = (data: Buffer): void => {
      if (data.toString().includes('"the last one"')) done()
    }
    if (socket.readyState !== 1) resolve()
    socket.on('close', done)
    socket.on('message', look)
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
