import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'

const DAY_MS = 86_400_000
/** A token of 48 hours fits into one timer, one of an operator's 60 days does not. */
const LIFETIMES = [1, 2, 24, 25, 60, 365].map((days) => days * DAY_MS)

describe('the system clock', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it.each(LIFETIMES)('runs a task once after %d ms, and not before', (delayMs) => {
    let runs = 0
    systemClock.after(delayMs, () => {
      runs += 1
    })
    vi.advanceTimersByTime(delayMs - 1)
    expect(runs).toBe(0)
    vi.advanceTimersByTime(1)
    expect(runs).toBe(1)
    vi.advanceTimersByTime(delayMs)
    expect(runs).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('cancels what waits in parts', () => {
    const cancel = systemClock.after(60 * DAY_MS, () => expect.unreachable())
    vi.advanceTimersByTime(30 * DAY_MS)
    cancel()
    vi.advanceTimersByTime(60 * DAY_MS)
    expect(vi.getTimerCount()).toBe(0)
  })
})
