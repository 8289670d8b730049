/**
 * Opens a file below a folder and nothing outside it: each component by itself, below the one before, and never through a link. What
 * a name stands for can be changed by others at any time, so all checks are made on what is open.
 */

import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
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
    const handle = await open(`/proc/self/fd/${folder.fd}/${name}`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    return await checked(handle)
  } finally {
    await folder.close()
  }
}

async function checked(handle: FileHandle): Promise<OpenFile> {
  try {
    const stats = await handle.stat()
    // A second name of somebody else's file is refused; a recorder under another user writes files with one name.
    const foreign = stats.nlink > 1 && stats.uid !== geteuid?.()
    if (!stats.isFile() || foreign) throw noFile()
    return { handle, sizeBytes: stats.size, modifiedMs: stats.mtimeMs, inode: stats.ino }
  } catch (thrown) {
    await handle.close()
    throw thrown
  }
}

function noFile(): NodeJS.ErrnoException {
  return Object.assign(new Error('there is no such file'), { code: 'ENOENT' })
}
