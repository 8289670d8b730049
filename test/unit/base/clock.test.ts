import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deadlineAfter, systemClock, timestamp } from '../../../src/base/clock.js'
import { FakeClock } from '../../support/fake-clock.js'

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

describe('a deadline', () => {
  class HeldUpClock extends FakeClock {
    heldUpMs = 0
    override nowMs(): number {
      return super.nowMs() + this.heldUpMs
    }
  }
  /** When it ends, of a process that was held up for so long before the timer ran, once. */
  const endsAfterMs = (delayMs: number, heldUpMs: number): number => {
    const clock = new HeldUpClock()
    let endedMs: number | undefined
    deadlineAfter(clock, delayMs, () => {
      expect(endedMs).toBeUndefined()
      endedMs = clock.nowMs()
    })
    clock.heldUpMs = heldUpMs
    clock.advance(10 * delayMs)
    expect(clock.pending).toBe(0)
    return endedMs ?? Number.NaN
  }

  it.each([
    { delayMs: 2_000, heldUpMs: 0, endMs: 2_000 },
    { delayMs: 2_000, heldUpMs: 199, endMs: 2_199 },
    { delayMs: 2_000, heldUpMs: 200, endMs: 2_400 },
    { delayMs: 2_000, heldUpMs: 9_000, endMs: 13_000 },
    { delayMs: 100, heldUpMs: 24, endMs: 124 },
    { delayMs: 100, heldUpMs: 50, endMs: 200 },
  ])('of $delayMs ms, held up for $heldUpMs ms, is over after $endMs ms', ({ delayMs, heldUpMs, endMs }) => {
    expect(endsAfterMs(delayMs, heldUpMs)).toBe(endMs)
  })

  it('is cancelled before and after it was held up', () => {
    const clock = new HeldUpClock()
    const cancels = [1, 2].map(() => deadlineAfter(clock, 100, () => expect.unreachable()))
    cancels[0]?.()
    clock.heldUpMs = 100
    clock.advance(100)
    cancels[1]?.()
    clock.advance(1_000)
    expect(clock.pending).toBe(0)
  })
})

describe('timestamps', () => {
  it('read as those of the language, whatever was told before', () => {
    const moment = fc.oneof(
      fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 }),
      fc.double({ min: -1e13, max: 1e13, noNaN: true }),
      // Within few minutes, where the beginning is known already.
      fc.integer({ min: -120_000, max: 120_000 }),
      fc.integer({ min: 1_900_000_000_000, max: 1_900_000_180_000 }),
    )
    fc.assert(
      fc.property(fc.array(moment, { minLength: 1, maxLength: 40 }), (moments) => {
        for (const ms of moments) expect(timestamp(ms)).toBe(new Date(ms).toISOString())
      }),
      { numRuns: 500 },
    )
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 8_640_000_000_000_001])('refuses %d, which is no moment', (ms) => {
    expect(() => timestamp(ms)).toThrow(RangeError)
  })
})
