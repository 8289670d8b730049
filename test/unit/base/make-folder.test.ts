import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeFolder, makeFolderSync } from '../../../src/base/make-folder.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'folders-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

describe.each([
  ['makeFolder', makeFolder],
  ['makeFolderSync', async (path: string, mode?: number) => makeFolderSync(path, mode)],
] as const)('%s', (_name, make) => {
  it('makes what is missing, as often as it is asked', async () => {
    const deep = join(dir, 'a/b/c')
    await make(deep, 0o700)
    await make(deep)
    expect(statSync(deep).mode & 0o777).toBe(0o700)
    expect(statSync(join(dir, 'a')).mode & 0o777).toBe(0o700)
    await Promise.all(Array.from({ length: 8 }, () => make(join(dir, 'x/y/z'))))
    expect(existsSync(join(dir, 'x/y/z'))).toBe(true)
  })

  it('takes a link to a folder for one', async () => {
    symlinkSync(dir, join(dir, 'link'))
    await make(join(dir, 'link'))
    await make(join(dir, 'link/sub'))
    expect(existsSync(join(dir, 'sub'))).toBe(true)
  })

  it('says what is in the way', async () => {
    writeFileSync(join(dir, 'file'), '')
    symlinkSync(join(dir, 'nowhere'), join(dir, 'dangling'))
    await expect(make(join(dir, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(make(join(dir, 'file/sub/deep'))).rejects.toMatchObject({ code: 'ENOTDIR' })
    await expect(make(join(dir, 'dangling/sub'))).rejects.toMatchObject({ code: 'EEXIST', path: join(dir, 'dangling') })
  })

  it('ends where the system makes no folders', async () => {
    await expect(make('/proc/no-such-folder')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(make('/proc/no-such-folder/sub')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
