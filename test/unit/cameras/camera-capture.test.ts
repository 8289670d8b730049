import { describe, expect, it } from 'vitest'
import type { CaptureSettings } from '../../../src/cameras/capture-types.js'
import { format, identity, state } from '../../support/devices.js'
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

  it('while it is opened counts no failure, and those who wait for it are told', async () => {
    const { captures, starts, handle, tape } = captureRig()
    const lease = captures.lease('camera0')
    handle(tape.gone(state()))
    await expect(lease).rejects.toMatchObject({ code: 'INVALID_STATE' })
    starts.shift()?.fail('CAMERA_GONE', 19)
    await settled()
    expect(captures.statistics('camera0').connectionErrors).toBe(0)
  })
})

describe('failures', () => {
  it('13.19 end in "given up" when the attempts are exhausted; hotplug and restart bring the camera back', async () => {
    const { captures, clock, calls, starts, shown, lines, tape, handle, deliver } = captureRig()
    captures.configure('default', always({ maxReconnectAttempts: 3 }))
    const exhaust = async (attempts: number): Promise<void> => {
      for (let i = 0; i < attempts; i++) {
        starts.shift()?.fail('IO', 5)
        await settled()
        clock.advance(INTERVAL_MS)
      }
    }
    await exhaust(3)
    expect(captures.state('default')).toMatchObject({
      state: 'given_up',
      isRunning: false,
      isConnected: false,
      reconnectAttempts: 3,
    })
    expect(captures.state('default').lastError).toMatchObject({ code: 'IO', errno: 5, at: clock.wallMs() - INTERVAL_MS })
    expect(shown.at(-1)).toBe('default: (capture failed)')
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1)
    clock.advance(3_600_000)
    expect(calls).toHaveLength(3)

    const restarted = captures.restart('default', { waitMs: 10_000 })
    expect(captures.state('default')).toMatchObject({ state: 'opening', reconnectAttempts: 0 })
    await deliver()
    expect(await restarted).toBe(true)

    // Given up once more, it comes back as it is plugged in anew.
    handle(tape.gone(state()), tape.ready(SECOND))
    await exhaust(3)
    expect(captures.state('default').state).toBe('given_up')
    handle(tape.gone(SECOND))
    expect(captures.state('default').state).toBe('given_up')
    handle(tape.ready(state({ source: '/dev/video0#3' })))
    await deliver()
    expect(captures.state('default')).toMatchObject({ state: 'streaming', reconnectAttempts: 0 })
  })

  it('come back with another configuration, and when the camera is switched off and on', async () => {
    const { captures, starts, deliver, word } = captureRig()
    captures.configure('camera0', always({ autoReconnect: false }))
    starts.shift()?.fail('IO')
    await settled()
    expect(word()).toBe('given_up')
    captures.configure('camera0', always({ autoReconnect: false, reconnectIntervalMs: 1_000 }))
    expect(word()).toBe('opening')
    starts.shift()?.fail('IO')
    await settled()
    captures.setEnabled('camera0', false)
    expect(captures.state('camera0')).toMatchObject({ state: 'disabled', isRunning: false, reason: 'disabled' })
    captures.setEnabled('camera0', true)
    await deliver()
    expect(word()).toBe('streaming')
  })

  it('are told once, then every 30 s at most with their number', async () => {
    const { captures, clock, starts, lines, deliver } = captureRig()
    captures.configure('camera0', always({ reconnectIntervalMs: 1_000 }))
    for (let i = 0; i < 61; i++) {
      starts.shift()?.fail('IO')
      await settled()
      clock.advance(1_000)
    }
    const warnings = lines.filter(({ level }) => level === 'warn')
    expect(warnings.map(({ failures }) => failures)).toEqual([1, 30, 30])
    await deliver()
    expect(lines.filter(({ msg }) => msg === 'camera streams')).toHaveLength(1)
  })

  it('of one stall are shown and cured, and the device is opened anew when they are not', async () => {
    const { captures, calls, shown, tell, deliver, status, word } = captureRig()
    captures.want('camera0')
    await deliver()
    tell('stalled', 'STALLED')
    expect(captures.state('camera0')).toMatchObject({ state: 'stalled', isRunning: true, isConnected: false })
    expect(status()).toBe('ERROR stalled')
    expect(shown.at(-1)).toBe('default: (stalled)')
    tell('restarted')
    expect(word()).toBe('streaming')
    expect(status()).toBe('CONNECTED')
    expect(shown.at(-1)).toBe('default: /dev/video0#1')
    tell('stalled', 'STALLED')
    tell('failed', 'STALLED')
    expect(calls).toEqual(['start', 'start'])
    expect(captures.state('camera0')).toMatchObject({ state: 'opening', reconnectAttempts: 0 })
    expect(shown.at(-1)).toBe('default: (stalled)')
    await deliver()
    expect(captures.statistics('camera0').connectionErrors).toBe(1)
    expect(captures.state('camera0').lastReconnect).toBeDefined()
  })

  it('of a capture that is over are not taken for those of the one that runs', async () => {
    const { captures, tell, deliver, word } = captureRig()
    captures.want('camera0')
    await deliver()
    const restarted = captures.restart('camera0', { waitMs: 1_000 })
    tell('failed', 'IO', { session: 1 })
    expect(word()).toBe('opening')
    await deliver()
    tell('failed', 'IO', { session: 1 })
    expect(word()).toBe('streaming')
    expect(await restarted).toBe(true)
  })

  it('are found after lost events', async () => {
    const { captures, stats, tape, handle, deliver, word } = captureRig()
    captures.want('camera0')
    stats.set('/dev/video0#1', { running: true })
    await deliver()
    const present = tape.ready(state())
    if (present.type !== 'ready') throw new Error('unreachable')
    handle(tape.resync([present]))
    expect(word()).toBe('streaming')
    stats.set('/dev/video0#1', { running: false })
    handle(tape.resync([present]))
    expect(word()).toBe('waiting')
  })

  it('of a probe are reported, and no device is opened', () => {
    const { captures, calls, handle, tape } = captureRig({ camera: false })
    captures.configure('default', always())
    const fault = { code: 'NO_PERMISSION', errno: 13, call: 'open' } as const
    handle({ ...tape.present(state()), type: 'changed', fault } as never)
    expect(captures.state('camera0')).toMatchObject({
      state: 'waiting',
      reason: 'permission denied',
      reconnectAttempts: 0,
      lastError: { code: 'NO_PERMISSION', errno: 13 },
    })
    expect(calls).toEqual([])
  })
})

describe('a restart', () => {
  it('closes and opens once for all who ask at the same time', async () => {
    const { captures, calls, shown, deliver } = captureRig()
    captures.want('camera0')
    await deliver()
    const asked = [1, 2, 3].map(() => captures.restart('camera0', { waitMs: 10_000 }))
    expect(calls).toEqual(['start', 'stop', 'start'])
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

describe('a configuration', () => {
  const TWO_SIZES = [format('MJPG', [[1280, 720, 30, 15], [640, 480, 30, 15]])] // biome-ignore format: pairs of sides

  it('opens the device anew only for another mode, and viewers see no placeholder', async () => {
    const { captures, calls, starts, tuned, shown, handle, tape, deliver } = captureRig({ camera: false })
    handle(tape.ready(state(), TWO_SIZES))
    captures.configure('default', always())
    await deliver()
    shown.length = 0
    tuned.length = 0
    captures.configure('default', always({ bufferSize: 8, jpegQuality: 50, maxFrameAgeMs: 1_000 }))
    expect(calls).toEqual(['start'])
    expect(tuned).toEqual(['retain 8', 'quality 50'])

    captures.configure('default', always({ wish: { width: 640, height: 480, fps: 15 } }))
    expect(calls).toEqual(['start', 'start'])
    expect(starts[0]?.request).toMatchObject({ width: 640, height: 480, interval: { num: 1, den: 15 } })
    expect(captures.state('default').state).toBe('opening')
    await deliver()
    expect(shown.filter((line) => line.includes('('))).toEqual([])
    expect(captures.statistics('default').actual).toMatchObject({ width: 640, height: 480, fpsNominal: 15, pixelFormat: 'MJPG' })
    captures.configure('default', always({ wish: { width: 641, height: 480, fps: 15 } }))
    captures.configure('default', undefined)
    expect(captures.settings('default').onDemand).toBe(true)
  })

  it('of the default camera follows it, and leaves the others alone', async () => {
    const { captures, calls, starts, shown, handle, tape, deliver, word } = captureRig()
    const other = state({
      source: '/dev/video2#1',
      node: '/dev/video2',
      identity: identity({ id: 'usb-2', serial: 'SN2', port: 'usb1/1.3', byId: 'usb-Maker-video-index0' }),
    })
    handle(tape.ready(other))
    captures.configure('default', always())
    const want = captures.want('default')
    expect(starts.map(({ source }) => source)).toEqual(['/dev/video0#1'])
    await deliver()
    captures.chooseDefault({ path: '/dev/v4l/by-id/usb-Maker-video-index0' })
    expect(captures.defaultDevice).toBe('camera2')
    starts.shift()?.succeed()
    await settled()
    handle({ type: 'capture', source: other.source, state: 'delivering', session: 2, atUs: 0, seq: 0 })
    expect(word('default')).toBe('streaming')
    expect(shown.at(-1)).toBe(`default: ${other.source}`)
    expect(captures.settings('camera0').onDemand).toBe(true)
    want.release()
    expect(captures.state('camera2').isIdle).toBe(false)
    expect(calls.filter((call) => call === 'start')).toHaveLength(2)
  })

  it('without bandwidth falls back to MJPEG, lower rates, then lower sizes, when it says so', async () => {
    const { captures, starts, handle, tape } = captureRig({ camera: false })
    handle(tape.ready(state(), [format('YUYV', [[1280, 720, 10]]), format('MJPG', [[640, 480, 30, 15]])]))
    captures.configure('default', always({ bandwidthFallback: true, wish: { width: 640, height: 480 } }))
    const asked: unknown[] = []
    for (let i = 0; i < 2; i++) {
      asked.push(`${starts[0]?.request.fourcc} ${starts[0]?.request.interval.den}`)
      starts.shift()?.fail('NO_BANDWIDTH', 28)
      await settled()
    }
    expect(asked).toEqual(['MJPG 30', 'MJPG 15'])
    expect(captures.state('default')).toMatchObject({ state: 'waiting', reason: 'no bandwidth', reconnectAttempts: 1 })
  })

  it('of another mode after that begins with that mode', async () => {
    const { captures, starts, handle, tape } = captureRig({ camera: false })
    handle(
      tape.ready(state(), [
        format('MJPG', [
          [1280, 720, 30, 15],
          [640, 480, 30, 15],
        ]),
      ]),
    )
    captures.configure('default', always({ bandwidthFallback: true }))
    starts.shift()?.fail('NO_BANDWIDTH', 28)
    await settled()
    expect(starts.shift()?.request).toMatchObject({ width: 1280, interval: { den: 15 } })
    captures.configure('default', always({ bandwidthFallback: true, wish: { width: 640, height: 480 } }))
    expect(starts.shift()?.request).toMatchObject({ width: 640, interval: { den: 30 } })
  })

  it('of another default camera moves the demand for it', async () => {
    const { captures, clock, calls, handle, tape, deliver } = captureRig()
    const want = captures.want('default')
    await deliver()
    handle(
      tape.ready(state({ source: '/dev/video2#1', node: '/dev/video2', identity: identity({ id: 'usb-2', port: 'usb1/1.3' }) })),
    )
    captures.chooseDefault({ path: 'usb-port:usb1/1.3' })
    clock.advance(LINGER_MS)
    expect(calls).toEqual(['start', 'start', 'stop'])
    expect(captures.state('camera0').isIdle).toBe(true)
    want.release()
    clock.advance(LINGER_MS)
    expect(calls).toEqual(['start', 'start', 'stop', 'stop'])
  })

  it('of the default camera waits at another one until the named one is plugged in', async () => {
    const { captures, shown, handle, tape, deliver, word } = captureRig({ camera: false })
    const loop = state({
      source: '/dev/video20#1',
      node: '/dev/video20',
      identity: identity({ id: 'plat-loop', vid: '', serial: '' }),
    })
    captures.chooseDefault({ path: '/dev/video0' })
    captures.configure('default', always())
    handle(tape.ready(loop, []))
    captures.configure('camera20', SETTINGS)
    expect(captures.defaultDevice).toBe('camera20')
    expect(word('default')).toBe('waiting')
    handle(tape.present(state()), tape.ready(state()))
    captures.configure('camera0', SETTINGS)
    await deliver()
    expect(captures.defaultDevice).toBe('camera0')
    expect(word('default')).toBe('streaming')
    expect(shown.at(-1)).toBe('default: /dev/video0#1')
    expect(captures.settings('camera20').onDemand).toBe(true)
  })

  it('says whether its quality reaches the pictures', async () => {
    const { captures, takesQuality, deliver } = captureRig()
    captures.want('camera0')
    await deliver()
    expect(captures.state('camera0').jpegQualityApplied).toBe(false)
    takesQuality.add('/dev/video0#1')
    captures.configure('camera0', { ...SETTINGS, jpegQuality: 60 })
    await settled()
    expect(captures.state('camera0').jpegQualityApplied).toBe(true)
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
    expect(calls).toEqual(['start', 'stop'])
    clock.advance(3_000)
    await settled()
    expect(calls).toEqual(['start', 'stop', 'start'])
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
