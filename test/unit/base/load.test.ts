import { beforeEach, describe, expect, it } from 'vitest'
import { judgeLoad, type Load, LoadWatch, LoopDelay, loopActivity } from '../../../src/base/load.js'
import { FakeClock } from '../../support/fake-clock.js'

const THRESHOLDS = { enabled: true, loopDelayMs: [50, 200], usedPercent: [80, 90] } as const

describe('the stage', () => {
  it.each([
    [49, {}, 0],
    [50, {}, 1],
    [199, {}, 1],
    [200, {}, 2],
    [0, { memory: 79.9 }, 0],
    [0, { memory: 80 }, 1],
    [0, { memory: 90 }, 2],
    [0, { memory: 10, queue: 95 }, 2],
    [60, { memory: 95, heap: 81 }, 2],
  ] as const)('with a loop late by %d ms and %j used is %d', (loopDelayMs, usedPercent, stage) => {
    expect(judgeLoad({ loopDelayMs, usedPercent }, THRESHOLDS).stage).toBe(stage)
  })

  it('comes with each of its reasons', () => {
    expect(judgeLoad({ loopDelayMs: 61.4, usedPercent: { memory: 91, heap: 12 } }, THRESHOLDS).reasons).toEqual([
      'the event loop is 61 ms late',
      '91 % of memory is used',
    ])
  })

  it('is none when it is switched off', () => {
    expect(judgeLoad({ loopDelayMs: 9_999, usedPercent: { memory: 100 } }, { ...THRESHOLDS, enabled: false }).stage).toBe(0)
  })
})

it('the delay is a percentile: one long turn in two seconds is none, two are', () => {
  const delay = new LoopDelay()
  for (let at = 0; at < 19; at++) delay.add(1)
  delay.add(30_000)
  expect(delay.quantileMs(0.95)).toBe(1)
  delay.add(400)
  expect(delay.quantileMs(0.95)).toBe(400)
  expect(delay.quantileMs(0.5)).toBe(1)
})

describe('the watch', () => {
  let clock: FakeClock
  let used = 0
  let busy = true
  let heard: Load[] = []
  let looks = 0
  let watch: LoadWatch

  beforeEach(() => {
    clock = new FakeClock()
    used = 0
    busy = true
    heard = []
    looks = 0
    watch = new LoadWatch({
      thresholds: THRESHOLDS,
      usedPercent: () => {
        looks += 1
        return { memory: used }
      },
      busy: () => busy,
      onChange: (load) => heard.push(load),
      clock,
    })
    watch.start()
  })

  it('sees it within 100 ms, tells it once, and lets go after a second of calm', () => {
    clock.advance(1_000)
    expect(heard).toEqual([])
    used = 85
    clock.advance(100)
    expect(heard).toEqual([{ stage: 1, reasons: ['85 % of memory is used'] }])
    used = 95
    clock.advance(100)
    expect(heard.map(({ stage }) => stage)).toEqual([1, 2])
    clock.advance(5_000)
    expect(heard.length).toBe(2)
    used = 10
    clock.advance(900)
    used = 95
    clock.advance(100)
    used = 10
    clock.advance(900)
    expect(watch.load.stage).toBe(2)
    clock.advance(100)
    expect(heard.map(({ stage }) => stage)).toEqual([1, 2, 0])
  })

  it('tells the reasons of now, also of a stage that lasts', () => {
    used = 85
    clock.advance(100)
    expect(watch.load.reasons).toEqual(['85 % of memory is used'])
    used = 88
    clock.advance(100)
    expect(watch.load).toEqual({ stage: 1, reasons: ['88 % of memory is used'] })
    expect(heard.map(({ stage }) => stage)).toEqual([1])
  })

  it('while there is little to do it looks once a second', () => {
    busy = false
    clock.advance(100)
    looks = 0
    clock.advance(60_000)
    expect(looks).toBe(60)
    used = 85
    clock.advance(1_000)
    looks = 0
    clock.advance(1_000)
    expect(looks).toBe(10)
  })

  it('comes to an end', () => {
    watch.stop()
    clock.advance(10_000)
    expect(looks).toBe(0)
  })
})

it('a loop is busy that does more than a twentieth of the time, since it was asked last', () => {
  const times = [
    { active: 1_000, idle: 9_000 },
    { active: 1_100, idle: 9_900 },
    { active: 1_140, idle: 10_860 },
    { active: 1_140, idle: 11_860 },
  ]
  const isBusy = loopActivity(() => times.shift() ?? { active: 0, idle: 0 })
  expect([isBusy(), isBusy(), isBusy()]).toEqual([true, false, false])
})

it('this very loop can be asked', () => {
  expect(typeof loopActivity()()).toBe('boolean')
})
