import { setTimeout as delay } from 'node:timers/promises'
import { stopwatch } from './processor-wait.js'

/**
 * Waits until it holds, for at most `limitMs` of a machine that has a processor to spare for this process and for `pid`. Resolves with
 * how long that took, in the same milliseconds; throws when it did not come true in time.
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = 15_000,
  pid?: number,
): Promise<number> {
  const tookMs = stopwatch(pid)
  const begunMs = performance.now()
  while (!(await holds())) {
    // What was waited for a processor is asked for only when it may matter.
    if (performance.now() - begunMs > limitMs && tookMs() > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`)
    await delay(10)
  }
  return tookMs()
}
