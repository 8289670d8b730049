// From exec to the first reply over a fresh connection, against `node -e 0`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePort } from '../../test/support/free-port.mjs'
import { duration, publish } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const MAIN = resolve(import.meta.dirname, '../../dist/main.cjs')
const DEADLINE_MS = 20_000

export async function run({ quick }) {
  const stateDir = await mkdtemp(join(tmpdir(), 'camera-service-startup-'))
  try {
    // The first start also makes the state folder; the later ones are what a restart costs.
    await service(stateDir)
    const result = await judgeTwice((rounds) => measure(stateDir, rounds), quick ? 5 : 11)
    publish('startup', line(result), result)
    return failures('startup', result)
  } finally {
    await rm(stateDir, { recursive: true, force: true })
  }
}

async function measure(stateDir, rounds) {
  const values = await interleave({ ours: () => service(stateDir), node: bareNode }, rounds)
  const ratios = values.ours.map((ns, round) => ns / values.node[round])
  return { rounds, values, ratios, verdict: judge(ratios, { atMost: 5 }) }
}

const line = ({ values, verdict }) => [
  `ours ${duration(median(values.ours))} (2 virtual cameras)`,
  `node -e 0 ${duration(median(values.node))}`,
  ratioText(verdict),
]

/** In the environment that ours gets: a variable such as NODE_EXTRA_CA_CERTS makes a start of Node twice as long. */
async function bareNode() {
  const begin = process.hrtime.bigint()
  await once(spawn(process.execPath, ['-e', '0'], { env: { PATH: process.env.PATH }, stdio: 'ignore' }), 'exit')
  return Number(process.hrtime.bigint() - begin)
}

/** Nanoseconds until `ping` is answered. */
async function service(stateDir) {
  const port = await freePort()
  const env = {
    PATH: process.env.PATH,
    CAMERA_SERVICE_STATE_DIR: stateDir,
    CAMERA_SERVICE_SERVER_HOST: '127.0.0.1',
    CAMERA_SERVICE_SERVER_PORT: String(port),
    CAMERA_SERVICE_HTTP_HEALTH_PORT: '0',
    CAMERA_SERVICE_MEDIAMTX_MODE: 'off',
    CAMERA_SERVICE_CAMERA_SERVER_SERVER_PORT: '0',
  }
  const begin = process.hrtime.bigint()
  const child = spawn(process.execPath, [MAIN, 'run', '--virtual-cameras', '2'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (complaint += text))
  const gone = once(child, 'exit')
  try {
    const deadline = Date.now() + DEADLINE_MS
    while (!(await pingAnswered(port))) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the service does not start: ${complaint}`)
    }
    return Number(process.hrtime.bigint() - begin)
  } finally {
    child.kill('SIGKILL')
    await gone
  }
}

const UPGRADE =
  'GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'

/** A text frame masked with zeros. */
function pingFrame() {
  const text = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping"}')
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text])
}

/** One try on a fresh connection; false when nobody listens yet. */
function pingAnswered(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const end = (answered) => {
      socket.destroy()
      resolve(answered)
    }
    let received = ''
    let asked = false
    socket.on('connect', () => socket.write(UPGRADE))
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1')
      if (!asked && received.includes('\r\n\r\n')) {
        asked = true
        socket.write(pingFrame())
      }
      if (received.includes('"pong"')) end(true)
    })
    // A refused connection is tried again at once, after the processor was free for others.
    socket.on('error', () => setTimeout(end, 2, false))
    socket.on('close', () => end(false))
  })
}
