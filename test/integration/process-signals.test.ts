/** Signals to the process (reliability-security §2.2, R-20 and R-23). */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it, vi } from 'vitest'
import { inWorkers } from '../support/in-workers.js'
import { MediamtxDouble } from '../support/mediamtx-double/index.js'
import { stopwatch, stopwatchToEnd } from '../support/processor-wait.js'
import { extent, full } from '../support/rows.js'
import { loggedIn } from '../support/rpc-client.js'
import { startService } from '../support/service.js'

const DEADLINE = { timeout: 20_000, interval: 20 }

const SIGNALS = 100

const FAST = { env: { CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '100000' } }

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

    const elapsed = stopwatchToEnd(service.pid)
    for (let sent = 0; sent < more; sent += 1) process.kill(service.pid, name)
    expect(await service.exited).toBe(code)
    expect(elapsed()).toBeLessThanOrEqual(500)
    await told
    expect(readFileSync(join(service.stateDir, 'retention.json'), 'utf8')).toMatch(/max_?age_?days": ?77/i)
    await service.stop()
  },
  60_000,
)

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
