import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Lease } from '../../../src/cameras/index.js'
import type { Core, SavedFrame } from '../../../src/native/index.js'
import type { SnapshotsOptions } from '../../../src/snapshots/index.js'
import { makeSnapshots } from './rig.js'

const facts = { width: 640, height: 360, sequence: 1, capturedAtUs: 1, capturedWallMs: 0, sizeBytes: 9 }
const info = { width: 640, height: 360, fourcc: 'MJPG', interval: { num: 1, den: 10 }, buffers: 4 }

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'snapshots-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function setUp(overrides: Partial<SnapshotsOptions> = {}) {
  let leases = 0
  /** Writes under way, oldest first. */
  const writes: { readonly file: string; done(): void; fail(code: string): void }[] = []
  const core: Pick<Core, 'id' | 'saveFrame'> = {
    id: 1,
    saveFrame: (_source, _wish, folder, name) =>
      new Promise<SavedFrame>((resolve, reject) => {
        const file = join(folder, name)
        writes.push({
          file,
          done: () => resolve({ ...facts, file }),
          fail: (code) => reject(Object.assign(new Error(code), { code, errno: 5, call: 'write', node: '' })),
        })
      }),
  }
  const lease = async (): Promise<Lease> => {
    leases += 1
    const release = (): void => {
      leases -= 1
    }
    return { source: 'virtual:0', info, release } as unknown as Lease
  }
  const snapshots = makeSnapshots({
    core: core as Core,
    cameras: { lease, sibling: () => undefined },
    dir,
    ...overrides,
  })
  const told: string[] = []
  snapshots.events.on('taken', ({ filename, resolution }) => told.push(`taken ${filename} ${resolution}`))
  snapshots.events.on('failed', ({ error }) => told.push(`failed ${error}`))
  const write = async () => {
    while (writes.length === 0) await new Promise((resolve) => setImmediate(resolve))
    const next = writes.shift()
    if (next === undefined) throw new Error('no write')
    return next
  }
  return { snapshots, told, write, leases: () => leases }
}

const wish = (filename?: string) => ({ device: 'camera0', ...(filename === undefined ? {} : { filename }) })
const connected = () => new AbortController().signal

describe('snapshots', () => {
  it('are told with name and size, and hold the camera no longer than needed', async () => {
    const { snapshots, told, write, leases } = setUp()
    const taken = snapshots.take(wish('a'), connected())
    const job = await write()
    expect(leases()).toBe(1)
    job.done()
    expect(await taken).toEqual({
      device: 'camera0',
      filename: 'a.jpg',
      status: 'SUCCESS',
      timestamp: '1970-01-01T00:00:00.000Z',
      file_size: 9,
      file_path: join(dir, 'a.jpg'),
    })
    expect([told, leases()]).toEqual([['taken a.jpg 640x360'], 0])
  })

  it.each([
    ['DISK_FULL', 'INVALID_STATE', { state: 'STORAGE_FULL', legacy_code: -1010 }],
    ['IO', 'DEPENDENCY_FAILED', { dependency: 'storage' }],
    ['CAMERA_GONE', 'DEPENDENCY_FAILED', { dependency: 'camera' }],
  ])('name what failed and let go of the camera: %s', async (native, code, data) => {
    const { snapshots, told, write, leases } = setUp()
    const refused = expect(snapshots.take(wish(), connected())).rejects.toMatchObject({ code, data })
    ;(await write()).fail(native)
    await refused
    expect([told.length, leases()]).toEqual([1, 0])
  })

  it('tell nobody of the failure of a caller who left', async () => {
    const { snapshots, told, write } = setUp()
    const caller = new AbortController()
    const refused = expect(snapshots.take(wish(), caller.signal)).rejects.toThrow()
    const job = await write()
    caller.abort()
    job.fail('TIMEOUT')
    await refused
    expect(told).toEqual([])
  })

  it('never write twice under one name at the same time', async () => {
    const { snapshots, write } = setUp()
    const both = Promise.all([snapshots.take(wish('a'), connected()), snapshots.take(wish('a'), connected())])
    const jobs = [await write(), await write()]
    expect(jobs.map((job) => job.file).sort()).toEqual([join(dir, 'a-2.jpg'), join(dir, 'a.jpg')])
    for (const job of jobs) job.done()
    expect((await both).map((snapshot) => snapshot.filename).sort()).toEqual(['a-2.jpg', 'a.jpg'])
  })

  it('go into a folder per camera when told so', async () => {
    const { snapshots, write } = setUp({ deviceSubdirs: true })
    const taken = snapshots.take(wish('a'), connected())
    const job = await write()
    expect(job.file).toBe(join(dir, 'camera0', 'a.jpg'))
    job.done()
    await taken
  })

  it('are refused by name when switched off', async () => {
    const { snapshots } = setUp({ enabled: false })
    await expect(snapshots.take(wish(), connected())).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      data: { feature: 'snapshots' },
    })
  })

  it('begin without the half files of an earlier run', async () => {
    const half = join(dir, `a.png.${process.pid}-x1.part`)
    writeFileSync(half, '')
    await setUp().snapshots.start()
    expect(existsSync(half)).toBe(false)
  })
})
