import { describe, expect, it } from 'vitest'
import { atExpiry } from '../../../../src/camera-face/access/expiry.js'
import { FakeClock } from '../../../support/fake-clock.js'

const HOUR_MS = 3_600_000

function setUp(lifetimeMs: number) {
  const clock = new FakeClock()
  let ends = 0
  const cancel = atExpiry(clock, { expiresAtMs: clock.wallMs() + lifetimeMs }, () => {
    ends += 1
  })
  return { clock, cancel, ends: () => ends }
}

describe('a stream', () => {
  it.each([
    ['an hour', HOUR_MS],
    ['60 days', 60 * 24 * HOUR_MS],
  ])('ends when its token expires: %s', (_, lifetimeMs) => {
    const { clock, ends } = setUp(lifetimeMs)
    clock.advance(lifetimeMs - 1)
    expect(ends()).toBe(0)
    clock.advance(1)
    expect(ends()).toBe(1)
    expect(clock.pending).toBe(0)
  })

  it('ends by the wall clock, should somebody set it', () => {
    const { clock, ends } = setUp(HOUR_MS)
    clock.stepWall(-HOUR_MS)
    clock.advance(HOUR_MS)
    expect(ends()).toBe(0)
    clock.advance(HOUR_MS)
    expect(ends()).toBe(1)
  })

  it('of a token that has expired already ends at once, but not before its caller is done', () => {
    const { clock, ends } = setUp(-1)
    expect(ends()).toBe(0)
    clock.advance(0)
    expect(ends()).toBe(1)
  })

  it('that is over leaves no timer; without a token there is none', () => {
    const { clock, cancel } = setUp(HOUR_MS)
    cancel()
    atExpiry(clock, undefined, () => expect.unreachable())()
    expect(clock.pending).toBe(0)
  })
})
