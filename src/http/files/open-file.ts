/**
 * Opens a file below a folder and nothing outside it: each component by itself, below the one before, and never through a link. What
 * a name stands for can be changed by others at any time, so all checks are made on what is open.
 */

import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open } from 'node:fs/promises'
import { relative, sep } from 'node:path'
import { geteuid } from 'node:process'
import type { FileState } from './conditions.js'

export interface OpenFile extends FileState {
  readonly handle: FileHandle
}

const { O_RDONLY, O_NOFOLLOW, O_DIRECTORY, O_NONBLOCK } = constants

/** Rejects with ENOENT for what is no plain file of ours, else with the error of the system. The caller closes it. */
export async function openBelow(root: string, path: string): Promise<OpenFile> {
  const parts = relative(root, path).split(sep)
  const name = parts.pop() ?? ''
  if (name === '' || name === '..' || parts.includes('..')) throw noFile()
  // The folder itself may be configured as a link.
  let folder = await open(root, O_RDONLY | O_DIRECTORY)
  try {
    for (const part of parts) {
      const next = await open(`/proc/self/fd/${folder.fd}/${part}`, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
      await folder.close()
      folder = next
    }
    // A fifo would keep the thread until somebody writes into it.
    const place = `/proc/self/fd/${folder.fd}/${name}`
    return await checked(await open(place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK), place)
  } finally {
    await folder.close()
  }
}

async function checked(handle: FileHandle, place: string): Promise<OpenFile> {
  try {
    const stats = await handle.stat()
    // A second name of somebody else's file is refused; a recorder under another user writes files with one name.
    const isOurs = stats.uid === geteuid?.() || (await isOnlyName(stats, place))
    if (!stats.isFile() || !isOurs) throw noFile()
    return { handle, sizeBytes: stats.size, modifiedMs: stats.mtimeMs, inode: stats.ino }
  } catch (thrown) {
    await handle.close()
    throw thrown
  }
}

/**
 * How many names it has is asked through the one in our folder: what is open may have lost that one meanwhile and so have one left, elsewhere.
 * Asked twice: a rename that takes the name away lowers the count a moment before the name means another file.
 */
async function isOnlyName({ ino, dev }: Stats, place: string): Promise<boolean> {
  for (let look = 0; look < 2; look += 1) {
    const named = await lstat(place)
    if (named.ino !== ino || named.dev !== dev || named.nlink !== 1) return false
  }
  return true
}

function noFile(): NodeJS.ErrnoException {
  return Object.assign(new Error('there is no such file'), { code: 'ENOENT' })
}
