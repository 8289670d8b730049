import { describe, expect, it } from 'vitest'
import type { CaptureSettings } from '../../../../src/cameras/capture/capture-types.js'
import { identity, state } from '../../../support/devices.js'
import { captureRig, INTERVAL_MS, LINGER_MS, SETTINGS, settled } from './capture-rig.js'

const SECOND = state({ source: '/dev/video4#2', node: '/dev/video4' })
const always = (more: Partial<CaptureSettings> = {}): CaptureSettings => ({ ...SETTINGS, onDemand: false, ...more })

describe('standing demand', () => {
  it('on a camera that is away waits, and has frames as soon as it is plugged in', async () => {
    const { captures, calls, shown, tape, handle, deliver, word } = captureRig({ camera: false })
    captures.configure('camera0', SETTINGS)
    captures.want('camera0')
    expect(captures.state('camera0')).toMatchObject({ state: 'waiting', isRunning: true, isConnected: false, isIdle: false })
    expect(shown.at(-1)).toBe('default: (no device)')
    handle(tape.ready(state()))
    expect(calls).toEqual(['start'])
    expect(word()).toBe('opening')
    await deliver()
    expect(captures.state('camera0')).toMatchObject({ state: 'streaming', isConnected: true })
    expect(shown.slice(-2)).toEqual(['camera0: /dev/video0#1', 'default: /dev/video0#1'])
  })

  it('ends after the linger time, and the camera stands by', async () => {
    const { captures, clock, calls, shown, deliver } = captureRig()
    const want = captures.want('camera0')
    await deliver()
    want.release()
    want.release()
    clock.advance(LINGER_MS)
    expect(calls).toEqual(['start', 'stop'])
    expect(captures.state('camera0')).toMatchObject({ state: 'waiting', isIdle: true, isRunning: true, reason: 'standby' })
    expect(shown.at(-1)).toBe('default: (standby)')
  })

  it('13.18 takes no call where the camera captures always: absent at first, it streams when plugged in', async () => {
    const { captures, calls, tape, handle, deliver, word } = captureRig({ camera: false })
    captures.configure('default', always())
    expect(captures.state('default')).toMatchObject({ state: 'waiting', isRunning: true, reason: 'no device' })
    handle(tape.present(state()))
    expect(calls).toEqual([])
    handle(tape.ready(state()))
    await deliver()
    expect(word('default')).toBe('streaming')
    expect(word('camera0')).toBe('streaming')
  })

  it('is told to listeners that ask for the state at once, of a camera never seen before too', () => {
    const { captures, registry, changes, handle, tape } = captureRig({ camera: false })
    const heard: string[] = []
    registry.events.on('captureStateChanged', ({ device, state: told }) => {
      heard.push(`${device} ${told} ${captures.state(device).state}`)
    })
    captures.chooseDefault({ path: '/dev/video0' })
    captures.configure('default', always())
    handle(
      tape.ready(state({ source: '/dev/video20#1', node: '/dev/video20', identity: identity({ id: 'plat-loop', vid: '' }) }), []),
    )
    handle(tape.present(state()))
    captures.configure('camera3', always())
    // As often as each was wanted or let go, and the state that was told is the one that holds.
    expect(new Set(heard)).toEqual(new Set(['camera0', 'camera20', 'camera3'].map((device) => `${device} waiting waiting`)))
    expect(heard.length).toBeLessThan(10)
    expect(changes).toHaveLength(heard.length)
  })

  it('is refused only for a camera never heard of', () => {
    const { captures } = captureRig()
    expect(() => captures.want('camera7')).toThrow(expect.objectContaining({ code: 'CAMERA_NOT_FOUND' }))
    expect(() => captures.state('camera7')).toThrow(expect.objectContaining({ code: 'CAMERA_NOT_FOUND' }))
  })
})

describe('a camera that is pulled and comes back', () => {
  it('13.17 as another node is shown to the same viewers, and its counters go on', async () => {
    const { captures, clock, stats, shown, tape, handle, tell, deliver, word } = captureRig()
    captures.want('camera0')
    stats.set('/dev/video0#1', { frames: 70, lost: 2, errorFlag: 1, lastFrameAgeMs: 20, retained: 5, fps: 29.9 })
    await deliver()
    expect(captures.statistics('camera0')).toMatchObject({
      framesCaptured: 70,
      framesDropped: 3,
      queueSize: 2,
      lastFrameAgeMs: 20,
    })
    stats.set('/dev/video0#1', { frames: 75, lost: 2, errorFlag: 1, lastFrameAgeMs: 10 })
    shown.length = 0
    tell('gone', 'CAMERA_GONE')
    // Whoever hears of it first: what follows changes nothing.
    handle(tape.gone(state()))
    expect(shown).toEqual(['camera0: (no device)', 'default: (no device)'])
    clock.advance(60_000)
    expect(captures.state('camera0')).toMatchObject({
      state: 'waiting',
      isRunning: true,
      isConnected: false,
      reconnectAttempts: 0,
    })
    expect(captures.state('camera0').lastReconnect).toBeUndefined()
    expect(captures.statistics('camera0')).toMatchObject({
      framesCaptured: 75,
      queueSize: 0,
      connectionErrors: 1,
      lastFrameAgeMs: 60_010,
    })

    stats.set(SECOND.source, { frames: 5, encoderBusy: 1, invalidJpeg: 2, invalidUnits: 3, lastFrameAgeMs: 1 })
    handle(tape.ready(SECOND))
    const backAt = clock.wallMs()
    await deliver()
    expect(shown.slice(-2)).toEqual([`camera0: ${SECOND.source}`, `default: ${SECOND.source}`])
    expect(captures.state('camera0')).toMatchObject({ state: 'streaming', reconnectAttempts: 0, lastReconnect: backAt })
    expect(captures.statistics('camera0')).toMatchObject({
      framesCaptured: 80,
      framesDropped: 9,
      drops: { driverGap: 2, errorFlag: 1, invalidJpeg: 5, encoderBusy: 1 },
      connectionErrors: 1,
      lastReconnect: backAt,
    })
    expect(word()).toBe('streaming')
  })

  it('is not opened again as the appearance that went', async () => {
    const { captures, calls, registry, handle, tape, tell, deliver } = captureRig()
    captures.want('camera0')
    await deliver()
    tell('gone', 'CAMERA_GONE')
    // The registry has not heard of it yet, and something else changes meanwhile.
    registry.setModeWish('camera0', { fps: 15 })
    expect(calls).toEqual(['start'])
    await expect(captures.lease('camera0')).rejects.toMatchObject({ code: 'INVALID_STATE' })
    handle(tape.gone(state()), tape.ready(SECOND))
    expect(calls).toEqual(['start', 'start'])
  })

  it('or loses its signal is closed, and opened when it has one again', async () => {
    const { captures, calls, handle, tape, deliver, word } = captureRig()
    captures.want('camera0')
    await deliver()
    handle({ ...tape.ready(state(), []), type: 'changed' } as never)
    expect(calls).toEqual(['start', 'stop'])
    expect(captures.state('camera0')).toMatchObject({ state: 'waiting', reason: 'unsupported format' })
    handle({ ...tape.ready(state()), type: 'changed' } as never)
    await deliver()
    expect(calls).toEqual(['start', 'stop', 'start'])
    expect(word()).toBe('streaming')
  })

  it.each(['device', 'capture', 'start'])(
    'while it is opened counts no failure, and those who wait for it are told that it went (heard of by the %s)',
    async (by) => {
      const { captures, starts, handle, tape, tell } = captureRig()
      const lease = captures.lease('camera0')
      if (by === 'device') handle(tape.gone(state()))
      if (by === 'capture') tell('gone', 'CAMERA_GONE')
      starts.shift()?.fail('CAMERA_GONE', 19)
      await expect(lease).rejects.toMatchObject({
        code: 'DEPENDENCY_FAILED',
        data: { dependency: 'camera', camera_error: 'CAMERA_GONE' },
      })
      await settled()
      expect(captures.statistics('camera0').connectionErrors).toBe(0)
    },
  )
})

describe('a restart', () => {
  it('closes and opens once for all who ask at the same time', async () => {
    const { captures, calls, shown, deliver } = captureRig()
    captures.want('camera0')
    await deliver()
    const asked = [1, 2, 3].map(() => captures.restart('camera0', { waitMs: 10_000 }))
    // In one call: a stop of its own would end those who wait for a frame, or not, as it is sooner or later over than the start comes.
    expect(calls).toEqual(['start', 'reopen'])
    await deliver()
    expect(await Promise.all(asked)).toEqual([true, true, true])
    // Viewers kept the last picture.
    expect(shown.at(-1)).toBe('default: /dev/video0#1')
    expect(captures.state('camera0').lastReconnect).toBeUndefined()
  })

  it('is true once frames come, not before, and false when none come in time or the device refuses', async () => {
    const { captures, clock, starts, deliver } = captureRig()
    let answer: boolean | undefined
    void captures.restart('camera0', { waitMs: 10_000 }).then((value) => (answer = value))
    starts.shift()?.succeed()
    await settled()
    expect(answer).toBeUndefined()
    clock.advance(10_000)
    await settled()
    expect(answer).toBe(false)
    const refused = captures.restart('camera0', { waitMs: 10_000 })
    starts.shift()?.fail('CAMERA_BUSY')
    expect(await refused).toBe(false)
    const again = captures.restart('camera0', { waitMs: 10_000 })
    await deliver()
    expect(await again).toBe(true)
    clock.advance(LINGER_MS)
    expect(captures.state('camera0').isIdle).toBe(true)
  })

  it('of a camera that is away or switched off is false at once', async () => {
    const { captures, handle, tape } = captureRig()
    handle(tape.gone(state()))
    expect(await captures.restart('camera0', { waitMs: 10_000 })).toBe(false)
    handle(tape.ready(SECOND))
    captures.setEnabled('camera0', false)
    expect(await captures.restart('camera0', { waitMs: 10_000 })).toBe(false)
  })
})

describe('what is done before a start', () => {
  it('is waited for, but not for ever', async () => {
    let finish = (): void => undefined
    const { captures, clock, calls } = captureRig({ beforeStart: () => new Promise((resolve) => (finish = resolve)) })
    captures.want('camera0')
    await settled()
    expect(calls).toEqual([])
    finish()
    await settled()
    expect(calls).toEqual(['start'])
    void captures.restart('camera0', { waitMs: 60_000 })
    await settled()
    expect(calls).toEqual(['start'])
    clock.advance(3_000)
    await settled()
    expect(calls).toEqual(['start', 'reopen'])
  })

  it('may fail, and a camera that went meanwhile is not opened', async () => {
    const { captures, calls, handle, tape } = captureRig({ beforeStart: () => Promise.reject(new Error('no')) })
    captures.want('camera0')
    await settled()
    expect(calls).toEqual(['start'])
    handle(tape.gone(state()), tape.ready(SECOND), tape.gone(SECOND))
    await settled()
    expect(calls).toEqual(['start'])
  })
})

describe('the wall clock', () => {
  it('13.22 may be set by an hour: ages, uptime and attempts go on as they were', async () => {
    const { captures, clock, calls, stats, starts, tell, deliver } = captureRig()
    captures.configure('camera0', always())
    stats.set('/dev/video0#1', { frames: 1, lastFrameAgeMs: 5 })
    await deliver()
    const began = captures.statistics('camera0')
    for (const stepMs of [3_600_000, -7_200_000]) {
      const before = captures.statistics('camera0')
      clock.stepWall(stepMs)
      expect(captures.statistics('camera0')).toEqual(before)
    }
    tell('failed', 'IO')
    clock.stepWall(3_600_000)
    expect(captures.state('camera0')).toMatchObject({ nextAttemptMs: INTERVAL_MS, lastError: { at: clock.wallMs() } })
    clock.advance(INTERVAL_MS - 1)
    expect(calls).toEqual(['start'])
    clock.advance(1)
    expect(calls).toEqual(['start', 'start'])
    starts.shift()?.succeed()
    expect(captures.statistics('camera0').uptimeMs - began.uptimeMs).toBe(INTERVAL_MS)
    expect(captures.statistics('camera0').uptimeStart).toBe(began.uptimeStart)
  })
})
