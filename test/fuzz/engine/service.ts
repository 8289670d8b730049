/**
 * node fuzz-service.mjs APP STATE SANITIZER SECONDS SEED: starts the service in APP and sends it mutated sessions over real sockets. It has to
 * live, and to answer a fresh client after each lot. Prints what that showed as one line of JSON.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { freePort } from '../../support/free-port.mjs'
import { type Dice, mutate } from './mutate.js'

const [app = '', state = '', sanitizer = '', seconds = '', seed = ''] = process.argv.slice(2)
const TICKS_PER_SECOND = 100
/** Sent at once, before a fresh client asks. */
const LOT = 192
/** For what has not ended by itself: half a frame waits for its rest. */
const LATE_MS = 150
/** It runs when nobody else wants the processor, which may be seldom. */
const PATIENCE_MS = 300_000

interface Ports {
  readonly rpc: number
  readonly health: number
  readonly camera: number
}

/** Where an input goes. Of `session` the input is what follows the login; of `message` each line becomes a frame that is sound by itself. */
type Kind = keyof Ports | 'session' | 'message'

const call = (method: string, params: object = {}): string => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
const CALLS = [
  call('ping'),
  call('get_camera_list'),
  call('get_camera_status', { device: 'camera0' }),
  call('take_snapshot', { device: 'camera0', filename: 'a.jpg', format: 'jpg', max_width: 160 }),
  call('set_camera_controls', { device: 'camera0', controls: { brightness: 3 } }),
  call('get_camera_controls', { device: '/dev/video0' }),
  call('subscribe_events', { topics: ['camera.connected', 'system.error'], filters: { device: 'camera0' } }),
  call('list_snapshots', { limit: 2, offset: 1 }),
  call('delete_snapshot', { filename: 'a.jpg' }),
  call('get_metrics'),
]
const head = (request: string, ...lines: string[]): string =>
  `${[`${request} HTTP/1.1`, 'Host: localhost', ...lines].join('\r\n')}\r\n\r\n`
const HANDSHAKE = [
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
]

function seedsOf(token: string): Readonly<Record<Kind, readonly Buffer[]>> {
  const bearer = `Authorization: Bearer ${token}`
  const texts = (...all: string[]): Buffer[] => all.map((each) => Buffer.from(each, 'latin1'))
  return {
    rpc: texts(
      head('GET /ws', ...HANDSHAKE),
      head('GET /metrics', bearer),
      head('GET /files/snapshots/a.jpg', bearer, 'Range: bytes=0-9', 'If-None-Match: "x"'),
      `${head('POST /api/v1/tickets', bearer, 'Content-Length: 32')}{"path":"/files/snapshots/a.jpg"}`,
      `${head('POST /api/v1/tickets', bearer, 'Transfer-Encoding: chunked')}4\r\n{"pa\r\n0\r\n\r\n`,
      head('GET /openrpc.json').repeat(3),
    ),
    health: texts(head('GET /health/detailed'), head('HEAD /health/ready'), head('GET /files/recordings/a%20b', bearer)),
    camera: texts(
      head('GET /snapshot?camera=camera0&timeout_ms=200'),
      head('GET /video_feed?fps=5&max_age_ms=100&extra_headers=1'),
      head('GET /status?viewers=1').repeat(2),
      `${head('PUT /cameras/camera0/controls', 'Content-Type: application/json', 'Content-Length: 16')}{"brightness":3}`,
      head('GET /events', bearer),
    ),
    session: [
      ...CALLS.map((text) => frame(1, Buffer.from(text))),
      Buffer.concat([
        frame(1, Buffer.from('{"jsonrpc":"2.0",'), false),
        frame(9, Buffer.from('x')),
        frame(0, Buffer.from('"id":1}')),
      ]),
      frame(2, Buffer.from('84a76a736f6e727063a3322e30a2696401a66d6574686f64a470696e67a6706172616d7380', 'hex')),
      frame(8, Buffer.from([3, 232])),
    ],
    message: CALLS.map((text) => Buffer.from(text)),
  }
}

const WORDS = [
  ...[
    '\r\n',
    '\r\n\r\n',
    ': ',
    'Content-Length: ',
    'Transfer-Encoding: chunked',
    'Host: ',
    'Range: bytes=',
    'Expect: 100-continue',
  ],
  ...[
    '%2e%2e%2f',
    '%00',
    '?ticket=',
    'HTTP/1.0',
    'GET ',
    'POST ',
    'HEAD ',
    '"params"',
    '"device"',
    '"__proto__"',
    '\\ud800',
    '[[[[[[[[',
  ],
  ...[
    'null',
    '1e400',
    '"camera0"',
    '\x81\xfe',
    '\x81\xff',
    '\x82\x80',
    '\x89\x80',
    '\x88\x82',
    '\x01\x80',
    '\x00\x80',
    '\xff\xff\xff\xff',
  ],
].map((word) => Buffer.from(word, 'latin1'))

/** One that a client sends, whose mask is all zeros: what is mutated is what is read. */
function frame(opcode: number, payload: Buffer, isLast = true): Buffer {
  const length = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 255]
  const [first = 0, ...rest] = length
  return Buffer.concat([Buffer.from([(isLast ? 128 : 0) | opcode, 128 | first, ...rest, 0, 0, 0, 0]), payload])
}

let random = Number(seed) | 0
/** Mulberry32. */
const dice: Dice = (below) => {
  random = (random + 0x6d2b79f5) | 0
  let mixed = Math.imul(random ^ (random >>> 15), 1 | random)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
}
const pick = <Item>(items: readonly Item[]): Item => items[dice(items.length)] as Item

let service: ChildProcess
let output = ''

async function start(): Promise<{ readonly ports: Ports; readonly token: string }> {
  const rpc = await freePort()
  service = spawn(process.execPath, [`${app}/dist/main.cjs`, 'run', '--virtual-cameras', '1'], {
    env: {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CAMERA_SERVICE_'))),
      LD_PRELOAD: sanitizer,
      // Node itself leaves things behind; what is reported ends the process, and is kept in a file of its own.
      ASAN_OPTIONS: `detect_leaks=0:abort_on_error=1:log_path=${state}/sanitizer`,
      UBSAN_OPTIONS: `print_stacktrace=1:log_path=${state}/sanitizer`,
      CAMERA_SERVICE_SERVER_HOST: '127.0.0.1',
      CAMERA_SERVICE_SERVER_PORT: String(rpc),
      CAMERA_SERVICE_SERVER_SECOND_PORT: '0',
      CAMERA_SERVICE_HTTP_HEALTH_HOST: '127.0.0.1',
      CAMERA_SERVICE_HTTP_HEALTH_PORT: '0',
      CAMERA_SERVICE_FACES_CAMERA_ENABLED: 'true',
      CAMERA_SERVICE_CAMERA_SERVER_SERVER_HOST: '127.0.0.1',
      CAMERA_SERVICE_CAMERA_SERVER_SERVER_PORT: '0',
      CAMERA_SERVICE_STATE_DIR: state,
      CAMERA_SERVICE_MEDIAMTX_MODE: 'off',
      CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '1000000',
      CAMERA_SERVICE_PERFORMANCE_LOAD_SHEDDING_LOOP_DELAY: '1m',
      CAMERA_SERVICE_PERFORMANCE_LOAD_SHEDDING_LOOP_DELAY_SEVERE: '1m',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const heard = (data: Buffer): void => {
    output = (output + data).slice(-20_000)
  }
  service.stdout?.on('data', heard)
  service.stderr?.on('data', heard)
  process.once('exit', () => service.kill('SIGKILL'))
  const found = (pattern: RegExp): string | undefined => pattern.exec(output)?.[1]
  const gone = once(service, 'exit')
  // The token is the last of what it prints.
  while (found(/^(eyJ\S+)$/m) === undefined) {
    if (service.stdout === null || service.exitCode !== null) throw new Error(`the service did not start\n${output}`)
    await Promise.race([once(service.stdout, 'data'), gone])
  }
  const port = (face: string): number => Number(found(new RegExp(`^${face} +http://[^:]+:(\\d+)/`, 'm')))
  return { ports: { rpc, health: port('health'), camera: port('camera') }, token: found(/^(eyJ\S+)$/m) ?? '' }
}

interface Talk {
  /** A handshake, whose answer comes before the bytes are sent: those in one packet with it would be lost. */
  readonly opening?: Buffer
  /** What ends it when it comes. */
  readonly wanted?: string
  readonly lateMs: number
}

/** Writes and reads until the end, which either side may make. What came. */
function talk(port: number, bytes: Buffer, { opening, wanted, lateMs }: Talk): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    let text = ''
    let isOpen = opening === undefined
    const write = (): void => {
      if (wanted === undefined && dice(2) === 0) socket.end(bytes)
      else socket.write(bytes)
    }
    const timer = setTimeout(() => socket.destroy(), lateMs)
    socket.on('error', () => undefined)
    socket.on('data', (data: Buffer) => {
      if (text.length < 100_000) text += data.toString('latin1')
      if (wanted !== undefined && text.includes(wanted)) socket.destroy()
      if (!isOpen && text.includes('\r\n\r\n')) {
        isOpen = true
        write()
      }
    })
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(text)
    })
    if (opening === undefined) write()
    else socket.write(opening)
  })
}

async function run(): Promise<object> {
  const { ports, token } = await start()
  const seeds = seedsOf(token)
  const opening = Buffer.from(head('GET /ws', ...HANDSHAKE))
  const login = frame(1, Buffer.from(call('authenticate', { auth_token: token })))
  let [inputs, answers] = [0, 0]

  const send = (kind: Kind, input: Buffer): Promise<string> => {
    if (kind === 'session')
      return talk(ports.rpc, Buffer.concat([login, input, frame(8, Buffer.from([3, 232]))]), { opening, lateMs: LATE_MS })
    if (kind !== 'message') return talk(ports[kind], input, { lateMs: LATE_MS })
    const lines = [...Array(1 + dice(4))].map(() => frame(1 + dice(2), mutate(input, pick(seeds.message), WORDS, dice)))
    return talk(ports.rpc, Buffer.concat([login, ...lines, frame(8, Buffer.from([3, 232]))]), { opening, lateMs: LATE_MS })
  }
  const finding = (error: string, lot: readonly Buffer[]): object => ({
    error: `${error}\n${output.slice(-4_000)}`,
    inputs: lot.map((input) => input.toString('base64')),
  })

  while (processorSeconds() < Number(seconds)) {
    const lot = [...Array(LOT)].map(() => {
      const kind = pick(Object.keys(seeds) as Kind[])
      const input = mutate(pick(seeds[kind]), pick(seeds[kind]), WORDS, dice)
      return { kind, input }
    })
    const texts = await Promise.all(lot.map(({ kind, input }) => send(kind, input)))
    inputs += LOT
    answers += texts.filter((text) => text !== '').length
    const sent = lot.map(({ input }) => input)
    if (service.exitCode !== null || service.signalCode !== null) return { finding: finding('the service ended', sent) }
    const fresh = { opening, lateMs: PATIENCE_MS, wanted: '"pong"' }
    const greeted = await talk(ports.rpc, Buffer.concat([login, frame(1, Buffer.from(call('ping')))]), fresh)
    const seen = await talk(ports.camera, Buffer.from(head('GET /health')), { lateMs: PATIENCE_MS, wanted: '\r\n\r\n' })
    if (!greeted.includes(fresh.wanted)) return { finding: finding(`a fresh client was not served: ${greeted}`, sent) }
    if (!seen.startsWith('HTTP/1.1 200')) return { finding: finding(`the camera face is not well: ${seen}`, sent) }
  }
  const used = processorSeconds()
  service.kill('SIGTERM')
  if (service.exitCode === null) await once(service, 'exit')
  if (service.exitCode !== 0) return { finding: finding(`it ended with ${service.signalCode ?? service.exitCode}`, []) }
  return { seconds: used, inputs, answers }
}

/** Of the service and of this process. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage()
  let ticks = 0
  try {
    const stat = readFileSync(`/proc/${service.pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    ticks = Number(fields[11]) + Number(fields[12])
  } catch {
    // It has ended, which is seen elsewhere.
  }
  return (user + system) / 1e6 + ticks / TICKS_PER_SECOND
}

process.stdout.write(`${JSON.stringify(await run())}\n`)
process.exit(0)
