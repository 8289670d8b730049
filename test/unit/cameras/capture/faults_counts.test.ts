/** Faults of cameras are counted by code, with the reason of the last (v4l2-native §15). */

import { describe, expect, it } from 'vitest'
import type { NativeEvent } from '../../../../src/native/index.js'
import { state as deviceState } from '../../../support/devices.js'
import { captureRig, INTERVAL_MS, settled } from './capture-rig.js'

function countsOf(rig: Pick<ReturnType<typeof captureRig>, 'captures'>): Record<string, number> {
  return Object.fromEntries(rig.captures.statistics('camera0').faults.map(({ code, count }) => [code, count]))
}

describe('faults of a camera', () => {
  it.each([
    ['NO_PERMISSION', 13],
    ['CAMERA_BUSY', 16],
    ['NO_BANDWIDTH', 28],
    ['UNSUPPORTED_FORMAT', 0],
    ['NO_SIGNAL', 67],
    ['TIMEOUT', 110],
    ['IO', 71],
  ])('%s at each failed start is one', async (code, errno) => {
    const rig = captureRig()
    rig.captures.want('camera0')
    rig.starts.shift()?.fail(code, errno)
    await settled()
    expect(countsOf(rig)).toEqual({ [code]: 1 })
    rig.clock.advance(INTERVAL_MS)
    rig.starts.shift()?.fail(code, errno)
    await settled()
    expect(rig.captures.statistics('camera0').faults).toMatchObject([
      { code, count: 2, reason: rig.captures.state('camera0').lastError?.message },
    ])
  })

  it('of a stream that stalls, fails and is pulled out are one each', async () => {
    const rig = captureRig()
    await rig.running()
    rig.tell('stalled')
    rig.tell('failed', 'IO')
    rig.clock.advance(INTERVAL_MS)
    await rig.deliver()
    rig.tell('gone', 'CAMERA_GONE')
    rig.handle(rig.tape.gone(deviceState()))
    expect(countsOf(rig)).toEqual({ STALLED: 1, IO: 1, CAMERA_GONE: 1 })
  })

  it('say when the input has no signal, to viewers and in the list too, and are cured by the next try', async () => {
    const rig = captureRig()
    rig.captures.want('camera0')
    rig.starts.shift()?.fail('NO_SIGNAL', 67)
    await settled()
    expect([rig.word(), rig.status()]).toEqual(['waiting', 'ERROR no_signal'])
    expect(rig.shown.at(-1)).toContain(': (no signal)')
    expect(rig.captures.state('camera0').lastError).toMatchObject({ message: 'the input of the camera has no signal' })
    rig.clock.advance(INTERVAL_MS)
    await rig.deliver()
    expect([rig.word(), rig.status()]).toEqual(['streaming', 'CONNECTED'])
  })

  it('say that no descriptor is free, and how that is changed', async () => {
    const rig = captureRig()
    rig.captures.want('camera0')
    rig.starts.shift()?.fail('IO', 24)
    await settled()
    expect(rig.captures.state('camera0').lastError).toMatchObject({
      code: 'IO',
      errno: 24,
      message: expect.stringContaining('LimitNOFILE'),
    })
    expect(rig.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
  })

  it('that goes while it is opened is one, whoever tells it', async () => {
    const rig = captureRig()
    rig.captures.want('camera0')
    rig.starts.shift()?.fail('CAMERA_GONE', 2)
    await settled()
    rig.handle(rig.tape.gone(deviceState()))
    expect(countsOf(rig)).toEqual({ CAMERA_GONE: 1 })
  })

  it('that gets fewer buffers streams, and is one', async () => {
    const rig = captureRig({ buffers: 3 })
    await rig.running()
    expect(rig.word()).toBe('streaming')
    expect(rig.captures.statistics('camera0').faults).toMatchObject([
      { code: 'FEW_BUFFERS', count: 1, reason: 'memory is scarce: the stream runs with 3 buffers' },
    ])
  })

  it('that is not plugged in or not open are none', async () => {
    const rig = captureRig()
    rig.handle(rig.tape.gone(deviceState()))
    expect(countsOf(rig)).toEqual({})
  })

  it('keep the time at which the last one happened, whatever is done to the wall clock', async () => {
    const rig = captureRig()
    await rig.running()
    const atMs = rig.clock.wallMs()
    rig.tell('stalled')
    rig.clock.advance(10_000)
    expect(rig.captures.statistics('camera0').faults[0]?.atMs).toBe(atMs)
    rig.clock.stepWall(3_600_000)
    expect(rig.captures.statistics('camera0').faults[0]?.atMs).toBe(atMs + 3_600_000)
  })

  it('cures in the open device are counted over replugs', async () => {
    const { captures, running, stats, tape, handle } = captureRig()
    const { source } = await running()
    stats.set(source, { running: true, frames: 10, restarts: 2 })
    expect(captures.statistics('camera0').streamRestarts).toBe(2)
    handle(tape.gone(deviceState()))
    expect(captures.statistics('camera0').streamRestarts).toBe(2)
  })
})

describe('faults of hearing of cameras', () => {
  it('are counted by the registry: events lost, and a loose plug', () => {
    const rig = captureRig()
    rig.handle(rig.tape.resync([deviceState()]), rig.tape.resync([deviceState()]))
    const { source, node } = deviceState()
    rig.handle({ type: 'flapping', source, node, seq: 0, atUs: 0 } as NativeEvent)
    expect(rig.registry.faults.list()).toMatchObject([
      { code: 'EVENTS_LOST', count: 2 },
      { code: 'FLAPPING', count: 1, reason: 'camera0 keeps coming and going' },
    ])
  })
})
