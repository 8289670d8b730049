import { describe, expect, it } from 'vitest'
import type { CaptureSettings } from '../../../../src/cameras/capture/capture-types.js'
import { state } from '../../../support/devices.js'
import { captureRig, INTERVAL_MS, SETTINGS, settled } from './capture-rig.js'

const SECOND = state({ source: '/dev/video4#2', node: '/dev/video4' })
const always = (more: Partial<CaptureSettings> = {}): CaptureSettings => ({ ...SETTINGS, onDemand: false, ...more })

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
