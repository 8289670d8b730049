import { describe, expect, it } from 'vitest'
import { CpuMeter, type CpuTimes, readCpuTimes } from '../../../src/monitor/cpu-meter.js'
import { FakeClock } from '../../support/fake-clock.js'

function setUp() {
  const clock = new FakeClock()
  let times: CpuTimes = { busyMs: 1_000, allMs: 10_000 }
  const meter = new CpuMeter(clock, () => times)
  const spend = (busyMs: number, allMs: number) => {
    clock.advance(allMs)
    times = { busyMs: times.busyMs + busyMs, allMs: times.allMs + allMs }
  }
  return { clock, meter, spend }
}

describe('the meter of processors', () => {
  it('tells the share of the time since the last question', () => {
    const { meter, spend } = setUp()
    spend(250, 1_000)
    expect(meter.percent).toBe(25)
    spend(1_000, 1_000)
    expect(meter.percent).toBe(100)
  })

  it('repeats itself rather than to measure a moment', () => {
    const { meter, spend } = setUp()
    spend(500, 1_000)
    expect(meter.percent).toBe(50)
    spend(100, 100)
    expect(meter.percent).toBe(50)
  })

  it('stays within bounds when counters jump back', () => {
    const { meter, spend } = setUp()
    spend(500, 1_000)
    expect(meter.percent).toBe(50)
    spend(-2_000, 300)
    expect(meter.percent).toBe(0)
  })

  it('reads counters that grow', () => {
    const before = readCpuTimes()
    expect(before.busyMs).toBeGreaterThan(0)
    expect(before.allMs).toBeGreaterThan(before.busyMs)
  })
})
