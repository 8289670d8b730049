import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { watchFile } from '../../../src/base/file-watch.js'
import { FakeClock } from '../../support/fake-clock.js'

const QUIET_MS = 200
const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'file-watch-'))
  const clock = new FakeClock()
  let changes = 0
  const failures: unknown[] = []
  const file = join(folder, 'config.json')
  const begin = () => {
    const end = watchFile({
      file,
      quietMs: QUIET_MS,
      clock,
      onChange: () => {
        changes += 1
      },
      onFailure: (thrown) => failures.push(thrown),
    })
    ends.push(end, () => rmSync(folder, { recursive: true, force: true }))
    return end
  }
  /** Waits for the system to tell, then for quiet, until a change was told. */
  const told = async (): Promise<void> => {
    const before = changes
    await vi.waitFor(
      () => {
        clock.advance(QUIET_MS)
        expect(changes).toBeGreaterThan(before)
      },
      { timeout: 10_000 },
    )
  }
  return { folder, file, clock, begin, told, failures, changes: () => changes }
}

/** A link to a file in another folder, watched; the place of the file. */
async function linked() {
  const rig = setUp()
  const target = join(rig.folder, 'elsewhere/real.json')
  mkdirSync(join(rig.folder, 'elsewhere'))
  writeFileSync(target, '1')
  symlinkSync(target, rig.file)
  const end = rig.begin()
  await rig.told()
  return { ...rig, target, end }
}

describe('the watch of a file', () => {
  it('tells nothing more once it has failed', async () => {
    const { file, clock, begin, failures, changes } = setUp()
    // It cannot be watched where this leads to.
    symlinkSync(join(file, '../nowhere/real.json'), file)
    begin()
    await vi.waitFor(() => expect(failures).toHaveLength(1))
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(QUIET_MS)
    expect([changes(), clock.pending]).toEqual([0, 0])
  })

  it('tells once of several writes, after the quiet time', async () => {
    const { file, clock, begin, changes } = setUp()
    writeFileSync(file, '1')
    begin()
    writeFileSync(file, '2')
    writeFileSync(file, '3')
    await vi.waitFor(() => expect(clock.pending).toBe(1))
    clock.advance(QUIET_MS - 1)
    expect(changes()).toBe(0)
    clock.advance(1)
    expect(changes()).toBe(1)
  })

  it('does not tell of its neighbours', async () => {
    const { file, folder, clock, begin, told, changes } = setUp()
    writeFileSync(file, '1')
    begin()
    writeFileSync(join(folder, 'camera.log'), 'x')
    writeFileSync(file, '2')
    await told()
    const before = changes()
    writeFileSync(join(folder, 'camera.log'), 'y')
    writeFileSync(file, '3')
    await vi.waitFor(() => expect(clock.pending).toBe(1))
    clock.advance(QUIET_MS)
    expect(changes()).toBe(before + 1)
  })

  it('tells that the folder is gone, and ends', async () => {
    const { file, folder, begin, failures } = setUp()
    rmSync(folder, { recursive: true })
    begin()
    expect(failures).toEqual([expect.objectContaining({ code: 'ENOENT', path: expect.stringContaining(file.slice(0, 20)) })])
  })
})

describe('the watch of a link', () => {
  it('tells of writes where it points to, in place and renamed into place', async () => {
    const { target, told } = await linked()
    writeFileSync(target, '2')
    await told()
    writeFileSync(`${target}.new`, '3')
    renameSync(`${target}.new`, target)
    await told()
  })

  it('tells that it points elsewhere, and of writes there', async () => {
    const { folder, file, told } = await linked()
    const other = join(folder, 'elsewhere/other.json')
    writeFileSync(other, '2')
    symlinkSync(other, `${file}.new`)
    renameSync(`${file}.new`, file)
    await told()
    writeFileSync(other, '3')
    await told()
  })

  it('tells that a folder on the way was exchanged, as containers do', async () => {
    const rig = setUp()
    for (const version of ['v1', 'v2']) {
      mkdirSync(join(rig.folder, version))
      writeFileSync(join(rig.folder, version, 'config.json'), version)
    }
    symlinkSync('v1', join(rig.folder, '..data'))
    symlinkSync('..data/config.json', rig.file)
    rig.begin()
    await rig.told()
    symlinkSync('v2', join(rig.folder, '..next'))
    renameSync(join(rig.folder, '..next'), join(rig.folder, '..data'))
    await rig.told()
  })

  it('follows a link that took the place of the file', async () => {
    const rig = setUp()
    writeFileSync(rig.file, '1')
    rig.begin()
    const target = join(rig.folder, 'elsewhere/real.json')
    mkdirSync(join(rig.folder, 'elsewhere'))
    writeFileSync(target, '2')
    symlinkSync(target, join(rig.folder, 'next'))
    renameSync(join(rig.folder, 'next'), rig.file)
    await rig.told()
    // That it leads elsewhere may be told once more, or with the first: what is told after the second write is that write.
    for (const text of ['3', '4']) {
      writeFileSync(target, text)
      await rig.told()
    }
  })

  it('ends with nothing left', async () => {
    const { target, clock, end, changes } = await linked()
    const before = changes()
    end()
    writeFileSync(target, '2')
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(QUIET_MS)
    expect(changes()).toBe(before)
    expect(clock.pending).toBe(0)
  })
})
