import { expect, it } from 'vitest'
import { allowedBytes, answerOf, nextPolicy, oldestAllowedMs } from '../../../src/recordings/retention.js'

const DAY_MS = 86_400_000
const before = { type: 'age', enabled: true, maxAgeDays: 7, maxSizeGb: 1 } as const

it('takes what a call says and keeps the rest', () => {
  expect(nextPolicy(before, { policy_type: 'age', enabled: true, max_age_days: 30 })).toEqual({ ...before, maxAgeDays: 30 })
  expect(nextPolicy(before, { policy_type: 'size', enabled: false, max_size_gb: 0.5 })).toEqual({
    ...{ type: 'size', enabled: false, maxAgeDays: 7, maxSizeGb: 0.5 },
  })
  expect(nextPolicy(before, { policy_type: 'manual', enabled: true })).toEqual({ ...before, type: 'manual' })
})

it.each([
  [{ policy_type: 'age', enabled: true, max_size_gb: 1 }, 'max_age_days'],
  [{ policy_type: 'size', enabled: true, max_age_days: 1 }, 'max_size_gb'],
] as const)('%j lacks its value', (params, param) => {
  expect(() => nextPolicy(before, params)).toThrow(
    expect.objectContaining({ code: 'INVALID_PARAMS', data: expect.objectContaining({ param }) }),
  )
})

it('counts age for age and for what is asked by hand, size for size', () => {
  const nowMs = 100 * DAY_MS
  expect(oldestAllowedMs(before, nowMs)).toBe(93 * DAY_MS)
  expect(oldestAllowedMs({ ...before, type: 'manual' }, nowMs)).toBe(93 * DAY_MS)
  expect(oldestAllowedMs({ ...before, type: 'size' }, nowMs)).toBeUndefined()
  expect(oldestAllowedMs({ ...before, maxAgeDays: 0 }, nowMs)).toBeUndefined()
  expect(allowedBytes({ ...before, type: 'size', maxSizeGb: 0.5 })).toBe(500_000_000)
  expect(allowedBytes(before)).toBeUndefined()
})

it('answers with what was sent', () => {
  expect(answerOf({ policy_type: 'manual', enabled: true })).toEqual({
    policy_type: 'manual',
    enabled: true,
    message: expect.any(String),
  })
})
