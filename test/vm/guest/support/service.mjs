// Runs the built service as its users do, `node dist/main.cjs run`, with a state folder and ports of its own.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../../support/free-port.mjs'
import { RpcClient } from './rpc-client.mjs'
import { eventually, within } from './wait.mjs'

const run = promisify(execFile)
/** An emulated processor that others keep busy is slow at loading modules. */
const START_MS = 120_000
const MAIN = resolve(import.meta.dirname, '../../../../dist/main.cjs')

/**
 * Starts the service and resolves when it answers on its WebSocket.
 * `config`: configuration keys with their environment names (without the prefix), `yaml`: text of a configuration file,
 * `args`: after `run`, `wrapper`: a command in front of node, such as taskset, `uid`: another user, who must be able to read
 * the tree.
 */
export async function startService({ config = {}, yaml, args = [], wrapper = [], uid } = {}) {
  if (!existsSync(MAIN)) throw new Error('dist/main.cjs is not built (npm run build)')
  const stateDir = await mkdtemp(join(tmpdir(), 'camera-service-'))
  if (uid !== undefined) await run('chown', [String(uid), stateDir])
  const port = await freePort()
  if (yaml !== undefined) {
    await writeFile(join(stateDir, 'config.yaml'), yaml)
    args = ['--config', join(stateDir, 'config.yaml'), ...args]
  }
  const settings = {
    SERVER_HOST: '127.0.0.1',
    SERVER_PORT: port,
    HTTP_HEALTH_PORT: 0,
    STATE_DIR: stateDir,
    MEDIAMTX_MODE: 'off',
    // Benches and flows ask for more in a second than one user would.
    SECURITY_RATE_LIMITS_SNAPSHOT_BURST: 1_000_000,
    SECURITY_RATE_LIMITS_SNAPSHOT_PER_CAMERA_BURST: 1_000_000,
    SECURITY_RATE_LIMITS_CONTROL_BURST: 1_000_000,
    SECURITY_RATE_LIMITS_DISCOVERY_BURST: 1_000_000,
    SECURITY_RATE_LIMITS_IDENTITY_FACTOR: 1_000,
    // An emulated or saturated processor makes the loop late, and pictures, which is not what is tested or measured.
    PERFORMANCE_LOAD_SHEDDING_LOOP_DELAY: '1m',
    PERFORMANCE_LOAD_SHEDDING_LOOP_DELAY_SEVERE: '1m',
    // ffmpeg and the library of pictures alone take seconds to load there.
    SNAPSHOTS_TIMEOUT: '60s',
    // Its default camera would capture all the time.
    FACES_CAMERA_ENABLED: false,
    ...config,
  }
  const env = { PATH: process.env.PATH, HOME: stateDir, LANG: 'C.UTF-8' }
  for (const [key, value] of Object.entries(settings)) env[`CAMERA_SERVICE_${key}`] = String(value)

  const [command, ...before] = [...wrapper, process.execPath]
  const startedAtMs = performance.now()
  const child = spawn(command, [...before, MAIN, 'run', ...args], {
    env,
    cwd: stateDir,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  const service = new RunningService({ child, env, stateDir, port })
  try {
    await eventually('the service answers', () => service.answers(), { timeoutMs: START_MS, everyMs: 20 })
  } catch (thrown) {
    await service.stop()
    throw new Error(`${thrown.message}; it printed:\n${service.output}`)
  }
  service.startMs = performance.now() - startedAtMs
  return service
}

class RunningService {
  #child
  #env
  #exited
  #clients = new Set()
  /** All it printed, both streams. */
  output = ''

  constructor({ child, env, stateDir, port }) {
    this.#child = child
    this.#env = env
    this.#exited = once(child, 'exit')
    this.stateDir = stateDir
    this.port = port
    this.url = `ws://127.0.0.1:${port}/ws`
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (this.output += text))
  }

  get pid() {
    return this.#child.pid
  }

  get snapshotDir() {
    return join(this.stateDir, 'snapshots')
  }

  /** Whether `ping` is answered now; throws when the process is gone. */
  async answers() {
    if (this.#child.exitCode !== null) throw new Error(`the service ended with status ${this.#child.exitCode}`)
    // Refused before it listens, reset while it makes sure that the port is free.
    const client = await RpcClient.open(this.url).catch((thrown) => {
      if (thrown.code === 'ECONNREFUSED' || thrown.code === 'ECONNRESET') return undefined
      throw thrown
    })
    if (client === undefined) return false
    await client.call('ping')
    await client.close()
    return true
  }

  /** For admin the token that the first start printed, for other roles one made by the service's own command. */
  async token(role = 'admin') {
    if (role === 'admin') return eventually('the printed token', () => /^eyJ\S+$/m.exec(this.output)?.[0])
    const { stdout } = await run(process.execPath, [MAIN, 'token', '--role', role], { env: this.#env, cwd: this.stateDir })
    return stdout.trim()
  }

  /** An authenticated client, closed when the service stops. */
  async client(role = 'admin') {
    const client = await RpcClient.open(this.url, await this.token(role))
    this.#clients.add(client)
    return client
  }

  /** Where the descriptors of the process lead to, and the names of its threads, now. */
  async resources() {
    const look = async (folder, ask) => {
      const names = await readdir(`/proc/${this.pid}/${folder}`)
      const found = await Promise.all(names.map((name) => ask(`/proc/${this.pid}/${folder}/${name}`).catch(() => undefined)))
      return found.filter((one) => one !== undefined).sort()
    }
    return {
      descriptors: await look('fd', readlink),
      threads: await look('task', async (thread) => (await readFile(`${thread}/comm`, 'utf8')).trim()),
    }
  }

  /** Ends the process and removes its folder. The exit status; null when it had to be killed. */
  async stop() {
    await Promise.all([...this.#clients].map((client) => client.close().catch(() => {})))
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM')
    const status = await within(20_000, 'the exit of the service', this.#exited).catch(() => {
      this.#child.kill('SIGKILL')
      return [null]
    })
    await rm(this.stateDir, { recursive: true, force: true })
    return status[0]
  }
}
