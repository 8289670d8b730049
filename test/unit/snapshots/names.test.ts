import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Lease } from '../../../src/cameras/index.js'
import type { Core } from '../../../src/native/index.js'
import type { Snapshots } from '../../../src/snapshots/index.js'
import { makeSnapshots } from './rig.js'

const facts = { width: 640, height: 360, sequence: 1, capturedAtUs: 1, capturedWallMs: 1, sizeBytes: 1 }
const info = { width: 640, height: 360, fourcc: 'MJPG', interval: { num: 1, den: 10 }, buffers: 4 }

describe('names of snapshots', () => {
  let dir: string
  let names: Set<string>
  let writes: number
  let snapshots: Snapshots
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'snapshots-'))
    names = new Set()
    writes = 0
    // Like the core: writes first, then finds out that the name is taken.
    const core: Pick<Core, 'id' | 'saveFrame'> = {
      id: 1,
      saveFrame: async (_source, _wish, folder, name) => {
        writes += 1
        if (names.has(name)) throw Object.assign(new Error('taken'), { code: 'IO', errno: 17, call: 'renameat2', node: '' })
        names.add(name)
        return { ...facts, file: join(folder, name) }
      },
    }
    snapshots = makeSnapshots({
      core: core as Core,
      cameras: {
        lease: async () => ({ source: 'virtual:0', info, release: () => {} }) as unknown as Lease,
        sibling: () => undefined,
      },
      dir,
    })
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  const take = (filename?: string) =>
    snapshots.take({ device: 'camera0', ...(filename === undefined ? {} : { filename }) }, new AbortController().signal)

  test('twenty pictures of one second have twenty names and cost twenty writes', async () => {
    for (let i = 0; i < 20; i += 1) await take()
    expect(names.size).toBe(20)
    expect(writes).toBe(20)
    expect([...names].at(-1)).toMatch(/-20\.jpg$/)
  })

  test('a chosen name that became free again is used again', async () => {
    await take('door.jpg')
    expect((await take('door.jpg')).filename).toBe('door-2.jpg')
    names.delete('door.jpg')
    expect((await take('door.jpg')).filename).toBe('door.jpg')
  })
})
