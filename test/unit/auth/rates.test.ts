import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OwnRates, SharedRates } from '../../../src/auth/index.js'
import { systemClock } from '../../../src/base/clock.js'
import { FakeClock } from '../../support/fake-clock.js'

const RATE = { requests: 3, windowMs: 3_000 }

describe.each(['own', 'shared'] as const)('rates in %s memory', (kind) => {
  const made = (clock: FakeClock) => (kind === 'own' ? new OwnRates({ rate: RATE, clock }) : new SharedRates(7, RATE, clock))

  it('count each name for itself, over all who hold its place', () => {
    const clock = new FakeClock()
    const rates = made(clock)
    const take = (name: string): number => rates.place(name).take(clock.nowMs())
    expect([take('a'), take('a'), take('a')]).toEqual([0, 0, 0])
    const waitMs = take('a')
    expect(waitMs).toBeGreaterThan(0)
    expect(waitMs).toBeLessThanOrEqual(1_001)
    expect(take('b')).toBe(0)
    clock.advance(waitMs)
    expect(take('a')).toBe(0)
    expect(take('a')).toBeGreaterThan(0)
  })

  it('take another rate at once', () => {
    const clock = new FakeClock()
    const rates = made(clock)
    const place = rates.place('a')
    for (let call = 0; call < 3; call++) expect(place.take(clock.nowMs())).toBe(0)
    rates.change({ requests: 300, windowMs: 3_000 })
    // What was used up stays used: a hundredth of a second for the next.
    clock.advance(11)
    expect(place.take(clock.nowMs())).toBe(0)
  })

  it('never admit more than burst and rate allow, whatever the order of those who ask', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 2_000 }), fc.boolean()), { maxLength: 300 }), (asks) => {
        const clock = new FakeClock()
        const rates = made(clock)
        const places = [rates.place('a'), rates.place('a')]
        let admitted = 0
        for (const [gapMs, second] of asks) {
          clock.advance(gapMs)
          if (places[second ? 1 : 0]?.take(clock.nowMs()) === 0) admitted += 1
        }
        return admitted <= RATE.requests + (clock.nowMs() * RATE.requests) / RATE.windowMs
      }),
      { numRuns: 200 },
    )
  })
})

it('names are forgotten: the oldest beyond the limit, and those that were silent for an hour', () => {
  const clock = new FakeClock()
  const rates = new OwnRates({ rate: RATE, clock, maxNames: 100 })
  for (let name = 0; name < 1_000; name++) rates.place(`name ${name}`)
  expect(rates.size).toBe(100)
  clock.advance(3_600_001)
  rates.place('another')
  expect(rates.size).toBe(1)
})

it('two threads count together', () => {
  const clock = new FakeClock()
  const one = new SharedRates(7, RATE, clock)
  const other = new SharedRates(one.buffer, RATE, clock)
  const taken = [one, other, one, other].map((rates) => rates.place('a').take(clock.nowMs()) === 0)
  expect(taken).toEqual([true, true, true, false])
})

it('threads agree on the time although one is put to sleep while it looks at its clocks', () => {
  const sleepMs = 60
  let looks = 0
  const drowsy = {
    ...systemClock,
    nowMs() {
      looks += 1
      if (looks <= 2) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, sleepMs)
      return performance.now()
    },
  }
  const one = new SharedRates(7, RATE, systemClock)
  const other = new SharedRates(one.buffer, RATE, drowsy)
  expect(Math.abs(other.offsetMs - one.offsetMs)).toBeLessThan(sleepMs / 10)
})

describe('a thread in the middle of its count', () => {
  const HOUR = { requests: 5, windowMs: 3_600_000 }

  /** Resolves when it is there; with what it was answered, or how it ended. */
  function taker(rates: SharedRates, sleepMs?: number): { readonly end: Promise<unknown> } {
    const begun = new Int32Array(new SharedArrayBuffer(4))
    const worker = new Worker(new URL('./workers/taker.mjs', import.meta.url), {
      workerData: { buffer: rates.buffer, rate: HOUR, begun, sleepMs },
    })
    const end = Promise.race([once(worker, 'message'), once(worker, 'exit')]).then(([value]) => value)
    expect(Atomics.wait(begun, 0, 0, 15_000)).not.toBe('timed-out')
    return { end }
  }

  it.each([50, 1_500])('undoes nothing of what others count, though it is put to sleep for %i ms', async (sleepMs) => {
    const rates = new SharedRates(7, HOUR, systemClock)
    const place = rates.place('a')
    const { end } = taker(rates, sleepMs)
    const take = (): boolean => place.take(systemClock.nowMs()) === 0
    const taken = [take(), take(), take()]
    taken.push((await end) === 0, take(), take(), take())
    expect(taken.filter(Boolean)).toHaveLength(HOUR.requests)
  })

  it('that dies there is not waited for', async () => {
    const rates = new SharedRates(7, HOUR, systemClock)
    await taker(rates).end
    const place = rates.place('a')
    const taken = Array.from({ length: 7 }, () => place.take(systemClock.nowMs()) === 0)
    expect(taken.filter(Boolean)).toHaveLength(HOUR.requests)
  })
})
