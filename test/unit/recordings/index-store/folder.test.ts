/** One folder of the index, whose owner stops it in the middle of its work. */

import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Folder } from '../../../../src/recordings/index-store/folder.js'
import { IndexStore } from '../../../../src/recordings/index-store/store.js'

let base: string

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'folder-'))
})

afterEach(() => {
  rmSync(base, { recursive: true, force: true })
})

/** Whoever lists a folder waits until the returned function is called: all threads that could do it wait for a pipe. */
function holdThreads(): () => Promise<void> {
  const pipe = join(base, 'pipe')
  execFileSync('mkfifo', [pipe])
  const threads = Number(process.env.UV_THREADPOOL_SIZE ?? 4)
  const opened = Array.from({ length: threads }, () => open(pipe, 'r'))
  return async () => {
    const other = openSync(pipe, 'r+')
    for (const file of await Promise.all(opened)) await file.close()
    closeSync(other)
  }
}

describe('a folder that is stopped while it is listed', () => {
  async function callsAfter(change: (dir: string) => void): Promise<unknown[]> {
    const { store } = IndexStore.open(join(base, 'files.db'))
    const onFolders = vi.fn()
    const onDamage = vi.fn()
    const dir = join(base, 'r', 'camera0')
    mkdirSync(join(dir, 'below'), { recursive: true })
    const release = holdThreads()
    const folder = new Folder({ kind: 'recording', root: join(base, 'r'), dir: 'camera0', store, onFolders, onDamage })
    const work = folder.start()
    await turn()
    folder.stop()
    store.close()
    change(dir)
    await release()
    await work
    return [...onFolders.mock.calls, ...onDamage.mock.calls]
  }

  it('tells nothing of what lies in it', async () => {
    expect(await callsAfter(() => undefined)).toEqual([])
  })

  it('tells nothing of its end', async () => {
    expect(await callsAfter((dir) => rmSync(dir, { recursive: true }))).toEqual([])
  })
})
