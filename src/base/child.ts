/** Ends a child of ours and everything in its process group, politely first. */

import type { ChildProcess } from 'node:child_process'
import type { Clock } from './clock.js'

export interface EndOptions {
  readonly clock: Clock
  readonly signal: 'SIGINT' | 'SIGTERM'
  /** Then the group is killed. */
  readonly graceMs: number
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
