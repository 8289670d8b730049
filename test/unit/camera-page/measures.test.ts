import { describe, expect, it } from 'vitest'
import { bitRate, count, duration, fileTime } from '../../../web/camera-page/figures.js'
import { FrameRate } from '../../../web/camera-page/frame-rate.js'
import { Latency } from '../../../web/camera-page/latency.js'

describe('the rate of frames', () => {
  it('is that of the last two seconds, and none of too few', () => {
    const rate = new FrameRate()
    expect(rate.at(0)).toBeUndefined()
    rate.mark(0)
    expect(rate.at(0)).toBeUndefined()
    for (let frame = 1; frame <= 300; frame += 1) rate.mark(frame * 40)
    expect(rate.at(12_000)).toBeCloseTo(25)
    expect(rate.at(14_001)).toBeUndefined()
  })
})

describe('latency', () => {
  const APART_MS = -7_200_000

  it('is true although the clocks are hours apart', () => {
    const latency = new Latency()
    latency.roundTrip(4)
    for (let frame = 0; frame < 60; frame += 1) {
      const capturedMs = frame * 33
      const way = frame % 3
      const arrivedMs = capturedMs + 10 + 2 + way + APART_MS
      latency.frame({ capturedMs, ageMs: 10, arrivedMs, paintedMs: arrivedMs + 5 })
    }
    // 10 ms until it was sent, 2 to 4 ms on its way, 5 ms to be painted.
    expect(latency.medianMs).toBeCloseTo(18)
  })

  it('follows a way that became longer', () => {
    const latency = new Latency()
    latency.roundTrip(0)
    for (let frame = 0; frame < 100; frame += 1) {
      const capturedMs = frame * 33
      const arrivedMs = capturedMs + (frame < 50 ? 1 : 401)
      latency.frame({ capturedMs, ageMs: 1, arrivedMs, paintedMs: arrivedMs })
    }
    expect(latency.medianMs).toBeCloseTo(401)
  })

  it('is the difference of the clocks where no age is told, and not told when that cannot be', () => {
    const latency = new Latency()
    latency.frame({ capturedMs: 1_000, ageMs: undefined, arrivedMs: 1_020, paintedMs: 1_030 })
    expect(latency.medianMs).toBe(30)
    latency.clear()
    latency.frame({ capturedMs: 1_000, ageMs: undefined, arrivedMs: 20, paintedMs: 30 })
    expect(latency.medianMs).toBeUndefined()
  })
})

describe('figures', () => {
  it('are written for people', () => {
    expect([0, 999, 1_000, 12_345_678].map(count)).toEqual(['0', '999', '1\u202f000', '12\u202f345\u202f678'])
    expect([0, 59.9, 61, 3_660, 90_000].map(duration)).toEqual(['0 s', '59 s', '1 min 01 s', '1 h 01 min', '1 d 1 h'])
    expect([1_000, 1_300_000].map(bitRate)).toEqual(['8 kbit/s', '10.4 Mbit/s'])
    expect(fileTime(new Date(2026, 0, 2, 3, 4, 5))).toBe('2026-01-02_03-04-05')
  })
})
