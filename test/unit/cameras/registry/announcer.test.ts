import { describe, expect, it } from 'vitest'
import { Announcer } from '../../../../src/cameras/registry/announcer.js'
import { FakeClock } from '../../../support/fake-clock.js'

function setUp() {
  const clock = new FakeClock()
  clock.advance(1_000)
  const told: string[] = []
  const announcer = new Announcer<string>(
    { clock, quietMs: 50, maxMs: 250 },
    (a, b) => a === b,
    (state) => told.push(state),
  )
  return { clock, told, announcer }
}

describe('when a change is told', () => {
  it('tells the first change at once, and a later one after quiet time at once too', () => {
    const { clock, told, announcer } = setUp()
    announcer.update('in')
    expect(told).toEqual(['in'])
    clock.advance(60)
    announcer.update('out')
    expect(told).toEqual(['in', 'out'])
  })

  it('holds flapping back until it settles, and tells the last state', () => {
    const { clock, told, announcer } = setUp()
    for (const state of ['in', 'out', 'in', 'out']) {
      announcer.update(state)
      clock.advance(10)
    }
    expect(told).toEqual(['in'])
    clock.advance(50)
    expect(told).toEqual(['in', 'out'])
  })

  it('says nothing when the camera is back to what was told', () => {
    const { clock, told, announcer } = setUp()
    announcer.update('in')
    announcer.update('out')
    announcer.update('in')
    clock.advance(1_000)
    expect(told).toEqual(['in'])
    expect(clock.pending).toBe(0)
  })

  it('does not hold back longer than the limit', () => {
    const { clock, told, announcer } = setUp()
    announcer.update('in')
    for (let i = 0; i < 40; i += 1) {
      clock.advance(10)
      announcer.update(i % 2 === 0 ? 'out' : 'in')
    }
    expect(told.length).toBeGreaterThan(1)
  })
})
