/** Deaths of the process and of its parts (reliability-security §2.2, R-11 to R-15), each test by the id of its row. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { soundParams } from '../support/conformance.js'
import { CONTRACT } from '../support/contract.js'
import { inWorkers } from '../support/in-workers.js'
import { stopwatch, stopwatchToEnd } from '../support/processor-wait.js'
import { extent, full } from '../support/rows.js'
import { loggedIn, RpcClient } from '../support/rpc-client.js'
import { memoryServices, startRpcServer } from '../support/rpc-server.js'
import { startService } from '../support/service.js'

const folder = mkdtempSync(join(tmpdir(), 'process-faults-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const DEADLINE = { timeout: 20_000, interval: 20 }
const KILLS = [200, 6] as const

/** Of R-13: until the planted timer looks, of the row, and for the operating system to take a process down. */
const [FOUND_MS, FLUSH_MS, END_MS] = [20, 200, 80]

const FAST = { env: { CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '100000' } }

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
      const elapsed = stopwatchToEnd(service.pid)
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
    env: {
      ...FAST.env,
      // Where it opens the file of its picture.
      NODE_OPTIONS: inWorkers(`{
        const { open } = fs
        fs.open = (...how) => existsSync(${JSON.stringify(dies)}) ? process.exit(1) : open(...how)
        syncBuiltinESMExports()
      }`),
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
