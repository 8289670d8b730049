import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { findOwner, stillHolds } from '../../../../src/cameras/capture/device-owner.js'

/** A character device that hardly anybody has open. */
const NODE = '/dev/full'
const OPTIONS = { procDir: '/proc', timeoutMs: 5_000, nowMs: () => performance.now() }

describe('the owner of a device node', () => {
  const children: ChildProcess[] = []
  const folders: string[] = []
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
  })

  it('is named with its process, also when it opened the node under another name, until it lets go', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'owner-'))
    folders.push(folder)
    await symlink(NODE, join(folder, 'link'))
    const child = spawn('sh', ['-c', `exec 3< ${folder}/link; echo open; exec sleep 60`], { stdio: ['ignore', 'pipe', 'ignore'] })
    children.push(child)
    await once(child.stdout as NodeJS.EventEmitter, 'data')
    const owner = await findOwner(NODE, OPTIONS)
    if (owner === undefined) throw new Error('no owner found')
    expect(owner.pid).toBe(child.pid)
    expect(['sh', 'sleep']).toContain(owner.name)
    expect(await stillHolds(owner, NODE, '/proc')).toBe(true)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await stillHolds(owner, NODE, '/proc')).toBe(false)
    expect(await findOwner(NODE, OPTIONS)).toBeUndefined()
  })

  it('is unknown for what is no device, without a process list, and when the time is up', async () => {
    expect(await findOwner('/dev/video-none', OPTIONS)).toBeUndefined()
    expect(await findOwner('/etc/hostname', OPTIONS)).toBeUndefined()
    expect(await findOwner(NODE, { ...OPTIONS, procDir: '/nowhere' })).toBeUndefined()
    const folder = await fakeProc('camera-app\n')
    expect(await findOwner(NODE, { ...OPTIONS, procDir: folder })).toMatchObject({ pid: 42 })
    let now = 0
    const late = { procDir: folder, timeoutMs: 5, nowMs: () => (now += 10) }
    expect(await findOwner(NODE, late)).toBeUndefined()
  })

  it('is named in clean words', async () => {
    const dirty = await fakeProc('cam\u001b[31m\nera\n')
    expect(await findOwner(NODE, { ...OPTIONS, procDir: dirty })).toEqual({ pid: 42, name: 'cam[31mera' })
    const nameless = await fakeProc('')
    expect(await findOwner(NODE, { ...OPTIONS, procDir: nameless })).toEqual({ pid: 42, name: 'a process' })
  })

  /** One process that has the node open beside files that are none of ours. */
  async function fakeProc(comm: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'owner-'))
    folders.push(folder)
    await mkdir(join(folder, '42/fd'), { recursive: true })
    await mkdir(join(folder, 'self'))
    await symlink('/dev/null', join(folder, '42/fd/0'))
    await symlink('socket:[77]', join(folder, '42/fd/1'))
    await symlink(NODE, join(folder, '42/fd/2'))
    await writeFile(join(folder, '42/comm'), comm)
    return folder
  }
})
