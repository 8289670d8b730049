/** R-22 (reliability-security §2.2) in the started service: somebody sets the clock while it records. */

import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { RpcClient } from '../support/rpc-client.js'
import { startService } from '../support/service.js'

const folder = mkdtempSync(join(tmpdir(), 'clock-jumps-'))
afterAll(() => rmSync(folder, { recursive: true }))
const DEADLINE = { timeout: 20_000, interval: 20 }
const HOUR = 3_600_000
const YEARS = 10 * 365 * 24 * HOUR

/** The wall clock of the process is what the file says and stands still, so that names meet again; the monotonic one goes on. */
const jumping = (file: string): string =>
  `--import=data:text/javascript,${encodeURIComponent(`import { readFileSync } from 'node:fs'
    Date.now = () => Number(readFileSync(${JSON.stringify(file)}, 'utf8'))`)}`

it('R-22: the clock jumps during a recording: it goes on, and no file is overwritten', async () => {
  const [wall, beganMs] = [join(folder, 'wall'), Date.now()]
  writeFileSync(wall, String(beganMs))
  const service = await startService({
    args: ['--virtual-cameras', '1'],
    stateDir: folder,
    env: { NODE_OPTIONS: jumping(wall) },
  })
  // Made by a process whose clock says the same, since a token is of its time.
  const loggedIn = async (): Promise<RpcClient> => {
    const client = await RpcClient.connect(service.url)
    await client.login(service.token('admin', '--user-id', 'today'))
    return client
  }
  let client = await loggedIn()
  await vi.waitFor(async () => expect(await client.call('get_camera_list')).toMatchObject({ connected: 1 }), DEADLINE)
  const files = (): readonly string[] => readdirSync(join(folder, 'recordings')).filter((name) => name.endsWith('.mp4'))
  const kept = new Map<string, number>()
  for (const jumpMs of [0, HOUR, -HOUR, YEARS, -YEARS, 0, HOUR, 0]) {
    await client.call('start_recording', { device: 'camera0' })
    writeFileSync(wall, String(beganMs + jumpMs))
    await client.close()
    client = await loggedIn()
    const stopped = await client.call<{ duration: number; file_size: number }>('stop_recording', { device: 'camera0' })
    expect(stopped).toMatchObject({ status: 'STOPPED' })
    expect(stopped.duration).toBeGreaterThanOrEqual(0)
    expect(stopped.duration).toBeLessThan(60)
    for (const [name, size] of kept) expect(statSync(join(folder, 'recordings', name)).size, name).toBe(size)
    // One, and another from where the service saw the jump, if it came to look before the end.
    const made = files()
      .filter((name) => !kept.has(name))
      .map((name) => [name, statSync(join(folder, 'recordings', name)).size] as const)
    expect(made.length).toBeGreaterThan(0)
    expect(made.reduce((sum, [, size]) => sum + size, 0)).toBe(stopped.file_size)
    for (const [name, size] of made) kept.set(name, size)
  }
  expect(files().some((name) => name.endsWith('-2.mp4'))).toBe(true)
  await client.close()
  expect(await service.stop()).toBe(0)
}, 60_000)
