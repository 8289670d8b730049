import { expect, it } from 'vitest'
import { DURATION_BUCKETS, Histogram, NO_DURATIONS, sumOfDurations } from '../../../src/base/histogram.js'

it('each duration is in the first bucket that reaches so far, its end included', () => {
  const histogram = new Histogram()
  for (const ms of [0, 0.05, 0.051, 1, 999, 1_000, 1_001, 60_000]) histogram.add(ms)
  const { counts, sumSeconds } = histogram.durations
  const at = (seconds: (typeof DURATION_BUCKETS)[number]): number => counts[DURATION_BUCKETS.indexOf(seconds)] ?? -1
  expect([at(0.000_05), at(0.000_1), at(0.001), at(1), counts.at(-1)]).toEqual([2, 1, 1, 2, 2])
  expect(counts.length).toBe(DURATION_BUCKETS.length + 1)
  expect(sumSeconds).toBeCloseTo(63.001, 2)
})

it('threads are summed up, one that has told nothing included', () => {
  const [one, other] = [new Histogram(), new Histogram()]
  one.add(0.01)
  other.add(0.02)
  other.add(2_000)
  const sum = sumOfDurations([one.durations, NO_DURATIONS, other.durations])
  expect([sum.counts[0], sum.counts.at(-1)]).toEqual([2, 1])
  expect(sum.sumSeconds).toBeCloseTo(2, 3)
})
