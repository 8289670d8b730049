/**
 * Removes a file below a folder and nothing outside it: each component is opened by itself, below the one before, and never through a link.
 * What a name stands for can be changed by others at any time.
 */

import { closeSync, constants, openSync, unlinkSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants

/** False when there is no such file, or something else than folders on the way to it. `folder`: absolute, `root` or below it. Throws else what the system says. */
export function unlinkBelow(root: string, folder: string, name: string): boolean {
  const parts = relative(root, folder)
  try {
    // The root itself may be configured as a link.
    if (parts === '') unlinkSync(join(root, name))
    else unlinkIn(root, parts.split(sep), name)
    return true
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return false
    throw thrown
  }
}

function unlinkIn(root: string, parts: readonly string[], name: string): void {
  let folder = openSync(root, O_RDONLY | O_DIRECTORY)
  try {
    for (const part of parts) {
      const next = openSync(`/proc/self/fd/${folder}/${part}`, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
      closeSync(folder)
      folder = next
    }
    unlinkSync(`/proc/self/fd/${folder}/${name}`)
  } finally {
    closeSync(folder)
  }
}
