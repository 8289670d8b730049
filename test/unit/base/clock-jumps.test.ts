/** R-22 (reliability-security §2.2): somebody sets the clock. Durations do not care; token times do, and file names stay apart. */

import { expect, it } from 'vitest'
import { createTokens, LoginThrottle, RateLimit } from '../../../src/auth/index.js'
import { candidateName, fillPattern } from '../../../src/base/file-pattern.js'
import { FakeClock } from '../../support/fake-clock.js'

const HOUR = 3_600_000
const YEARS = 10 * 365 * 24 * HOUR
const JUMPS = [HOUR, -HOUR, YEARS, -YEARS]

it.each(JUMPS)('R-22: a jump of %d ms changes no limit and no lock', (jumpMs) => {
  const clock = new FakeClock()
  const limit = new RateLimit({ requests: 2, windowMs: 1_000, clock })
  const state = limit.fresh()
  expect([limit.take(state), limit.take(state)]).toEqual([0, 0])
  const waitMs = limit.take(state)
  clock.stepWall(jumpMs)
  expect(limit.take(state)).toBe(waitMs)
  clock.advance(waitMs)
  expect(limit.take(state)).toBe(0)

  const throttle = new LoginThrottle({ burst: 1, windowMs: 60_000, lockMs: 60_000, maxLockMs: 60_000, exempt: [], clock })
  for (let failures = 0; failures < 3; failures += 1) throttle.failed('192.0.2.1', undefined)
  const isLocked = (): boolean => {
    try {
      throttle.demand('192.0.2.1', undefined)
      return false
    } catch {
      return true
    }
  }
  expect(isLocked()).toBe(true)
  clock.stepWall(jumpMs)
  expect(isLocked()).toBe(true)
  clock.advance(61_000)
  expect(isLocked()).toBe(false)
})

it.each(JUMPS)('R-22: a token is judged by the date of now after a jump of %d ms, with leeway for its begin only', (jumpMs) => {
  const clock = new FakeClock()
  const tokens = createTokens({
    secret: 'a secret of the tests, longer than 32 bytes',
    leewayMs: 30_000,
    maxLifetimeMs: 0,
    clock,
  })
  const token = tokens.sign({ userId: 'ann', role: 'viewer', lifetimeMs: 60_000 })
  const verdict = (): string => {
    try {
      return tokens.verify(token).userId
    } catch {
      return 'refused'
    }
  }
  clock.stepWall(jumpMs)
  // Fresh eyes: nothing of what was verified before is remembered.
  expect(verdict()).toBe('refused')
  clock.stepWall(-jumpMs)
  expect(verdict()).toBe('ann')
})

it('R-22: names of files stay apart when the clock goes back', () => {
  const clock = new FakeClock()
  const taken = new Set<string>()
  const place = (): string => {
    const made = fillPattern('%device_%Y-%m-%d_%H-%M-%S', 'camera0', clock.wallMs())
    for (let number = 1; ; number += 1) {
      const name = candidateName(made, number)
      if (taken.has(name)) continue
      taken.add(name)
      return name
    }
  }
  const first = place()
  clock.advance(5_000)
  clock.stepWall(-5_000)
  expect(place()).toBe(`${first}-2`)
  clock.stepWall(-HOUR)
  clock.advance(HOUR)
  expect(place()).toBe(`${first}-3`)
})
