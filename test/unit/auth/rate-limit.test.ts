import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RateLimit } from '../../../src/auth/index.js'
import { FakeClock } from '../../support/fake-clock.js'

const limits = fc.record({ requests: fc.integer({ min: 1, max: 1000 }), windowMs: fc.integer({ min: 1, max: 120_000 }) })

describe('RateLimit', () => {
  it('admits a burst of N, then one per W/N', () => {
    const clock = new FakeClock()
    const limit = new RateLimit({ requests: 300, windowMs: 60_000, clock })
    const state = limit.fresh()
    for (let call = 0; call < 300; call++) expect(limit.take(state)).toBe(0)
    expect(limit.take(state)).toBe(201)
    clock.advance(199)
    expect(limit.take(state)).toBeGreaterThan(0)
    clock.advance(1)
    expect(limit.take(state)).toBe(0)
    expect(limit.take(state)).toBeGreaterThan(0)
  })

  it('never admits more than N + t·N/W in any span of length t', () => {
    fc.assert(
      fc.property(
        limits,
        fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 2000 }),
        ({ requests, windowMs }, gapsUs) => {
          const clock = new FakeClock()
          const limit = new RateLimit({ requests, windowMs, clock })
          const state = limit.fresh()
          const admittedUs: number[] = []
          let nowUs = 0
          for (const gapUs of gapsUs) {
            nowUs += gapUs
            clock.advance(nowUs / 1000 - clock.nowMs())
            if (limit.take(state) === 0) admittedUs.push(nowUs)
          }
          // The k-th and the (k+m)-th admitted request enclose m+1 requests.
          for (let first = 0; first < admittedUs.length; first++) {
            for (let last = first; last < admittedUs.length; last++) {
              const spanUs = (admittedUs[last] ?? 0) - (admittedUs[first] ?? 0)
              if (last - first + 1 > requests + (spanUs * requests) / (windowMs * 1000) + 1e-9) return false
            }
          }
          return true
        },
      ),
      { numRuns: 60 },
    )
  })

  it('never refuses a client at the steady rate, however long', () => {
    fc.assert(
      fc.property(limits, ({ requests, windowMs }) => {
        const clock = new FakeClock()
        const limit = new RateLimit({ requests, windowMs, clock })
        const state = limit.fresh()
        // Uses up the burst first, so that nothing is in reserve.
        for (let call = 0; call < requests; call++) limit.take(state)
        for (let call = 1; call <= 5000; call++) {
          clock.advance(Math.ceil((call * windowMs * 1000) / requests) / 1000 - clock.nowMs())
          if (limit.take(state) !== 0) return false
        }
        return true
      }),
      { numRuns: 100 },
    )
  })

  it('admits a client that waits as long as it was told', () => {
    fc.assert(
      fc.property(limits, fc.float({ min: 0, max: 1e9, noNaN: true }), ({ requests, windowMs }, startMs) => {
        const clock = new FakeClock()
        clock.advance(startMs)
        const limit = new RateLimit({ requests, windowMs, clock })
        const state = limit.fresh()
        for (let call = 0; call < requests; call++) limit.take(state)
        const told = limit.take(state)
        // Not the whole window: the advice is no longer than needed, give or take the rounding.
        if (told <= 0 || told > windowMs / requests + 2) return false
        clock.advance(told)
        return limit.take(state) === 0
      }),
    )
  })

  it('does not count a refused request', () => {
    const clock = new FakeClock()
    const limit = new RateLimit({ requests: 1, windowMs: 1000, clock })
    const state = limit.fresh()
    limit.take(state)
    for (let call = 0; call < 100; call++) limit.take(state)
    clock.advance(1000)
    expect(limit.take(state)).toBe(0)
  })

  it('keeps clients apart', () => {
    const limit = new RateLimit({ requests: 1, windowMs: 1000, clock: new FakeClock() })
    const [one, other] = [limit.fresh(), limit.fresh()]
    expect([limit.take(one), limit.take(other)]).toEqual([0, 0])
  })
})
