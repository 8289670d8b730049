/** Time as a parameter, so that no test sleeps. Durations use the monotonic clock, dates the wall clock. */

import { performance } from 'node:perf_hooks'

export interface Clock {
  /** Monotonic milliseconds; only differences mean something. */
  nowMs(): number
  /** Wall-clock milliseconds since 1970 (UTC). */
  wallMs(): number
  /** Runs `task` once after `delayMs`; the function returned cancels. Does not keep the process alive. */
  after(delayMs: number, task: () => void): () => void
  /** Runs `task` every `intervalMs`; the function returned stops it. Does not keep the process alive. */
  every(intervalMs: number, task: () => void): () => void
}

/** Timers take no more, and run at once when asked to: 24 days. A longer time is waited for in parts. */
const MAX_DELAY_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, task) {
    let timer: NodeJS.Timeout
    const arm = (leftMs: number): void => {
      timer = leftMs > MAX_DELAY_MS ? setTimeout(() => arm(leftMs - MAX_DELAY_MS), MAX_DELAY_MS) : setTimeout(task, leftMs)
      timer.unref()
    }
    arm(delayMs)
    return () => clearTimeout(timer)
  },
  every(intervalMs, task) {
    const timer = setInterval(task, intervalMs)
    timer.unref()
    return () => clearInterval(timer)
  },
}

/** A timer that is so late, or later than a quarter of its delay, was held up with all of this process. */
const HELD_UP_MS = 200

/**
 * Runs `task` after `delayMs`, for what others are to have done by then; the function returned cancels. When this process was held up
 * meanwhile, what they have done is still to be read: as long again as that took, at most `delayMs`, is given for it.
 */
export function deadlineAfter(clock: Clock, delayMs: number, task: () => void): () => void {
  const dueMs = clock.nowMs() + delayMs
  let cancel = clock.after(delayMs, () => {
    const lateMs = clock.nowMs() - dueMs
    if (lateMs < Math.min(HELD_UP_MS, delayMs / 4)) task()
    else cancel = clock.after(Math.min(lateMs, delayMs), task)
  })
  return () => cancel()
}

/** Resolves after `delayMs`; rejects with the signal's reason when it aborts first. */
export function wait(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const onAbort = () => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

const MINUTE_MS = 60_000
/** `00` to `99`. */
const TWO_DIGITS = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'))
/** Minutes told before, each in its place: nearly all moments that are told lie in few, and a date costs most of what is told with it. */
const TOLD = Array.from({ length: 8 }, () => ({ minute: Number.NaN, text: '' }))

/** `2030-04-01T08:15:00Z`-style UTC timestamp with milliseconds, the wire's form. Throws RangeError for what is no moment. */
export function timestamp(wallMs: number): string {
  const ms = Math.trunc(wallMs)
  const minute = Math.floor(ms / MINUTE_MS)
  const told = TOLD[minute & (TOLD.length - 1)]
  if (told === undefined || minute !== told.minute) {
    const whole = new Date(ms).toISOString()
    if (told !== undefined) Object.assign(told, { minute, text: whole.slice(0, -'00.000Z'.length) })
    return whole
  }
  const left = ms - minute * MINUTE_MS
  const second = Math.floor(left / 1_000)
  const part = left - second * 1_000
  return `${told.text}${TWO_DIGITS[second]}.${Math.floor(part / 100)}${TWO_DIGITS[part % 100]}Z`
}
