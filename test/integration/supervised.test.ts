/** The service under a supervisor (reliability-security §2.2, 3.6): what it tells, and that it says nothing when it cannot go on. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { stopwatch } from '../support/processor-wait.js'
import { RpcClient } from '../support/rpc-client.js'
import { startService } from '../support/service.js'
import { type SupervisorSocket, supervisorSocket } from '../support/supervisor.js'

const folder = mkdtempSync(join(tmpdir(), 'supervised-'))
afterAll(() => rmSync(folder, { recursive: true }))
const DEADLINE = { timeout: 20_000, interval: 20 }
const WATCHDOG_MS = 1_000

const words = ({ told }: SupervisorSocket): string[] => told.flatMap(({ lines }) => lines.map((line) => line.split('=')[0] ?? ''))
const feeds = ({ told }: SupervisorSocket): number[] =>
  told.filter(({ lines }) => lines.includes('WATCHDOG=1')).map(({ atMs }) => atMs)

function supervised(address: string) {
  return startService({ env: { NOTIFY_SOCKET: address, WATCHDOG_USEC: String(WATCHDOG_MS * 1_000) } })
}

describe.each([
  ['path', join(folder, 'notify')],
  ['abstract name', `@camera-service-test-${process.pid}`],
])('S-63: a supervisor at a %s', (_, address) => {
  it('hears READY, STATUS, WATCHDOG, RELOADING and READY, STOPPING in order', async () => {
    const socket = await supervisorSocket(address)
    const service = await supervised(address)
    await vi.waitFor(() => expect(words(socket).slice(0, 2)).toEqual(['READY', 'STATUS']), DEADLINE)
    await vi.waitFor(() => expect(feeds(socket).length).toBeGreaterThan(1), DEADLINE)
    const client = await RpcClient.connect(service.url)
    await vi.waitFor(() => expect(JSON.stringify(socket.told)).toContain('0 of 0 cameras are connected, 1 clients'), DEADLINE)
    process.kill(service.pid, 'SIGHUP')
    await vi.waitFor(() => expect(words(socket)).toContain('RELOADING'), DEADLINE)
    await vi.waitFor(
      () => expect(words(socket).lastIndexOf('READY')).toBeGreaterThan(words(socket).indexOf('RELOADING')),
      DEADLINE,
    )
    expect(words(socket)).toContain('MONOTONIC_USEC')
    await client.close()
    expect(await service.stop()).toBe(0)
    await vi.waitFor(() => expect(words(socket)).toContain('STOPPING'), DEADLINE)
    expect(words(socket).indexOf('STOPPING')).toBeGreaterThan(words(socket).lastIndexOf('READY'))
    await socket.close()
  }, 60_000)
})

it('R-12: a process that does not go on feeds no watchdog; one that was ended for it comes back at once', async () => {
  const address = join(folder, 'watchdog')
  const socket = await supervisorSocket(address)
  const service = await supervised(address)
  await vi.waitFor(() => expect(feeds(socket).length).toBeGreaterThan(2), DEADLINE)

  process.kill(service.pid, 'SIGSTOP')
  await delay(100)
  const before = feeds(socket).length
  await delay(2 * WATCHDOG_MS)
  expect(feeds(socket).length).toBe(before)
  process.kill(service.pid, 'SIGCONT')
  const gap = (): number => Math.max(...feeds(socket).map((atMs, index, all) => atMs - (all[index - 1] ?? atMs)))
  await vi.waitFor(() => expect(gap()).toBeGreaterThan(2 * WATCHDOG_MS), DEADLINE)

  // What a supervisor does: no feed for the time agreed on, so it is killed and started anew.
  process.kill(service.pid, 'SIGSTOP')
  const elapsed = stopwatch()
  const stopped = performance.now()
  const silent = feeds(socket).length
  await vi.waitFor(() => expect(performance.now() - stopped).toBeGreaterThan(WATCHDOG_MS), DEADLINE)
  expect(feeds(socket).length).toBeLessThanOrEqual(silent + 1)
  await service.kill('SIGKILL')
  const next = await supervised(address)
  expect(elapsed(next.pid)).toBeLessThanOrEqual(WATCHDOG_MS + 1_000)
  expect(await next.stop()).toBe(0)
  await socket.close()
}, 60_000)
