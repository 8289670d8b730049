/**
 * Bounds in milliseconds hold for a machine that has a processor to spare; tests run on one that has not. The kernel counts how long each
 * thread was ready to run while others had the processor: that time, of the service and of the test itself, is nobody's delay.
 */

import { readdirSync, readFileSync } from 'node:fs'

/**
 * Milliseconds that the process waited for a processor since it began: its main thread, and that other thread which waited longest, since the
 * first may have waited for it meanwhile. 0 where the kernel does not count them.
 */
export function waitedMs(pid: number): number {
  try {
    const [main = 0, ...others] = readdirSync(`/proc/${pid}/task`)
      .sort((a, b) => Number(a) - Number(b))
      .map((task) => threadMs(`/proc/${pid}/task/${task}/schedstat`))
    return main + Math.max(0, ...others)
  } catch {
    return 0
  }
}

/** 0 when the thread has ended meanwhile. */
function threadMs(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8').split(' ')[1]) / 1e6
  } catch {
    return 0
  }
}

/** Begins to measure; the answer ends it. `pid` may be told at the end, when the process began meanwhile. */
export function stopwatch(pid?: number): (started?: number) => number {
  const before = pid === undefined ? 0 : waitedMs(pid)
  const ownBefore = waitedMs(process.pid)
  const begun = performance.now()
  return (started) => {
    const tookMs = performance.now() - begun
    const other = started ?? pid
    const waited = waitedMs(process.pid) - ownBefore + (other === undefined ? 0 : waitedMs(other) - before)
    return Math.max(0, tookMs - waited)
  }
}
