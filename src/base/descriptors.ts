/** File descriptors of this process. */

import { readdir, readFile, stat } from 'node:fs/promises'

const FOLDER = '/proc/self/fd'

/** How many are open, without those that counting needs. */
export async function openDescriptors(): Promise<number> {
  // Linux 6.2 and later tell it as the size of the folder; listing thousands takes milliseconds.
  const { size } = await stat(FOLDER)
  return size > 0 ? size : await listedDescriptors()
}

export async function listedDescriptors(): Promise<number> {
  // One of them is the folder itself.
  return (await readdir(FOLDER)).length - 1
}

/** How many there may be; undefined: as many as the system has. */
export async function descriptorLimit(): Promise<number | undefined> {
  const limit = /^Max open files +(\d+)/m.exec(await readFile('/proc/self/limits', 'utf8'))?.[1]
  return limit === undefined ? undefined : Number(limit)
}
