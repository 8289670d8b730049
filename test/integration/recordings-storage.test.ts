/** Disks that are full, slow, gone or read-only under the whole service, on file systems of its own mount namespace. */

import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { playThrough } from '../support/ffprobe.js'
import { canMount, NSENTER, UNSHARE, works } from '../support/mounts.js'
import { stopwatch } from '../support/processor-wait.js'
import { RpcClient } from '../support/rpc-client.js'
import { MAIN, type RunningService, startService } from '../support/service.js'
import { until } from '../support/until.js'

/** Root may write whatever the mode says. */
const NOBODY = 65_534
const AS_NOBODY =
  process.getuid?.() === 0 ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--inh-caps=-all'] : []
const canBeNobody = AS_NOBODY.length === 0 || works([...AS_NOBODY, process.execPath, '--check', MAIN])
if (!canBeNobody) process.stderr.write('SKIPPED: an account that loses its rights; root cannot become another one here\n')
if (!canMount)
  process.stderr.write('SKIPPED: full and read-only disks; this account may not mount, not even in a namespace of its own\n')

interface Started {
  readonly filename: string
}

let base: string
let service: RunningService
let client: RpcClient

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'recordings-storage-'))
})

afterEach(async () => {
  await client.close()
  await service.stop()
  rmSync(base, { recursive: true, force: true })
})

async function start(
  script: string | undefined,
  env: Readonly<Record<string, string>> = {},
  wrapper?: readonly string[],
): Promise<void> {
  service = await startService({
    args: ['--virtual-cameras', '1'],
    stateDir: join(base, 'state'),
    ...(script === undefined
      ? { ...(wrapper && { wrapper }) }
      : { wrapper: [...UNSHARE, 'sh', '-c', `set -e; mkdir -p "$0/state" "$0/files"; ${script}; exec "$@"`, base] }),
    env: {
      CAMERA_SERVICE_MEDIAMTX_RECORDINGS_PATH: join(base, 'files', 'recordings'),
      CAMERA_SERVICE_MEDIAMTX_SNAPSHOTS_PATH: join(base, 'files', 'snapshots'),
      // The one of its own lies where only it can look.
      CAMERA_SERVICE_SECURITY_JWT_SECRET_KEY: 'a-secret-of-the-tests-that-is-4-times-8-bytes-long',
      CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '1000000',
      ...env,
    },
  })
  client = await RpcClient.connect(service.url)
  await client.login(service.token('admin'))
}

/** A place as the service sees it. */
function inside(...parts: readonly string[]): string {
  return join(`/proc/${service.pid}/root`, base, ...parts)
}

function mount(...words: readonly string[]): void {
  execFileSync('nsenter', [...NSENTER, '--target', String(service.pid), ...words])
}

async function health(): Promise<string> {
  return (await client.call<{ status: string }>('get_status')).status
}

const FULL = { code: -32020, message: 'Invalid state', data: { state: 'STORAGE_FULL', legacy_code: -1010 } }

describe.skipIf(!canMount)('R-33: a disk of 8 MiB', { timeout: 60_000 }, () => {
  it('filled to the last byte: refused before, ended in the middle, deleted at zero, resumed when there is room', async () => {
    await start('mount -t tmpfs -o size=8m none "$0/files"; mount -t tmpfs -o size=8m none "$0/state"')
    await client.call('subscribe_events', { topics: ['recording.error', 'recording.progress', 'system.health'] })
    const { filename } = await client.call<Started>('start_recording', { device: 'camera0' })
    const failed = client.next(({ method }) => method === 'recording.error')
    // The recording itself fills the disk: 720p of pictures is a megabyte per second and more.
    expect((await failed).params).toMatchObject({ device: 'camera0', filename, reason: expect.stringMatching(/^storage_/) })
    expect((await playThrough(inside('files', 'recordings', `${filename}.mp4`))).packets).toBeGreaterThan(10)

    fill(inside('files', 'recordings', 'filler'))
    fill(inside('state', 'filler'))
    const shown = stopwatch(service.pid)
    await until('health shows it', async () => (await health()) === 'UNHEALTHY')
    expect(shown()).toBeLessThan(2_000)
    expect(await client.failure('start_recording', { device: 'camera0' })).toMatchObject(FULL)
    expect(await client.failure('take_snapshot', { device: 'camera0' })).toMatchObject(FULL)
    expect(readdirSync(inside('files', 'snapshots'))).toEqual([])
    expect(await client.call('list_recordings')).toMatchObject({ total: 1 })
    expect(await client.call('delete_recording', { filename })).toMatchObject({ deleted: true })
    expect(readdirSync(inside('files', 'recordings'))).not.toContain(`${filename}.mp4`)

    rmSync(inside('files', 'recordings', 'filler'))
    rmSync(inside('state', 'filler'))
    const resumed = stopwatch(service.pid)
    const again = await client.call<Started>('start_recording', { device: 'camera0' })
    expect(resumed()).toBeLessThan(2_000)
    await until('the list is right', async () => {
      const { files } = await client.call<{ files: readonly Started[] }>('list_recordings')
      return files.map((file) => file.filename).join() === again.filename
    })
    await client.call('stop_recording', { device: 'camera0' })
    await client.call('take_snapshot', { device: 'camera0' })
    expect(await client.call('list_snapshots')).toMatchObject({ total: 1 })
  })
})

describe.skipIf(!canMount)('R-35: a folder', { timeout: 60_000 }, () => {
  it('that goes read-only, is unmounted and comes back: told each time, and used again within 5 s', async () => {
    await start('mount -t tmpfs -o size=64m none "$0/files"')
    const filename = await recorded()
    const before = await health()

    mount('mount', '-o', 'remount,ro', join(base, 'files'))
    for (const method of ['start_recording', 'take_snapshot']) {
      expect(await client.failure(method, { device: 'camera0' })).toMatchObject({ code: -32050, data: { dependency: 'storage' } })
    }
    expect(await client.failure('delete_recording', { filename })).toMatchObject({
      code: -32050,
      data: { dependency: 'storage' },
    })
    expect(await client.call('list_recordings')).toMatchObject({ total: 1 })
    await until('health shows it', async () => (await health()) === 'DEGRADED', 5_000, service.pid)
    mount('mount', '-o', 'remount,rw', join(base, 'files'))
    await recovered(filename)
    await until('health is as before', async () => (await health()) === before, 5_000, service.pid)

    // Away with what is in it; below it lies an empty folder.
    mount('mount', '--move', join(base, 'files'), '/mnt')
    await until('the list is empty', async () => (await total()) === 0, 5_000, service.pid)
    mount('mount', '--move', '/mnt', join(base, 'files'))
    await until('the list is whole', async () => (await total()) === 2, 5_000, service.pid)

    // Taken away although somebody looks at it.
    mount('umount', '--lazy', join(base, 'files'))
    await until('the list is empty', async () => (await total()) === 0, 2_000, service.pid)
    await recorded()
    expect(await total()).toBe(1)
  })

  async function total(): Promise<number> {
    return (await client.call<{ total: number }>('list_recordings')).total
  }

  async function recorded(): Promise<string> {
    const { filename } = await client.call<Started>('start_recording', { device: 'camera0' })
    await client.call('stop_recording', { device: 'camera0' })
    return filename
  }

  async function recovered(filename: string): Promise<void> {
    await recorded()
    expect(await client.call('get_recording_info', { filename })).toMatchObject({ filename })
    expect(await total()).toBe(2)
  }
})

describe.skipIf(!canBeNobody)('R-35: an account', { timeout: 60_000 }, () => {
  it('that loses its right to the folders is told so, health shows it, and they are used again within 5 s', async () => {
    const folders = ['recordings', 'snapshots'].map((name) => join(base, 'files', name))
    for (const folder of [base, join(base, 'state'), join(base, 'files'), ...folders]) {
      mkdirSync(folder, { recursive: true })
      if (AS_NOBODY.length > 0) chownSync(folder, NOBODY, NOBODY)
    }
    await start(undefined, {}, AS_NOBODY)
    const { filename } = await client.call<Started>('start_recording', { device: 'camera0' })
    await client.call('stop_recording', { device: 'camera0' })
    const before = await health()

    for (const folder of folders) chmodSync(folder, 0)
    const denied = { code: -32050, data: { dependency: 'storage' } }
    expect(await client.failure('start_recording', { device: 'camera0' })).toMatchObject(denied)
    expect(await client.failure('take_snapshot', { device: 'camera0' })).toMatchObject(denied)
    await until('health shows it', async () => (await health()) === 'DEGRADED', 5_000, service.pid)

    for (const folder of folders) chmodSync(folder, 0o755)
    const sinceRepairMs = stopwatch(service?.pid)
    await until(
      'pictures are taken',
      () =>
        client.call('take_snapshot', { device: 'camera0' }).then(
          () => true,
          () => false,
        ),
      5_000,
      service.pid,
    )
    await until(
      'it is recorded',
      () =>
        client.call('start_recording', { device: 'camera0' }).then(
          () => true,
          () => false,
        ),
      5_000,
      service.pid,
    )
    expect(sinceRepairMs()).toBeLessThan(5_000)
    await client.call('stop_recording', { device: 'camera0' })
    await until('health is as before', async () => (await health()) === before, 5_000, service.pid)
    expect(await client.call('get_recording_info', { filename })).toMatchObject({ filename })
    expect(await client.call('list_recordings')).toMatchObject({ total: 2 })
  })
})

describe('R-34: a disk on which every fsync and read takes 3 s', { timeout: 90_000 }, () => {
  it('holds up those who need it, and nobody else', async () => {
    const library = join(base, 'slow.so')
    const flag = join(base, 'slow')
    execFileSync('cc', ['-O2', '-shared', '-fPIC', '-o', library, join(import.meta.dirname, 'kill', 'slow.c'), '-ldl'])
    await start(undefined, { LD_PRELOAD: library, SLOW_FLAG: flag, SLOW_DIR: join(base, 'files') })
    await client.call('start_recording', { device: 'camera0' })
    const pinger = await RpcClient.connect(service.url)
    const before = await pings(pinger, 1_000)

    writeFileSync(flag, '')
    const startedMs = performance.now()
    const slow = Promise.allSettled([
      client.call('stop_recording', { device: 'camera0' }).then(() => client.call('start_recording', { device: 'camera0' })),
      ...Array.from({ length: 8 }, () => client.call('take_snapshot', { device: 'camera0' })),
      client.call('list_recordings'),
      client.call('get_storage_info'),
      client.call('cleanup_old_files'),
    ])
    const during = await pings(pinger, 5_000)
    await slow
    // It was slow.
    expect(performance.now() - startedMs).toBeGreaterThan(3_000)
    rmSync(flag)
    // The machine's own trouble counts on both sides.
    expect(during).toBeLessThan(before + 2)
    await pinger.close()
    await until('it is well again', async () => (await client.call<{ total: number }>('list_recordings')).total > 0)
  })

  /** p95, milliseconds. */
  async function pings(pinger: RpcClient, lengthMs: number): Promise<number> {
    const times: number[] = []
    for (const untilMs = performance.now() + lengthMs; performance.now() < untilMs; ) {
      const took = stopwatch(service.pid)
      await pinger.call('ping')
      times.push(took())
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    times.sort((one, other) => one - other)
    return times[Math.floor(times.length * 0.95)] ?? 0
  }
})

function fill(file: string): void {
  for (const size of [65_536, 512, 1]) {
    const chunk = Buffer.alloc(size, 1)
    for (;;) {
      try {
        writeFileSync(file, chunk, { flag: 'a' })
      } catch (thrown) {
        expect(String(thrown)).toContain('ENOSPC')
        break
      }
    }
  }
  expect(statSync(file).size).toBeGreaterThan(0)
}
