import { beforeEach, expect, test } from 'vitest'
import { Demand } from '../../../../src/media/publish/demand.js'
import { FakeClock } from '../../../support/fake-clock.js'

let clock: FakeClock
let demand: Demand
let changes: string[]

beforeEach(() => {
  clock = new FakeClock()
  changes = []
  demand = new Demand({
    clock,
    closeAfterMs: 300_000,
    onChange: (path) => changes.push(`${path} ${demand.wanted(path)}`),
  })
})

test('nobody wants what nobody asked for', () => {
  demand.update('camera0', { notifiers: 0, readers: 0 })
  expect(demand.wanted('camera0')).toBe(false)
  expect(clock.pending).toBe(0)
})

test('a notifier is demand at once, and its end starts the close-after time', () => {
  demand.update('camera0', { notifiers: 1, readers: 0 })
  expect(demand.wanted('camera0')).toBe(true)
  clock.advance(1_000_000)
  demand.update('camera0', { notifiers: 0, readers: 0 })
  clock.advance(299_999)
  expect(demand.wanted('camera0')).toBe(true)
  clock.advance(1)
  expect(demand.wanted('camera0')).toBe(false)
  expect(changes).toEqual(['camera0 true', 'camera0 false'])
})

test('demand is the union: it lasts while one reason is left', () => {
  demand.update('camera0', { notifiers: 1, readers: 2 })
  demand.update('camera0', { notifiers: 0, readers: 2 })
  clock.advance(1_000_000)
  expect(demand.wanted('camera0')).toBe(true)
  expect(demand.active('camera0')).toBe(true)
})

test('a reader who comes back in time starts the close-after time anew', () => {
  demand.update('camera0', { notifiers: 0, readers: 1 })
  demand.update('camera0', { notifiers: 0, readers: 0 })
  clock.advance(200_000)
  demand.update('camera0', { notifiers: 0, readers: 1 })
  clock.advance(200_000)
  demand.update('camera0', { notifiers: 0, readers: 0 })
  clock.advance(299_999)
  expect(demand.wanted('camera0')).toBe(true)
  clock.advance(1)
  expect(demand.wanted('camera0')).toBe(false)
})

test('a look that finds nobody again does not prolong anything', () => {
  demand.touch('camera0')
  for (let second = 0; second < 299; second++) {
    clock.advance(1_000)
    demand.update('camera0', { notifiers: 0, readers: 0 })
  }
  clock.advance(1_000)
  expect(demand.wanted('camera0')).toBe(false)
})

test('start_streaming lasts the close-after time, and again when called again', () => {
  demand.touch('camera0')
  clock.advance(200_000)
  demand.touch('camera0')
  clock.advance(200_000)
  expect(demand.wanted('camera0')).toBe(true)
  clock.advance(100_000)
  expect(demand.wanted('camera0')).toBe(false)
})

test('stop_streaming ends it at once when nobody reads, and not otherwise', () => {
  demand.touch('camera0')
  demand.release('camera0')
  expect(demand.wanted('camera0')).toBe(false)
  demand.touch('camera1')
  demand.update('camera1', { notifiers: 0, readers: 1 })
  demand.release('camera1')
  expect(demand.wanted('camera1')).toBe(true)
})

test('a recording is demand while it lasts, and none after', () => {
  demand.record('camera0', true)
  expect(demand.wanted('camera0')).toBe(true)
  demand.release('camera0')
  demand.update('camera0', { notifiers: 0, readers: 0 })
  expect(demand.wanted('camera0')).toBe(true)
  demand.record('camera0', false)
  expect(changes).toEqual(['camera0 true', 'camera0 false'])
  expect(clock.pending).toBe(0)
})

test('who read during a recording keeps the close-after time of a reader', () => {
  demand.record('camera0', true)
  demand.update('camera0', { notifiers: 0, readers: 1 })
  demand.update('camera0', { notifiers: 0, readers: 0 })
  clock.advance(100_000)
  demand.record('camera0', false)
  clock.advance(199_999)
  expect(demand.wanted('camera0')).toBe(true)
  clock.advance(1)
  expect(demand.wanted('camera0')).toBe(false)
})

test('paths do not mix, and after clear no timer is left', () => {
  demand.touch('camera0')
  demand.touch('camera1')
  demand.release('camera0')
  expect(demand.wanted('camera1')).toBe(true)
  demand.clear()
  expect(clock.pending).toBe(0)
})

test('after clear the last notifiers may go without a trace', () => {
  demand.update('camera0', { notifiers: 2, readers: 0 })
  demand.clear()
  changes.length = 0
  demand.update('camera0', { notifiers: 1, readers: 0 })
  demand.update('camera0', { notifiers: 0, readers: 0 })
  expect([clock.pending, changes]).toEqual([0, []])
})
