import { expect, it } from 'vitest'
import { Debounce } from '../../../src/monitor/debounce.js'
import { FakeClock } from '../../support/fake-clock.js'

function watched() {
  const clock = new FakeClock()
  const told: string[] = []
  const debounce = new Debounce({ clock, repeatMs: () => 15_000, first: 'HEALTHY', tell: (word) => void told.push(word) })
  return { clock, told, debounce }
}

it('tells a change at once, and the way back too', () => {
  const { told, debounce } = watched()
  for (const word of ['HEALTHY', 'DEGRADED', 'DEGRADED', 'HEALTHY']) debounce.set(word)
  expect(told).toEqual(['DEGRADED', 'HEALTHY'])
})

it('tells flapping twice per while, and in the end what holds', () => {
  const { clock, told, debounce } = watched()
  for (let count = 0; count < 100; count++) {
    debounce.set(count % 2 === 0 ? 'DEGRADED' : 'HEALTHY')
    clock.advance(100)
  }
  expect(told).toEqual(['DEGRADED', 'HEALTHY'])
  debounce.set('DEGRADED')
  clock.advance(4_999)
  expect(told).toHaveLength(2)
  clock.advance(1)
  expect(told).toEqual(['DEGRADED', 'HEALTHY', 'DEGRADED'])
})

it('tells nothing when it is as it was told by then', () => {
  const { clock, told, debounce } = watched()
  for (const word of ['DEGRADED', 'HEALTHY', 'DEGRADED', 'HEALTHY']) debounce.set(word)
  clock.advance(60_000)
  expect(told).toEqual(['DEGRADED', 'HEALTHY'])
  expect(clock.pending).toBe(0)
})

it('stops', () => {
  const { clock, told, debounce } = watched()
  for (const word of ['DEGRADED', 'HEALTHY', 'DEGRADED']) debounce.set(word)
  debounce.stop()
  clock.advance(60_000)
  expect(told).toHaveLength(2)
})
