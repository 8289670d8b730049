import { expect, it } from 'vitest'
import { LogThrottle } from '../../../src/base/log-throttle.js'
import { FakeClock } from '../../support/fake-clock.js'

function throttle() {
  const clock = new FakeClock()
  return { clock, throttle: new LogThrottle({ clock, perMinute: 5 }) }
}

it('lets five lines a minute about one cause from one client through, and says that it leaves out the rest', () => {
  const { throttle: log } = throttle()
  const verdicts = Array.from({ length: 8 }, () => log.judge('disk', 'a'))
  expect(verdicts.map(({ write }) => write)).toEqual([true, true, true, true, true, false, false, false])
  expect(verdicts[3]).toMatchObject({ last: false })
  expect(verdicts[4]).toMatchObject({ last: true })
  expect(log.dropped).toBe(3)
})

it('counts causes and clients apart', () => {
  const { throttle: log } = throttle()
  for (let count = 0; count < 5; count++) log.judge('disk', 'a')
  expect([log.judge('disk', 'a').write, log.judge('disk', 'b').write, log.judge('camera', 'a').write]).toEqual([
    false,
    true,
    true,
  ])
})

it('tells after a minute how many were left out', () => {
  const { clock, throttle: log } = throttle()
  for (let count = 0; count < 9; count++) log.judge('disk', 'a')
  clock.advance(60_000)
  expect(log.judge('disk', 'a')).toEqual({ write: true, last: false, leftOut: 4 })
  expect(log.judge('disk', 'a')).toEqual({ write: true, last: false, leftOut: 0 })
})

it('remembers a thousand and forgets the oldest', () => {
  const { throttle: log } = throttle()
  for (let count = 0; count < 6; count++) log.judge('disk', 'first')
  for (let count = 0; count < 1_000; count++) log.judge('disk', `client ${count}`)
  expect(log.judge('disk', 'first').write).toBe(true)
})
