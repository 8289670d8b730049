import { describe, expect, it } from 'vitest'
import { CaptureTotals } from '../../../../src/cameras/capture/capture-totals.js'
import type { CaptureStats } from '../../../../src/native/index.js'
import { FakeClock } from '../../../support/fake-clock.js'
import { STATS } from './capture-rig.js'

function setUp() {
  const clock = new FakeClock()
  const known = new Map<string, Partial<CaptureStats>>()
  let asked = 0
  const captureStats = (source: string): CaptureStats | undefined => {
    asked += 1
    const stats = known.get(source)
    return stats === undefined ? undefined : { ...STATS, ...stats }
  }
  return { totals: new CaptureTotals({ captureStats }, clock), clock, known, asked: () => asked }
}

describe('counters of a camera', () => {
  it('go on over its appearances, and never back', () => {
    const { totals, known } = setUp()
    known.set('a', { frames: 10, invalidJpeg: 1 })
    totals.follow('a')
    expect(totals.read(0, true).frames).toBe(10)
    known.set('a', { frames: 12, invalidJpeg: 1 })
    totals.follow(undefined)
    expect(totals.read(0, false).frames).toBe(12)
    totals.follow('b')
    // The core knows it only when it first captures.
    expect(totals.read(0, false).frames).toBe(12)
    known.set('b', { frames: 3, invalidJpeg: 2 })
    expect(totals.read(0, true)).toMatchObject({ frames: 15, drops: { invalidJpeg: 3 } })
  })

  it('have their causes, which go on too', () => {
    const { totals, known } = setUp()
    known.set('a', { restarts: 2, causes: { restart_silence: 1, restart_poll_error: 1 } })
    totals.follow('a')
    totals.follow('b')
    known.set('b', { restarts: 1, causes: { restart_silence: 1, invalid_truncated: 4 } })
    expect(totals.read(0, true)).toMatchObject({
      restarts: 3,
      causes: { restart_silence: 2, restart_poll_error: 1, invalid_truncated: 4 },
    })
  })

  it('are asked for while the device is open, once more when it is closed, and then no more', () => {
    const { totals, known, asked } = setUp()
    totals.follow('a')
    known.set('a', { frames: 10, retained: 2, fps: 30 })
    expect(totals.read(0, true)).toMatchObject({ frames: 10, queueSize: 2, fps: 30 })
    known.set('a', { frames: 11 })
    expect(totals.read(0, false)).toMatchObject({ frames: 11, queueSize: 0, fps: 0 })
    const before = asked()
    expect(totals.read(0, false)).toMatchObject({ frames: 11, queueSize: 0, fps: 0 })
    expect(asked()).toBe(before)
    known.set('a', { frames: 12 })
    expect(totals.read(0, true).frames).toBe(12)
  })

  it('have the age of the last frame by the monotonic clock, also when it has been long gone', () => {
    const { totals, known, clock } = setUp()
    totals.follow('a')
    expect(totals.read(0, true).lastFrameAgeMs).toBeUndefined()
    known.set('a', { frames: 1, lastFrameAgeMs: 40 })
    expect(totals.read(0, true).lastFrameAgeMs).toBe(40)
    totals.follow(undefined)
    clock.advance(5_000)
    clock.stepWall(3_600_000)
    expect(totals.read(0, false).lastFrameAgeMs).toBe(5_040)
  })
})
