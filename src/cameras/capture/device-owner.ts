/** Who holds a device node: a look through /proc, best effort and only for people (v4l2-native §4.5). */

import { readdir, readFile, readlink, stat } from 'node:fs/promises'

export interface DeviceOwner {
  readonly pid: number
  /** The process's name, cleaned of control characters. */
  readonly name: string
}

export interface OwnerOptions {
  /** `/proc`; another folder in tests. */
  readonly procDir: string
  /** The whole look ends after so long. */
  readonly timeoutMs: number
  readonly nowMs: () => number
}

const MAX_PROCESSES = 8_192
const MAX_DESCRIPTORS = 4_096
/** Processes looked at side by side: the pool of file threads is shared with the whole service. */
const ABREAST = 2

/**
 * The first process that holds the node open, or undefined: none does, or it belongs to another user, whose descriptors cannot be
 * seen. Never rejects.
 */
export async function findOwner(node: string, options: OwnerOptions): Promise<DeviceOwner | undefined> {
  const { procDir, timeoutMs, nowMs } = options
  const rdev = await deviceNumber(node)
  if (rdev === undefined) return undefined
  const untilMs = nowMs() + timeoutMs
  // The youngest first: who took the camera came after us, more often than not.
  const pids = (await readdir(procDir).catch(() => []))
    .filter((name) => /^\d+$/.test(name))
    .sort((a, b) => Number(b) - Number(a))
    .slice(0, MAX_PROCESSES)
  let found: number | undefined
  const look = async (): Promise<void> => {
    for (let pid = pids.shift(); pid !== undefined; pid = pids.shift()) {
      if (found !== undefined || nowMs() > untilMs) return
      if (await holds(Number(pid), rdev, procDir)) found ??= Number(pid)
    }
  }
  await Promise.all(Array.from({ length: ABREAST }, look))
  return found === undefined ? undefined : { pid: found, name: await nameOf(found, procDir) }
}

/** Whether the process holds the node still. */
export async function stillHolds(owner: DeviceOwner, node: string, procDir: string): Promise<boolean> {
  const rdev = await deviceNumber(node)
  return rdev !== undefined && holds(owner.pid, rdev, procDir)
}

async function holds(pid: number, rdev: number, procDir: string): Promise<boolean> {
  const folder = `${procDir}/${pid}/fd`
  const descriptors = await readdir(folder).catch(() => [])
  for (const descriptor of descriptors.slice(0, MAX_DESCRIPTORS)) {
    const file = `${folder}/${descriptor}`
    // Only what can be a device node is looked at closer: a look at a file of a dead network share may hang.
    const target = await readlink(file).catch(() => '')
    if (target.startsWith('/dev/') && (await deviceNumber(file)) === rdev) return true
  }
  return false
}

async function deviceNumber(file: string): Promise<number | undefined> {
  const facts = await stat(file).catch(() => undefined)
  return facts?.isCharacterDevice() === true ? facts.rdev : undefined
}

async function nameOf(pid: number, procDir: string): Promise<string> {
  const text = await readFile(`${procDir}/${pid}/comm`, 'utf8').catch(() => '')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed.
  return text.replace(/[\u0000-\u001f\u007f]/g, '').slice(0, 64) || 'a process'
}
