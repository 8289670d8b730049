/** Children of ours: they let the service go first, and end with everything in their process group, politely at first. */

import type { ChildProcess } from 'node:child_process'
import { getPriority, setPriority } from 'node:os'
import type { Clock } from './clock.js'

export interface EndOptions {
  readonly clock: Clock
  readonly signal: 'SIGINT' | 'SIGTERM'
  /** Then the group is killed. */
  readonly graceMs: number
}

/** In steps of niceness: who makes pictures waits for who answers clients. */
const AFTER_US = 5
const LAST = 19

/** For a child just spawned: its threads are still to come, and are as it is. Where the system does not let us it stays as we are. */
export function goesAfterUs({ pid }: Pick<ChildProcess, 'pid'>): void {
  if (pid === undefined) return
  try {
    setPriority(pid, Math.min(LAST, getPriority() + AFTER_US))
  } catch {
    // EPERM: the unit's filter of system calls. ESRCH: it has ended already.
  }
}

/** Resolves when the child is gone. The child must lead its own group (`detached`). */
export async function endChild(child: ChildProcess, options: EndOptions): Promise<void> {
  const { pid } = child
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  await new Promise<void>((resolve) => {
    const cancel = options.clock.after(options.graceMs, () => signalGroup(pid, 'SIGKILL'))
    child.once('exit', () => {
      cancel()
      resolve()
    })
    signalGroup(pid, options.signal)
  })
  // What the child itself started and left behind.
  signalGroup(pid, 'SIGKILL')
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // ESRCH: nobody left.
  }
}
