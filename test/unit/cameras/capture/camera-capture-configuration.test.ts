import { describe, expect, it } from 'vitest'
import type { CaptureSettings } from '../../../../src/cameras/capture/capture-types.js'
import { format, identity, state } from '../../../support/devices.js'
import { captureRig, LINGER_MS, SETTINGS, settled } from './capture-rig.js'

const always = (more: Partial<CaptureSettings> = {}): CaptureSettings => ({ ...SETTINGS, onDemand: false, ...more })

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

  it('of the default camera is what the named one is opened with, wherever the default was before', async () => {
    const { captures, starts, handle, tape, deliver } = captureRig({ camera: false })
    const loop = state({
      source: '/dev/video20#1',
      node: '/dev/video20',
      identity: identity({ id: 'plat-loop', vid: '', serial: '' }),
    })
    captures.chooseDefault({ path: '/dev/video0' })
    captures.configure('default', always({ wish: { width: 1280, height: 720, fps: 15 } }))
    handle(tape.present(loop), tape.ready(loop))
    captures.configure('camera20', SETTINGS)
    await deliver()
    handle(tape.present(state()), tape.ready(state()))
    await settled()
    const opened = starts.filter(({ source }) => source === '/dev/video0#1')
    expect(opened.map(({ request }) => request.interval.den)).toEqual([15])
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
