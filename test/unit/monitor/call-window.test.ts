import { expect, it } from 'vitest'
import { CallWindow } from '../../../src/monitor/index.js'
import { FakeClock } from '../../support/fake-clock.js'

it('tells share and mean of the last minute, and nothing of a few calls', () => {
  const clock = new FakeClock()
  const window = new CallWindow(clock)
  expect(window.look({ calls: 0, errors: 0, seconds: 0 })).toBeUndefined()
  clock.advance(5_000)
  expect(window.look({ calls: 19, errors: 19, seconds: 19 })).toBeUndefined()
  clock.advance(5_000)
  expect(window.look({ calls: 100, errors: 20, seconds: 50 })).toEqual({ errorPercent: 20, meanMs: 500 })
  // What was before the last minute does not count any more.
  for (let second = 0; second < 60; second += 5) {
    clock.advance(5_000)
    window.look({ calls: 100, errors: 20, seconds: 50 })
  }
  expect(window.look({ calls: 100, errors: 20, seconds: 50 })).toBeUndefined()
  clock.advance(5_000)
  expect(window.look({ calls: 200, errors: 20, seconds: 51 })).toEqual({ errorPercent: 0, meanMs: 10 })
})
