/** One writer at a time among processes: the service and the command line change the same file. */

import { link, open, rename, stat, unlink } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { isErrno } from '../state-dir.js'

const RETRY_MS = 20
/** Longest wait for another's turn. A turn takes milliseconds. */
const WAIT_MS = 15_000
/** From then on whoever held it is taken for dead. */
const STALE_MS = 10_000

/** Runs `work` while nobody else does. Rejects when another holds the lock for too long. */
export async function withLock<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  const lock = `${file}.lock`
  const endMs = performance.now() + WAIT_MS
  while (!(await taken(lock))) {
    if (performance.now() > endMs) throw new Error(`${lock}: another program holds it; remove it if none is running`)
    await removeStale(lock)
    await delay(RETRY_MS)
  }
  try {
    return await work()
  } finally {
    await unlink(lock).catch(() => undefined)
  }
}

async function taken(lock: string): Promise<boolean> {
  try {
    const handle = await open(lock, 'wx', 0o600)
    await handle.close()
    return true
  } catch (thrown) {
    if (isErrno(thrown, 'EEXIST')) return false
    throw thrown
  }
}

async function removeStale(lock: string): Promise<void> {
  if (!(await isStale(lock))) return
  // Renamed first: of several who see a stale lock only one gets it, and a fresh one caught by mistake is put back.
  const aside = `${lock}.${process.pid}`
  try {
    await rename(lock, aside)
    if (!(await isStale(aside))) await link(aside, lock).catch(() => undefined)
    await unlink(aside)
  } catch (thrown) {
    if (!isErrno(thrown, 'ENOENT')) throw thrown
  }
}

async function isStale(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > STALE_MS
}
