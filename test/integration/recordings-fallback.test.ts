/** `storage.fallback_path` under the whole service: where files go while their own folder cannot be written. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { playThrough } from '../support/ffprobe.js'
import { canMount, NSENTER, UNSHARE } from '../support/mounts.js'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'
import { until } from '../support/until.js'

if (!canMount)
  process.stderr.write('SKIPPED: storage.fallback_path; this account may not mount, not even in a namespace of its own\n')

interface Started {
  readonly filename: string
}

let base: string
let service: RunningService
let client: RpcClient

afterEach(async () => {
  await client.close()
  await service.stop()
  rmSync(base, { recursive: true, force: true })
})

it.skipIf(!canMount)(
  'is where recordings and snapshots go, are listed, downloaded and deleted, and go on after a kill',
  async () => {
    base = mkdtempSync(join(tmpdir(), 'recordings-fallback-'))
    await start()
    await recorded('one')
    remount('ro')

    // Each is told of its name and place, and both are in the lists at once.
    const two = await recorded('two')
    const picture = await client.call<{ file_path: string }>('take_snapshot', { device: 'camera0', filename: 'still.jpg' })
    expect(picture.file_path).toBe(join(base, 'fallback', 'snapshots', 'still.jpg'))
    expect(await names('list_recordings')).toEqual([two, 'one'])
    expect(await names('list_snapshots')).toEqual(['still.jpg'])
    expect((await playThrough(join(base, 'fallback', 'recordings', 'two.mp4'))).packets).toBeGreaterThan(0)
    const reply = await fetch(`${service.url.replace(/^ws/, 'http').replace(/\/ws$/, '')}/files/recordings/two.mp4`, {
      headers: { authorization: `Bearer ${service.token('viewer')}` },
    })
    expect([reply.status, (await reply.arrayBuffer()).byteLength > 10_000]).toEqual([200, true])
    await until('health tells of the folder', async () => (await health()) === 'DEGRADED')
    expect(service.log()).toContain('files go to storage.fallback_path')

    // A kill in the middle of one.
    await client.call('start_recording', { device: 'camera0', filename: 'three' })
    await service.kill('SIGKILL')
    await client.close()
    await start()
    await until('it goes on', async () => (await names('list_recordings')).includes('three-2'))
    expect(await client.call('stop_recording', { device: 'camera0' })).toMatchObject({ filename: 'three', status: 'STOPPED' })
    expect(await names('list_recordings')).toEqual(expect.arrayContaining(['three', 'three-2', 'two']))
    expect(await client.call('delete_recording', { filename: 'three' })).toMatchObject({ deleted: true })
    expect(readdirSync(join(base, 'fallback', 'recordings')).sort()).toEqual(['.under-way', 'three-2.mp4', 'two.mp4'])

    // Their own folder is used again as soon as it can be, and no two files go by one name.
    remount('rw')
    expect(await recorded('two')).toBe('two-2')
    expect(await client.call('take_snapshot', { device: 'camera0', filename: 'still.jpg' })).toMatchObject({
      filename: 'still-2.jpg',
      file_path: join(base, 'files', 'snapshots', 'still-2.jpg'),
    })
    expect(readdirSync(inside('files', 'recordings'))).toContain('two-2.mp4')
    expect(readdirSync(join(base, 'fallback', 'recordings'))).not.toContain('two-2.mp4')
  },
  60_000,
)

it.skipIf(!canMount)(
  'takes no more than its own disk may: the rest is refused as with any full disk',
  async () => {
    base = mkdtempSync(join(tmpdir(), 'recordings-fallback-'))
    await start('mkdir -p "$0/fallback"; mount -t tmpfs -o size=2m none "$0/fallback"')
    remount('ro')
    await client.call('subscribe_events', { topics: ['recording.error'] })
    const failed = client.next(({ method }) => method === 'recording.error')
    await client.call('start_recording', { device: 'camera0' })
    expect((await failed).params).toMatchObject({ device: 'camera0', reason: 'storage_full' })
    // What the end of the file gave back is taken by somebody else.
    execFileSync('sh', ['-c', `cat /dev/zero > "$0" || true`, inside('fallback', 'filler')], { stdio: 'ignore' })
    expect(await client.failure('start_recording', { device: 'camera0' })).toMatchObject({
      code: -32020,
      data: { state: 'STORAGE_FULL' },
    })
  },
  60_000,
)

it.skipIf(!canMount)(
  'is where a recording goes on whose own folder fails under it: the gap is told, and it ends as usual',
  async () => {
    base = mkdtempSync(join(tmpdir(), 'recordings-fallback-'))
    await start()
    await client.call('subscribe_events', { topics: ['recording.error', 'recording.start'] })
    await client.call('start_recording', { device: 'camera0', filename: 'long', format: 'mkv' })
    const failed = client.next(({ method }) => method === 'recording.error')
    const resumed = client.next(({ method, params }) => method === 'recording.start' && has(params, 'reason', 'resumed'))
    // A card that came loose: what was open stays open, and nobody finds the place any more.
    const script = 'umount -l "$0" && mount -t tmpfs -o ro,size=1m none "$0"'
    execFileSync('nsenter', [...NSENTER, '--target', String(service.pid), 'sh', '-c', script, join(base, 'files')])
    expect((await failed).params).toMatchObject({ device: 'camera0', reason: 'storage_failed' })
    expect((await resumed).params).toMatchObject({ device: 'camera0', filename: 'long-2' })
    expect(readdirSync(join(base, 'fallback', 'recordings'))).toContain('long-2.mkv')

    // After a kill it is known where it was.
    const journal = join(base, 'state', 'recordings-under-way.json')
    await until('it is noted', () => Promise.resolve(readFileSync(journal, 'utf8').includes('long-2')))
    await service.kill('SIGKILL')
    await client.close()
    await start()
    await until('it goes on', async () => (await names('list_recordings')).includes('long-3'))
    expect(await client.call('stop_recording', { device: 'camera0' })).toMatchObject({ filename: 'long', status: 'STOPPED' })
    const kept = join(base, 'fallback', 'recordings')
    for (const name of ['long-2.mkv', 'long-3.mkv']) expect((await playThrough(join(kept, name))).packets).toBeGreaterThan(0)
    await until('nothing is under way', () => Promise.resolve(readdirSync(join(kept, '.under-way')).length === 0))
  },
  60_000,
)

async function start(more = ':'): Promise<void> {
  const script = `set -e; mkdir -p "$0/files"; mount -t tmpfs -o size=64m none "$0/files"; ${more}; exec "$@"`
  service = await startService({
    args: ['--virtual-cameras', '1'],
    stateDir: join(base, 'state'),
    wrapper: [...UNSHARE, 'sh', '-c', script, base],
    env: {
      CAMERA_SERVICE_MEDIAMTX_RECORDINGS_PATH: join(base, 'files', 'recordings'),
      CAMERA_SERVICE_MEDIAMTX_SNAPSHOTS_PATH: join(base, 'files', 'snapshots'),
      CAMERA_SERVICE_STORAGE_FALLBACK_PATH: join(base, 'fallback'),
    },
  })
  client = await RpcClient.connect(service.url)
  await client.login(service.token('admin'))
}

function has(params: unknown, member: string, value: string): boolean {
  return typeof params === 'object' && params !== null && Reflect.get(params, member) === value
}

async function recorded(filename: string): Promise<string> {
  const started = await client.call<Started>('start_recording', { device: 'camera0', filename })
  await client.call('stop_recording', { device: 'camera0' })
  return started.filename
}

async function names(method: string): Promise<readonly string[]> {
  const { files } = await client.call<{ files: readonly Started[] }>(method)
  return files.map(({ filename }) => filename)
}

async function health(): Promise<string> {
  return (await client.call<{ status: string }>('get_status')).status
}

function remount(mode: 'ro' | 'rw'): void {
  execFileSync('nsenter', [...NSENTER, '--target', String(service.pid), 'mount', '-o', `remount,${mode}`, join(base, 'files')])
}

/** A place as the service sees it. */
function inside(...parts: readonly string[]): string {
  return join(`/proc/${service.pid}/root`, base, ...parts)
}
