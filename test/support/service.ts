/** The built service as a child process: free port, state in a temporary folder, configured by environment as in a deployment. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.mjs'

const ROOT = join(import.meta.dirname, '../..')
export const MAIN = join(ROOT, 'dist/main.cjs')

/** Generous: a busy machine is no failure. */
const START_MS = 40_000
const STOP_MS = 20_000
/** Of a token that the command `token` makes when it is told nothing else. */
const LIFETIME_S = 48 * 3_600

export interface ServiceOptions {
  readonly args?: readonly string[]
  /** A command in front of node; it must become node, not start it. */
  readonly wrapper?: readonly string[]
  /** Configuration by environment, over the defaults below. */
  readonly env?: Readonly<Record<string, string>>
  /** Kept over restarts; a fresh one otherwise. */
  readonly stateDir?: string
  readonly port?: number
  /** With the camera face, on a free port. Its default camera then captures all the time. */
  readonly camera?: boolean
  /** Hears the number of the process before it answers. */
  readonly onSpawn?: (pid: number) => void
}

export interface RunningService {
  readonly port: number
  /** Of the camera face; 0 without it. */
  readonly cameraPort: number
  /** Of the health face. */
  readonly healthPort: number
  readonly url: string
  readonly stateDir: string
  readonly pid: number
  readonly env: Readonly<Record<string, string>>
  /** What it printed so far. */
  output(): string
  log(): string
  /** A token as an operator of this machine would make one, by the command `token` when there is anything to tell it. */
  token(role: 'viewer' | 'operator' | 'admin', ...args: string[]): string
  /** One whose time is over. */
  expiredToken(role: 'viewer' | 'operator' | 'admin'): string
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>
  kill(signal: NodeJS.Signals): Promise<number | null>
  /** The exit code, whoever ended the process; `stop` or `kill` still cleans up. */
  readonly exited: Promise<number | null>
}

/** Starts the service and waits until its faces are printed. Rejects with its output when it ends before. */
export async function startService(options: ServiceOptions = {}): Promise<RunningService> {
  const port = options.port ?? (await freePort())
  const ownState = options.stateDir === undefined
  const stateDir = options.stateDir ?? mkdtempSync(join(tmpdir(), 'camera-service-'))
  const env = {
    CAMERA_SERVICE_SERVER_HOST: '127.0.0.1',
    CAMERA_SERVICE_SERVER_PORT: String(port),
    CAMERA_SERVICE_SERVER_SECOND_PORT: '0',
    CAMERA_SERVICE_HTTP_HEALTH_HOST: '127.0.0.1',
    CAMERA_SERVICE_HTTP_HEALTH_PORT: '0',
    CAMERA_SERVICE_STATE_DIR: stateDir,
    CAMERA_SERVICE_MEDIAMTX_MODE: 'off',
    // The one setting that whoever runs the tests may choose.
    CAMERA_SERVICE_SERVER_WORKERS: process.env.CAMERA_SERVICE_SERVER_WORKERS ?? '1',
    CAMERA_SERVICE_LOGGING_LEVEL: 'info',
    // The layers of what costs much, as in a bench; whoever tests them says so.
    CAMERA_SERVICE_SECURITY_RATE_LIMITS_SNAPSHOT_BURST: '1000000',
    CAMERA_SERVICE_SECURITY_RATE_LIMITS_SNAPSHOT_PER_CAMERA_BURST: '1000000',
    CAMERA_SERVICE_SECURITY_RATE_LIMITS_CONTROL_BURST: '1000000',
    CAMERA_SERVICE_SECURITY_RATE_LIMITS_DISCOVERY_BURST: '1000000',
    // What else runs on the machine makes the loop late; whoever tests the load shedding says so.
    CAMERA_SERVICE_PERFORMANCE_LOAD_SHEDDING_LOOP_DELAY: '1m',
    CAMERA_SERVICE_PERFORMANCE_LOAD_SHEDDING_LOOP_DELAY_SEVERE: '1m',
    // A slow machine makes nobody a stranger and no health unknown; whoever tests these deadlines says so.
    CAMERA_SERVICE_SERVER_AUTH_TIMEOUT: '5m',
    CAMERA_SERVICE_HTTP_HEALTH_MAX_RESPONSE_TIME: '10s',
    CAMERA_SERVICE_FACES_CAMERA_ENABLED: String(options.camera ?? false),
    CAMERA_SERVICE_CAMERA_SERVER_SERVER_HOST: '127.0.0.1',
    CAMERA_SERVICE_CAMERA_SERVER_SERVER_PORT: '0',
    ...options.env,
  }
  const [command = '', ...words] = [...(options.wrapper ?? []), process.execPath, MAIN, 'run', ...(options.args ?? [])]
  const child = spawn(command, words, {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (child.pid !== undefined) options.onSpawn?.(child.pid)
  let output = ''
  let log = ''
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString()
  })
  child.stderr.on('data', (data: Buffer) => {
    log += data.toString()
  })
  const exited = once(child, 'exit').then(([code]) => code as number | null)

  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    const code = await within(exited, STOP_MS, () => `the service did not end after ${signal}\n${log}`)
    if (ownState) rmSync(stateDir, { recursive: true, force: true })
    return code
  }

  await within(
    printed(child, exited, () => output.includes('/ws')),
    START_MS,
    () => `the service printed no face\n${output}${log}`,
  ).catch(async (thrown: unknown) => {
    child.kill('SIGKILL')
    if (ownState) rmSync(stateDir, { recursive: true, force: true })
    throw new Error(`${String(thrown)}\n${output}${log}`)
  })
  return {
    port,
    cameraPort: Number(/^camera +http:\/\/[^:]+:(\d+)\//m.exec(output)?.[1] ?? 0),
    healthPort: Number(/^health +http:\/\/[^:]+:(\d+)\//m.exec(output)?.[1] ?? 0),
    url: `ws://127.0.0.1:${port}/ws`,
    stateDir,
    pid: child.pid ?? 0,
    env,
    output: () => output,
    log: () => log,
    token: (role, ...args) =>
      args.length === 0 && !Object.keys(env).some((key) => key.startsWith('CAMERA_SERVICE_SECURITY_JWT'))
        ? signedToken(role, stateDir, Date.now())
        : execFileSync(process.execPath, [MAIN, 'token', '--role', role, ...args], {
            env: { ...cleanEnvironment(), ...env },
            encoding: 'utf8',
          }).trim(),
    expiredToken: (role) => signedToken(role, stateDir, Date.now() - 2 * LIFETIME_S * 1_000),
    stop: () => end('SIGTERM'),
    kill: (signal) => end(signal),
    exited,
  }
}

/** What the command `token` makes when it is told nothing but the role: its process would take longer than many a test. */
function signedToken(role: string, stateDir: string, atMs: number): string {
  const secret = readFileSync(join(stateDir, 'jwt-secret'), 'utf8').trim()
  const iat = Math.floor(atMs / 1_000)
  const claims = { user_id: `test_${role}`, role, iat, exp: iat + LIFETIME_S }
  const text = [{ alg: 'HS256', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

/** Settings of whoever runs the tests must not reach the service under test. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CAMERA_SERVICE_')))
}

async function printed(child: ChildProcess, exited: Promise<number | null>, done: () => boolean): Promise<void> {
  while (!done()) {
    const code = await Promise.race([child.stdout ? once(child.stdout, 'data').then(() => 'more' as const) : exited, exited])
    if (code !== 'more' && !done()) throw new Error(`the service ended with ${code}`)
  }
}

async function within<Value>(promise: Promise<Value>, limitMs: number, why: () => string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(why())), limitMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
