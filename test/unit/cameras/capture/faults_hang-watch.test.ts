/** A capture whose thread hangs in the kernel says nothing any more; its camera must not look healthy for ever. */

import { describe, expect, it } from 'vitest'
import { HangWatch } from '../../../../src/cameras/capture/hang-watch.js'
import { FakeClock } from '../../../support/fake-clock.js'
import { captureRig, settled } from './capture-rig.js'

function watch(intervalMs: number) {
  const clock = new FakeClock()
  const told: string[] = []
  const camera: { frames: number | undefined } = { frames: 0 }
  const hang = new HangWatch({
    clock,
    frames: () => camera.frames,
    delivering: () => void told.push('delivering'),
    stalled: () => void told.push('stalled'),
    recovered: () => void told.push('recovered'),
    hung: () => void told.push('hung'),
  })
  hang.start(intervalMs)
  const run = (seconds: number, perSecond: number): void => {
    for (let second = 0; second < seconds; second += 1) {
      if (camera.frames !== undefined) camera.frames += perSecond
      clock.advance(1_000)
    }
  }
  return { hang, told, camera, run }
}

describe('a capture that hangs', () => {
  it('is told as stalled, and as hung once its own cures would be over', () => {
    const { told, run } = watch(33)
    run(60, 30)
    expect(told).toEqual(['delivering'])
    run(4, 0)
    expect(told).toEqual(['delivering'])
    run(1, 0)
    expect(told).toEqual(['delivering', 'stalled'])
    run(60, 0)
    expect(told).toEqual(['delivering', 'stalled', 'hung'])
  })

  it('is told as recovered when frames come again', () => {
    const { told, run } = watch(33)
    run(1, 30)
    run(8, 0)
    run(3, 30)
    expect(told).toEqual(['delivering', 'stalled', 'recovered'])
  })

  it('is told as recovered after a pause, too, in which it may have said itself that it stalled', () => {
    const { told, run } = watch(33)
    run(1, 30)
    run(1, 0)
    run(1, 30)
    expect(told).toEqual(['delivering'])
    run(2, 0)
    run(2, 30)
    expect(told).toEqual(['delivering', 'recovered'])
  })

  it('without a first frame is hung, never stalled', () => {
    const { told, run } = watch(33)
    run(60, 0)
    expect(told).toEqual(['hung'])
  })

  it('may be slow, or not run at all', () => {
    const slow = watch(60_000)
    slow.run(1, 1)
    slow.run(250, 0)
    expect(slow.told).toEqual(['delivering'])
    const idle = watch(33)
    idle.camera.frames = undefined
    idle.run(60, 0)
    expect(idle.told).toEqual([])
    const ended = watch(33)
    ended.hang.stop()
    ended.run(60, 0)
    expect(ended.told).toEqual([])
  })
})

describe('a camera whose capture hangs', () => {
  it('says so, is closed, and is tried again', async () => {
    const { captures, clock, calls, running, stats, starts, word } = captureRig()
    const { source } = await running()
    const deliverFor = (seconds: number, perSecond: number): void => {
      for (let second = 0; second < seconds; second += 1) {
        stats.set(source, { running: true, frames: (stats.get(source)?.frames ?? 0) + perSecond })
        clock.advance(1_000)
      }
    }
    deliverFor(3, 30)
    expect(word()).toBe('streaming')
    deliverFor(6, 0)
    expect([word(), captures.state('camera0').isConnected]).toEqual(['stalled', false])
    deliverFor(15, 0)
    await settled()
    expect(captures.state('camera0').lastError).toMatchObject({ code: 'STALLED', message: expect.stringContaining('hangs') })
    expect(captures.statistics('camera0').connectionErrors).toBe(1)
    expect(calls).toEqual(['start', 'stop', 'start'])
    starts[0]?.fail('TIMEOUT')
    await settled()
    expect(word()).toBe('waiting')
  })

  it('streams for all to see although its own word of it was lost', async () => {
    const { captures, clock, tell, stats, starts, word } = captureRig()
    captures.want('camera0')
    starts.shift()?.succeed()
    await settled()
    expect(word()).toBe('opening')
    const frames = (seconds: number, perSecond: number): void => {
      for (let second = 0; second < seconds; second += 1) {
        stats.set('/dev/video0#1', { running: true, frames: (stats.get('/dev/video0#1')?.frames ?? 0) + perSecond })
        clock.advance(1_000)
      }
    }
    frames(2, 30)
    expect(word()).toBe('streaming')
    frames(2, 0)
    tell('stalled', 'STALLED')
    expect(word()).toBe('stalled')
    frames(1, 30)
    expect(word()).toBe('streaming')
  })
})
