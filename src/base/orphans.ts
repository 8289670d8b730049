/** Processes that a service of this state directory left behind: found by a mark in their environment, which they inherit. */

import { close, open, read } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

const MARK = 'CAMERA_SERVICE_CHILD'
/** Read side by side: a start waits for it, and a machine may have thousands of processes. */
const LANES = 8
const LENT_BYTES = 16 * 1024
const GONE_POLL_MS = 5
/** A killed process that is stuck in the kernel is waited for no longer. */
const GONE_TIMEOUT_MS = 2_000
/** Without a `FileHandle` for each, which costs more than all the rest. */
const [openFile, readFrom, closeFile] = [promisify(open), promisify(read), promisify(close)]

/** What each child is started with. */
export function childMark(instance: string): Record<string, string> {
  return { [MARK]: `${instance}:${process.pid}` }
}

/**
 * Kills marked processes whose service is gone; `including: 'ours'` also our own. Returns how many. Resolves when they hold nothing
 * any more: a server that still accepts on its port would be taken for one to adopt.
 */
export async function killOrphans(instance: string, including: 'others' | 'ours'): Promise<number> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => Number.isInteger(pid) && pid !== process.pid)
  const killed: number[] = []
  const work = async (): Promise<void> => {
    const lent = Buffer.allocUnsafe(LENT_BYTES)
    for (let pid = pids.pop(); pid !== undefined; pid = pids.pop()) {
      const environment = await environmentOf(pid, lent)
      const mark = environment.split('\0').find((word) => word.startsWith(`${MARK}=${instance}:`))
      if (mark === undefined) continue
      const servicePid = Number(mark.slice(mark.lastIndexOf(':') + 1))
      if (servicePid === process.pid ? including === 'others' : await isAlive(servicePid)) continue
      if (hasKilled(pid)) killed.push(pid)
    }
  }
  await Promise.all(Array.from({ length: LANES }, work))
  const untilMs = performance.now() + GONE_TIMEOUT_MS
  await Promise.all(killed.map((pid) => gone(pid, untilMs)))
  return killed.length
}

async function gone(pid: number, untilMs: number): Promise<void> {
  while (!(await holdsNothing(pid)) && performance.now() < untilMs) await delay(GONE_POLL_MS)
}

/** Gone, or only its first thread is left and waits to be reaped: what threads share is closed with the last of them. */
async function holdsNothing(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
  return threads.length <= 1 && !(await isAlive(pid))
}

/** Empty when it cannot be read: another user's, or gone meanwhile. */
async function environmentOf(pid: number, lent: Buffer): Promise<string> {
  try {
    const fd = await openFile(`/proc/${pid}/environ`, 'r')
    try {
      const parts: string[] = []
      for (;;) {
        const { bytesRead } = await readFrom(fd, lent, 0, lent.length, null)
        if (bytesRead === 0) return parts.join('')
        parts.push(lent.toString('latin1', 0, bytesRead))
      }
    } finally {
      await closeFile(fd)
    }
  } catch {
    return ''
  }
}

function hasKilled(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL')
    return true
  } catch {
    // Gone meanwhile.
    return false
  }
}

/** Not one that has ended and waits to be reaped, either: not every parent does that soon, or at all. */
async function isAlive(pid: number): Promise<boolean> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
    return !['Z', 'X'].includes(stat.charAt(stat.lastIndexOf(')') + 2))
  } catch (thrown) {
    return !(thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ESRCH'))
  }
}
