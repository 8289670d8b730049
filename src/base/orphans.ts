/** Processes that a service of this state directory left behind: found by a mark in their environment, which they inherit. */

import { readdir, readFile } from 'node:fs/promises'

const MARK = 'CAMERA_SERVICE_CHILD'

/** What each child is started with. */
export function childMark(instance: string): Record<string, string> {
  return { [MARK]: `${instance}:${process.pid}` }
}

/** Kills marked processes whose service is gone; `including: 'ours'` also our own. Returns how many. */
export async function killOrphans(instance: string, including: 'others' | 'ours'): Promise<number> {
  let killed = 0
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry)
    if (!Number.isInteger(pid) || pid === process.pid) continue
    // Unreadable: another user's, or gone meanwhile.
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
    const mark = environment.split('\0').find((word) => word.startsWith(`${MARK}=${instance}:`))
    if (mark === undefined) continue
    const servicePid = Number(mark.slice(mark.lastIndexOf(':') + 1))
    if (servicePid === process.pid ? including === 'others' : isAlive(servicePid)) continue
    try {
      process.kill(pid, 'SIGKILL')
      killed++
    } catch {
      // Gone meanwhile.
    }
  }
  return killed
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM'
  }
}
