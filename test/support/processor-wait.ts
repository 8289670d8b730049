/**
 * Bounds in milliseconds hold for a machine that has a processor to spare; tests run on one that has not. The kernel counts how long each
 * thread was ready to run while others had the processor, and how long a virtual processor was kept from running by its host: that time,
 * of the service and of the test itself, is nobody's delay.
 */

import { readdirSync, readFileSync } from 'node:fs'

/** What `/proc/stat` counts in (USER_HZ). */
const TICK_MS = 10

/** Milliseconds that each thread waited for a processor since it began, by its number; none where the kernel does not count them. */
type Waits = ReadonlyMap<number, number>

function waitsOf(pid: number): Waits {
  try {
    return new Map(
      readdirSync(`/proc/${pid}/task`).map((task) => [Number(task), threadMs(`/proc/${pid}/task/${task}/schedstat`)]),
    )
  } catch {
    return new Map()
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

/**
 * Of the main thread, and of that other one which waited longest, since the first may have waited for it meanwhile. Of threads that have
 * ended nobody knows; what they waited before is nobody's gain either.
 */
function waitedMs(pid: number, before: Waits, after: Waits): number {
  const waited = (task: number): number => Math.max(0, (after.get(task) ?? 0) - (before.get(task) ?? 0))
  const others = [...after.keys()].filter((task) => task !== pid)
  return waited(pid) + Math.max(0, ...others.map(waited))
}

/** Milliseconds of each processor that its host gave to others (`steal` of `/proc/stat`). */
function stolenMs(): readonly number[] {
  const lines = readFileSync('/proc/stat', 'utf8').split('\n')
  return lines.filter((line) => /^cpu\d/.test(line)).map((line) => Number(line.split(' ')[8] ?? 0) * TICK_MS)
}

/** Begins to measure; the answer ends it. `pid` may be told at the end, when the process began meanwhile. */
export function stopwatch(pid?: number): (started?: number) => number {
  const before = pid === undefined ? new Map() : waitsOf(pid)
  const ownBefore = waitsOf(process.pid)
  const stolenBefore = stolenMs()
  const begun = performance.now()
  return (started) => {
    const tookMs = performance.now() - begun
    const other = started ?? pid
    const own = waitedMs(process.pid, ownBefore, waitsOf(process.pid))
    const others = other === undefined ? 0 : waitedMs(other, before, waitsOf(other))
    const stolen = Math.max(0, ...stolenMs().map((ms, processor) => ms - (stolenBefore[processor] ?? ms)))
    return Math.max(0, tookMs - own - others - stolen)
  }
}

/** How often a process is looked at that will not be there to be asked. */
const LOOK_MS = 10

/** As `stopwatch`, for the end of a process: of one that has ended nobody knows how long it waited, so it is looked at until then. */
export function stopwatchToEnd(pid: number): () => number {
  const before = waitsOf(pid)
  const tookMs = stopwatch()
  let othersMs = 0
  const timer = setInterval(() => {
    const now = waitsOf(pid)
    if (now.size > 0) othersMs = Math.max(othersMs, waitedMs(pid, before, now))
  }, LOOK_MS)
  return () => {
    clearInterval(timer)
    return Math.max(0, tookMs() - othersMs)
  }
}
