/** The process itself (reliability-security §2.2), each test by the id of its row. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { soundParams } from '../support/conformance.js'
import { CONTRACT } from '../support/contract.js'
import { inWorkers } from '../support/in-workers.js'
import { invalidConfig } from '../support/invalid-configs.js'
import { MediamtxDouble } from '../support/mediamtx-double/index.js'
import { stopwatch } from '../support/processor-wait.js'
import { inTurns } from '../support/raw-ws.js'
import { extent, full, randomFrom, seed } from '../support/rows.js'
import { RpcClient } from '../support/rpc-client.js'
import { memoryServices, startRpcServer } from '../support/rpc-server.js'
import { MAIN, type RunningService, startService } from '../support/service.js'

const folder = mkdtempSync(join(tmpdir(), 'process-faults-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const DEADLINE = { timeout: 20_000, interval: 20 }
const KILLS = [200, 6] as const
const SIGNALS = 100

/** Of R-13: until the planted timer looks, of the row, and for the operating system to take a process down. */
const [FOUND_MS, FLUSH_MS, END_MS] = [20, 200, 80]

const FAST = { env: { CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '100000' } }

async function loggedIn(service: RunningService, role: 'viewer' | 'operator' | 'admin' = 'admin'): Promise<RpcClient> {
  const client = await RpcClient.connect(service.url)
  await client.login(service.token(role))
  return client
}

/** A module for --import. */
const module = (source: string): string => `--import=data:text/javascript,${encodeURIComponent(source)}`

it(`R-11: after each kill under load (${extent('kills', ...KILLS)}) a start is ready as always, and what was acknowledged is there`, async () => {
  const stateDir = join(folder, 'killed')
  mkdirSync(stateDir)
  let seed = 20_301
  const random = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return seed / 2 ** 31
  }
  let days = 0
  /** Asked for, and perhaps done when the kill came. */
  let asked = 0
  const startsMs: number[] = []
  for (let kills = 0; kills <= full(...KILLS); kills += 1) {
    const elapsed = stopwatch()
    const service = await startService({ ...FAST, stateDir, args: ['--virtual-cameras', '1'], camera: true })
    startsMs.push(elapsed(service.pid))
    const client = await loggedIn(service)
    if (days > 0) {
      const kept = /max_?age_?days\\?":(\d+)/i.exec(
        readFileSync(join(stateDir, 'retention.json'), 'utf8').replace(/\s/g, ''),
      )?.[1]
      expect([days, asked]).toContain(Number(kept))
    }
    for (const file of readdirSync(stateDir).filter((name) => name.endsWith('.json'))) {
      expect(() => JSON.parse(readFileSync(join(stateDir, file), 'utf8')), file).not.toThrow()
    }
    expect(service.log()).not.toMatch(/damaged|set aside|cannot be read/)
    let isDead = false
    const load = async (): Promise<void> => {
      while (!isDead) {
        const next = 1 + ((days + 1) % 300)
        asked = next
        const calls = [
          client.call('set_retention_policy', { policy_type: 'age', max_age_days: next, enabled: true }).then(() => {
            days = next
          }),
          client.call('take_snapshot', { device: 'camera0' }),
          client.call('list_snapshots', {}),
          client.call('get_camera_list'),
        ]
        await Promise.race([Promise.allSettled(calls), client.closed])
      }
    }
    const loading = load()
    await delay(100 + random() * 400)
    const code = service.kill('SIGKILL')
    isDead = true
    await code
    await loading
  }
  console.log(`R-11: ready after ${startsMs.map((ms) => ms.toFixed(0)).join(', ')} ms`)
  expect(Math.max(...startsMs)).toBeLessThanOrEqual(500)
}, 900_000)

describe('R-13: what a handler of a request throws', () => {
  // Of their own, without a part of the service behind them.
  const WITHOUT = ['ping', 'authenticate', 'subscribe_events', 'unsubscribe_events', 'get_subscription_stats']

  it.each([
    [
      'at once',
      () => {
        throw new Error('planted')
      },
    ],
    ['later', () => Promise.reject(new Error('planted'))],
  ])('%s is that request’s -32603, and all others are served', async (_, fault) => {
    const whole = memoryServices()
    // What is asked before a handler has its turn is none.
    const asked = ['nodes', 'ready', 'stopping', 'overloaded']
    const faulty = <Part extends object>(part: Part): Part =>
      new Proxy(part, { get: (whole, name) => (asked.includes(String(name)) ? Reflect.get(whole, name) : fault) })
    const server = await startRpcServer({
      services: Object.fromEntries(Object.entries(whole).map(([name, part]) => [name, faulty(part)])) as unknown as typeof whole,
    })
    const [client, other] = await Promise.all([RpcClient.connect(server.url), RpcClient.connect(server.url)])
    for (const each of [client, other]) await each.login(server.token('admin'))
    const served: string[] = []
    for (const method of Object.keys(CONTRACT.methods)) {
      if (WITHOUT.includes(method)) continue
      const [{ error }, pong] = await Promise.all([client.request({ method, params: soundParams(method) }), other.call('ping')])
      expect(pong).toBe('pong')
      if (error === undefined) served.push(method)
      else expect(error, method).toMatchObject({ code: -32603, data: { request_id: expect.any(String) } })
    }
    expect(served).toEqual([])
    expect(await client.call('ping')).toBe('pong')
    for (const each of [client, other]) await each.close()
    await server.stop()
  })
})

describe('R-13: what nobody caught', () => {
  const flag = join(folder, 'throw')
  const later = (how: string): string =>
    module(`import { existsSync } from 'node:fs'; setInterval(() => { if (existsSync(${JSON.stringify(flag)})) { ${how} } }, 20)`)

  it.each([
    ['a timer', "throw new Error('planted')"],
    ['a promise', "Promise.reject(new Error('planted'))"],
    ['an event', "process.nextTick(() => { throw new Error('planted') })"],
  ])(
    'in %s is logged, and the process ends with 70; the next start is clean',
    async (_, how) => {
      const stateDir = join(folder, `thrown-${readdirSync(folder).length}`)
      mkdirSync(stateDir)
      rmSync(flag, { force: true })
      const service = await startService({
        stateDir,
        args: ['--virtual-cameras', '1'],
        env: { NODE_OPTIONS: later(how) },
      })
      const client = await loggedIn(service)
      await vi.waitFor(async () => expect(await client.call('get_camera_list')).toMatchObject({ connected: 1 }), DEADLINE)
      writeFileSync(flag, '')
      const elapsed = stopwatch()
      expect(await service.exited).toBe(70)
      const took = elapsed()
      console.log(`R-13: ended after ${took.toFixed(0)} ms`)
      expect(took).toBeLessThanOrEqual(FOUND_MS + FLUSH_MS + END_MS)
      expect(service.log()).toMatch(/FATAL unexpected failure .*planted/)
      await service.stop()
      rmSync(flag)
      const next = await startService({ stateDir })
      expect(next.log()).not.toMatch(/WARN|ERROR|FATAL/)
      expect(await next.stop()).toBe(0)
    },
    60_000,
  )
})

it('R-13: what a listener of the addon throws ends the process with 70, too; the next start is clean', async () => {
  const flag = join(folder, 'throw-in-listener')
  const stateDir = join(folder, 'thrown-in-listener')
  mkdirSync(stateDir)
  // What comes from the addon cannot be read, so that the listener itself throws.
  const hook = module(`import { existsSync } from 'node:fs'
    const { dlopen } = process
    process.dlopen = (module, ...rest) => {
      dlopen.call(process, module, ...rest)
      const { open } = module.exports
      if (open === undefined) return
      const planted = (heard) => (events) => heard(existsSync(${JSON.stringify(flag)}) ? 'planted' : events)
      module.exports = { ...module.exports, open: (options, heard) => open(options, planted(heard)) }
    }`)
  const service = await startService({ stateDir, args: ['--virtual-cameras', '1'], env: { ...FAST.env, NODE_OPTIONS: hook } })
  const client = await loggedIn(service)
  await vi.waitFor(async () => expect(await client.call('get_camera_list')).toMatchObject({ connected: 1 }), DEADLINE)
  writeFileSync(flag, '')
  // A capture that begins is an event.
  client.call('take_snapshot', { device: 'camera0' }).catch(() => undefined)
  expect(await service.exited).toBe(70)
  expect(service.log()).toMatch(/FATAL unexpected failure .*planted/)
  await service.stop()
  const next = await startService({ stateDir })
  expect(next.log()).not.toMatch(/WARN|ERROR|FATAL/)
  expect(await next.stop()).toBe(0)
}, 60_000)

it('R-15: a thread that dies in its job costs that snapshot only, which fails with -32603', async () => {
  const dies = join(folder, 'dies')
  const service = await startService({
    args: ['--virtual-cameras', '1'],
    // Some way into the job: the library of pictures takes longer to load.
    env: {
      ...FAST.env,
      NODE_OPTIONS: inWorkers(`if (existsSync(${JSON.stringify(dies)})) setTimeout(() => process.exit(1), 10)`),
    },
  })
  const [client, other] = [await loggedIn(service), await loggedIn(service)]
  await vi.waitFor(async () => expect(await client.call('get_camera_list')).toMatchObject({ connected: 1 }), DEADLINE)
  writeFileSync(dies, '')
  const failed = client.failure('take_snapshot', { device: 'camera0', format: 'png' })
  expect(await other.call('take_snapshot', { device: 'camera0' })).toMatchObject({ status: 'SUCCESS' })
  expect(await failed).toMatchObject({ code: -32603, data: { details: expect.stringContaining('lost its thread') } })
  rmSync(dies)
  expect(await client.call('take_snapshot', { device: 'camera0', format: 'png' })).toMatchObject({ status: 'SUCCESS' })
  for (const each of [client, other]) await each.close()
  expect(await service.stop()).toBe(0)
}, 60_000)

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

it(`R-20: ${SIGNALS} of each signal during load are borne, and each is still heard afterwards`, async () => {
  const service = await startService({ args: ['--virtual-cameras', '1'], camera: true, ...FAST })
  const client = await loggedIn(service)
  const names = ['SIGPIPE', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const
  for (let sent = 0; sent < SIGNALS; sent += 1) {
    const load = ['get_camera_list', 'get_storage_info', 'list_snapshots', 'ping'].map((method) => client.call(method))
    for (const name of names) process.kill(service.pid, name)
    await Promise.all(load)
  }
  const said = (text: string): number => service.log().split(text).length - 1
  for (const [name, text] of [
    ['SIGHUP', 'the configuration was reloaded'],
    ['SIGUSR1', 'Statistics'],
    ['SIGUSR2', 'restarting the cameras'],
  ] as const) {
    // One may be under way still and one more be asked for: the third was heard by now.
    for (let round = 0; round < 3; round += 1) {
      const before = said(text)
      process.kill(service.pid, name)
      await vi.waitFor(() => expect(said(text)).toBeGreaterThan(before), DEADLINE)
    }
  }
  expect(service.log()).not.toMatch(/ERROR|FATAL|Debugger/)
  expect(await client.call('ping')).toBe('pong')
  await client.close()
  expect(await service.stop()).toBe(0)
}, 60_000)

it.each([
  ['SIGTERM', 1, 143],
  ['SIGINT', 1, 130],
  ['SIGTERM', SIGNALS - 1, 143],
  ['SIGINT', SIGNALS - 1, 130],
] as const)(
  'R-20: %s during load begins an orderly end, and %d more of them end it at once',
  async (name, more, code) => {
    const service = await startService({
      args: ['--virtual-cameras', '1'],
      env: { ...FAST.env, NODE_OPTIONS: inWorkers('for (;;);') },
    })
    const client = await loggedIn(service)
    await vi.waitFor(async () => expect(await client.call('get_camera_list')).toMatchObject({ connected: 1 }), DEADLINE)
    // Nothing ends this one, so the orderly end has seconds to wait.
    client.call('take_snapshot', { device: 'camera0', format: 'png' }).catch(() => undefined)
    await client.call('set_retention_policy', { policy_type: 'age', max_age_days: 77, enabled: true })
    const told = client.closed
    process.kill(service.pid, name)
    await vi.waitFor(() => expect(service.log()).toContain('stopping'), DEADLINE)
    expect((await fetch(`http://127.0.0.1:${service.healthPort}/health/ready`)).status).toBe(503)

    const elapsed = stopwatch()
    for (let sent = 0; sent < more; sent += 1) process.kill(service.pid, name)
    expect(await service.exited).toBe(code)
    expect(elapsed()).toBeLessThanOrEqual(500)
    await told
    expect(readFileSync(join(service.stateDir, 'retention.json'), 'utf8')).toMatch(/max_?age_?days": ?77/i)
    await service.stop()
  },
  60_000,
)

const INVALID = 200
/** A process each, in which most of the time goes into its start. */
const STARTS = [INVALID, 50] as const
/** Others use this machine's disk, too; a start that is too slow is so each time. */
const ATTEMPTS = 3
const TIMED_RUN = join(import.meta.dirname, '../support/timed_run.py')

it(`R-21: a wrong configuration (${extent('generated ones', ...STARTS)}) ends the start with 78, quickly, and with file, line, key, value and rule of each fault`, async () => {
  const random = randomFrom(seed('R-21'))
  const stateDir = join(folder, 'never-begun')
  mkdirSync(stateDir)
  const wrong = Array.from({ length: full(...STARTS) }, (_, number) => {
    const file = join(folder, `wrong-${number}.yaml`)
    return { file, ...invalidConfig(file, random) }
  })
  const took = await inTurns(wrong.length, 2, async (number) => {
    const { file, text, told } = wrong[number] ?? { file: '', text: '', told: [] }
    writeFileSync(file, text)
    let leastMs = Number.POSITIVE_INFINITY
    for (let attempt = 0; attempt < ATTEMPTS && leastMs > 300; attempt += 1) {
      const { code, said, tookMs } = await timedStart(file, stateDir)
      leastMs = Math.min(leastMs, tookMs)
      expect(code, text).toBe(78)
      toldExactly(said.trimEnd().split('\n'), told, text)
    }
    return leastMs
  })
  expect(readdirSync(stateDir)).toEqual([])
  took.sort((a, b) => a - b)
  console.log(`R-21: exit 78 after ${took[took.length >> 1]?.toFixed(0)} ms in the middle, ${took.at(-1)?.toFixed(0)} ms at most`)
  expect(took.at(-1)).toBeLessThanOrEqual(300)
}, 120_000)

it(`R-21: ${INVALID} wrong configurations are told when they are reloaded, and nothing of them is in force`, async () => {
  const random = randomFrom(seed('R-21'))
  const file = join(folder, 'reloaded.yaml')
  const right = 'snapshots: {quality: 71}\nserver: {max_connections: 7}\n'
  writeFileSync(file, right)
  const service = await startService({ args: ['--config', file], env: { CAMERA_SERVICE_LOGGING_FORMAT: 'json' } })
  const records = (text: string) => {
    const lines = service.log().split('\n').slice(0, -1)
    return lines.filter((line) => line.includes(text)).map((line) => JSON.parse(line) as { readonly [member: string]: unknown })
  }
  for (let number = 1; number <= INVALID; number += 1) {
    const { text, told } = invalidConfig(file, random)
    writeFileSync(file, text)
    process.kill(service.pid, 'SIGHUP')
    const { faults } = await vi.waitFor(() => {
      const refused = records('the configuration was not reloaded')
      expect(refused, text).toHaveLength(number)
      return refused.at(-1) as { readonly faults: readonly string[] }
    }, DEADLINE)
    toldExactly(faults, told, text)
  }
  // What was in force is what the first file says, of all keys: to read that one again changes none.
  writeFileSync(file, right)
  process.kill(service.pid, 'SIGHUP')
  await vi.waitFor(() => expect(records('the configuration was reloaded')).toMatchObject([{ changed: [] }]), DEADLINE)
  expect(records('another value at the next start')).toEqual([])
  expect(await service.stop()).toBe(0)
}, 60_000)

interface TimedStart {
  readonly code: number
  readonly said: string
  readonly tookMs: number
}

async function timedStart(file: string, stateDir: string): Promise<TimedStart> {
  const child = spawn('python3', [TIMED_RUN, process.execPath, MAIN, 'run', '--config', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, CAMERA_SERVICE_STATE_DIR: stateDir },
  })
  return (await json(child.stdout)) as TimedStart
}

/** Each line that was told is one of those that had to be, and none is missing. */
function toldExactly(lines: readonly string[], wanted: readonly RegExp[], text: string): void {
  expect(lines, text).toHaveLength(wanted.length)
  for (const line of wanted) expect(lines, text).toContainEqual(expect.stringMatching(line))
}

const PAUSE_S = [60, 3] as const
/** Of pings, and of the comparisons with MediaMTX. */
const [PING_MS, COMPARE_MS] = [500, 2_000]

it(`R-23: after a pause of the whole process (${extent('s', ...PAUSE_S)}) it is well within 2 s, compares at once, and no timer catches up`, async () => {
  const double = new MediamtxDouble()
  await double.start()
  const service = await startService({
    args: ['--virtual-cameras', '1'],
    env: {
      CAMERA_SERVICE_SERVER_PING_INTERVAL: `${PING_MS}ms`,
      CAMERA_SERVICE_MEDIAMTX_MODE: 'external',
      CAMERA_SERVICE_MEDIAMTX_API_PORT: String(double.port),
    },
  })
  const client = await loggedIn(service)
  await vi.waitFor(async () => expect(await client.call('get_camera_list')).toMatchObject({ connected: 1 }), DEADLINE)
  await vi.waitFor(() => expect(double.names()).toContain('camera0'), DEADLINE)
  process.kill(service.pid, 'SIGSTOP')
  await delay(full(...PAUSE_S) * 1_000)
  double.editFile()
  expect(double.names()).not.toContain('camera0')
  double.calls.length = 0
  let pings = 0
  client.socket.on('ping', () => {
    pings += 1
  })
  const elapsed = stopwatch(service.pid)
  process.kill(service.pid, 'SIGCONT')
  const begin = performance.now()
  // Of what was missed, one of each is made up for.
  const ticks = (intervalMs: number): number => 1 + Math.ceil((performance.now() - begin) / intervalMs)
  // A comparison whose time began anew would come later.
  await vi.waitFor(() => expect(double.names()).toContain('camera0'), DEADLINE)
  expect(elapsed()).toBeLessThan(COMPARE_MS / 2)
  expect(await client.call('ping')).toBe('pong')
  expect((await fetch(`http://127.0.0.1:${service.healthPort}/health/ready`)).status).toBe(200)
  expect(await client.call('take_snapshot', { device: 'camera0' })).toMatchObject({ status: 'SUCCESS' })
  expect(elapsed()).toBeLessThan(2_000)
  // Long enough for the next ones of their own time.
  await vi.waitFor(() => expect(performance.now() - begin).toBeGreaterThan(COMPARE_MS), DEADLINE)
  expect(pings).toBeLessThanOrEqual(ticks(PING_MS))
  const compared = double.calls.filter((call) => call.startsWith('GET config/paths/list')).length
  expect(compared).toBeGreaterThan(0)
  expect(compared).toBeLessThanOrEqual(ticks(COMPARE_MS))
  await client.close()
  expect(await service.stop()).toBe(0)
  await double.kill()
}, 150_000)

/** Processor time used within `overMs`. */
async function cpuMs(pid: number, overMs: number): Promise<number> {
  const used = (): number => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * 10
  }
  const before = used()
  await delay(overMs)
  return used() - before
}
