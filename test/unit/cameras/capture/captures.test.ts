import { describe, expect, it } from 'vitest'
import { identity, state } from '../../../support/devices.js'
import { captureRig, INTERVAL_MS, LINGER_MS, SETTINGS, settled } from './capture-rig.js'

describe('leases on captures', () => {
  it('keep them, and they run on for the linger time after the last one', async () => {
    const { captures, clock, calls, running } = captureRig()
    const first = await running()
    first.release()
    first.release()
    clock.advance(LINGER_MS - 1)
    const second = await captures.lease('camera0')
    clock.advance(10 * LINGER_MS)
    expect(calls).toEqual(['start'])
    second.release()
    clock.advance(LINGER_MS)
    expect(calls).toEqual(['start', 'stop'])
    expect(clock.pending).toBe(0)
  })

  it('given back after another are waited for as long as the first', async () => {
    const { captures, clock, calls, running } = captureRig()
    const first = await running()
    first.release()
    clock.advance(LINGER_MS - 1)
    const second = await captures.lease('camera0')
    second.release()
    clock.advance(LINGER_MS - 1)
    expect(calls).toEqual(['start'])
    clock.advance(1)
    expect(calls).toEqual(['start', 'stop'])
  })

  it('share a start that is under way', async () => {
    const { captures, clock, calls, starts, tell } = captureRig()
    const leases = [captures.lease('camera0'), captures.lease('camera0')]
    starts.shift()?.succeed()
    const [first, second] = await Promise.all(leases)
    tell('delivering')
    expect(calls).toEqual(['start'])
    first?.release()
    clock.advance(LINGER_MS)
    expect(calls).toEqual(['start'])
    second?.release()
    clock.advance(LINGER_MS)
    expect(calls).toEqual(['start', 'stop'])
  })

  it.each(['event first', 'promise first'])('make the next try after a start that failed (%s)', async (order) => {
    const { captures, clock, calls, starts, tell, status, word } = captureRig()
    const refused = expect(captures.lease('camera0')).rejects.toMatchObject({ code: 'DEPENDENCY_FAILED' })
    if (order === 'event first') tell('failed', 'CAMERA_BUSY', { session: 1 })
    starts.shift()?.fail('CAMERA_BUSY')
    await refused
    if (order === 'promise first') tell('failed', 'CAMERA_BUSY', { session: 1 })
    expect(status()).toBe('ERROR busy')
    await settled()
    clock.advance(100)
    expect(clock.pending, 'timers left by a capture nobody wants').toBe(0)
    expect(word()).toBe('waiting')

    const again = captures.lease('camera0')
    expect(calls).toEqual(['start', 'start'])
    const info = starts.shift()?.succeed()
    expect((await again).info).toEqual(info)
    tell('delivering')
    expect(status()).toBe('CONNECTED')
  })

  it('have their capture back after the interval, and after the next', async () => {
    const { clock, calls, starts, tell, deliver, running, status } = captureRig()
    await running()
    tell('failed', 'IO')
    expect(status()).toBe('ERROR capture_failed')
    clock.advance(INTERVAL_MS - 1)
    expect(calls).toEqual(['start'])
    clock.advance(1)
    expect(calls).toEqual(['start', 'start'])
    starts.shift()?.fail('IO')
    await settled()
    clock.advance(INTERVAL_MS)
    expect(calls).toHaveLength(3)
    await deliver()
    expect(status()).toBe('CONNECTED')
    // The look for a capture that hangs, and no pause.
    expect(clock.pending).toBe(1)
  })

  it('have it back at once when somebody asks in between, and the answer of one costs the other nothing', async () => {
    const { captures, clock, calls, starts, tell, running } = captureRig()
    await running()
    tell('failed', 'IO')
    const asked = captures.lease('camera0')
    expect(calls).toEqual(['start', 'start'])
    starts.shift()?.fail('IO')
    await expect(asked).rejects.toMatchObject({ code: 'DEPENDENCY_FAILED' })
    clock.advance(INTERVAL_MS)
    expect(calls).toEqual(['start', 'start', 'start'])
  })

  it('that have gone have no try made for them', async () => {
    const { captures, clock, calls, tell, running } = captureRig()
    const lease = await running()
    tell('failed', 'IO')
    lease.release()
    clock.advance(60_000)
    expect(calls).toEqual(['start'])
    void captures.lease('camera0')
    expect(calls).toEqual(['start', 'start'])
  })

  it('notice a failure that is heard before the start has answered', async () => {
    const { captures, clock, calls, starts, tell } = captureRig()
    const lease = captures.lease('camera0')
    tell('started', undefined, { session: 1 })
    tell('failed', 'IO', { session: 1 })
    starts.shift()?.succeed()
    await lease
    clock.advance(INTERVAL_MS)
    expect(calls).toEqual(['start', 'start'])
  })

  it('all end when the service stops', async () => {
    const { captures, clock, calls, running } = captureRig()
    await running()
    await captures.stop()
    expect(calls).toEqual(['start', 'stop'])
    expect(clock.pending).toBe(0)
  })

  it.each(['capture', 'device'])('end with an unplugged camera, whatever they do (heard of by the %s)', async (by) => {
    const { captures, clock, calls, tape, handle, tell, running } = captureRig()
    const lease = await running()
    if (by === 'capture') tell('gone', 'CAMERA_GONE')
    else handle(tape.gone(state()))
    lease.release()
    clock.advance(60_000)
    expect(calls).toEqual(['start'])
    expect(clock.pending).toBe(0)
    if (by === 'device') await expect(captures.lease('camera0')).rejects.toMatchObject({ code: 'INVALID_STATE' })
  })

  it('on an unknown or a switched-off camera say so', async () => {
    const { captures } = captureRig()
    await expect(captures.lease('camera9')).rejects.toMatchObject({ code: 'CAMERA_NOT_FOUND' })
    captures.setEnabled('camera0', false)
    await expect(captures.lease('camera0')).rejects.toMatchObject({ code: 'INVALID_STATE' })
  })
})

describe('captures that were stopped', () => {
  it('open nothing that is switched on or plugged in later', async () => {
    const { captures, calls, handle, tape, clock, word } = captureRig({ settings: { enabled: false } })
    await captures.stop()
    captures.configure('camera0', { ...SETTINGS, onDemand: false })
    handle(
      tape.ready(state({ source: '/dev/video2#1', node: '/dev/video2', identity: identity({ id: 'usb-2', port: 'usb1/1.3' }) })),
    )
    captures.configure('camera1', { ...SETTINGS, onDemand: false })
    await settled()
    expect(calls).toEqual([])
    expect([word('camera0'), word('camera1'), clock.pending]).toEqual(['disabled', 'disabled', 0])
  })
})
