import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ServiceError } from '../../../../src/base/errors.js'
import { createLogger } from '../../../../src/base/logger.js'
import { ControlStore } from '../../../../src/cameras/controls/control-store.js'
import type { ControlChange } from '../../../../src/cameras/controls/control-view.js'
import { CameraControls } from '../../../../src/cameras/controls/controls.js'
import { CameraRegistry } from '../../../../src/cameras/registry/registry.js'
import { AUTO_GAIN, ControlCore, control, GAIN, PAN, POWER_LINE } from '../../../support/controls.js'
import { EventTape, state } from '../../../support/devices.js'
import { FakeClock } from '../../../support/fake-clock.js'

const BRIGHTNESS = control().id

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'controls-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function setUp({ core = new ControlCore(), restoreMotion = false } = {}) {
  const clock = new FakeClock()
  const lines: Record<string, unknown>[] = []
  const logger = createLogger({ level: 'warn', format: 'json', write: (line) => lines.push(JSON.parse(line)) })
  const registry = new CameraRegistry({
    clock,
    logger,
    pins: new Map(),
    modeWish: () => ({}),
    quietMs: 50,
    maxMs: 250,
    ids: new Map(),
    onIds: () => undefined,
    links: () => ({}),
  })
  const tape = new EventTape()
  const first = state()
  registry.handle([tape.ready(first)])
  const store = new ControlStore({ stateDir: dir, logger })
  const controls = new CameraControls({ core, registry, store, clock, logger, restoreMotion })
  const changes: ControlChange[] = []
  registry.events.on('controlChanged', (change) => changes.push(change))
  return {
    core,
    clock,
    controls,
    registry,
    store,
    changes,
    lines,
    unplug: () => registry.handle([tape.gone(first)]),
    replug: () => registry.handle([tape.ready(state({ source: '/dev/video2#2', node: '/dev/video2' }))]),
    remembered: async () =>
      Object.fromEntries([...(await store.of(first.identity.id))].map(([name, { value }]) => [name, value])),
    reapply: () => controls.reapply(registry.get('camera0')),
  }
}

const fault = (thrown: unknown): unknown => {
  if (!(thrown instanceof ServiceError)) throw thrown
  return { code: thrown.code, ...thrown.data }
}

describe('listing controls', () => {
  it('asks the camera once for calls at the same time, and again later', async () => {
    const { core, controls } = setUp()
    const [one, other] = await Promise.all([controls.list('camera0'), controls.list('camera0')])
    expect(one).toBe(other)
    expect(one.map(({ name }) => name)).toContain('gain_automatic')
    await controls.list('camera0')
    expect(core.calls).toHaveLength(2)
  })

  it('refuses a camera that is not known or not plugged in', async () => {
    const { controls, unplug } = setUp()
    await expect(controls.list('camera9')).rejects.toMatchObject({ code: 'CAMERA_NOT_FOUND' })
    unplug()
    await expect(controls.list('camera0')).rejects.toMatchObject({ code: 'INVALID_STATE' })
  })

  it('tells a failing camera as a failed dependency, and goes on', async () => {
    const { core, controls } = setUp()
    core.failure = Object.assign(new Error('gone'), { code: 'TIMEOUT', errno: 110, call: 'probe', node: '' })
    await expect(controls.list('camera0')).rejects.toMatchObject({ code: 'DEPENDENCY_FAILED', data: { camera_error: 'TIMEOUT' } })
    expect(await controls.list('camera0')).toHaveLength(6)
  })

  it('counts what the camera fails and stalls on, once each', async () => {
    const { core, controls } = setUp()
    expect(controls.faults('camera0')).toEqual([])
    core.failure = Object.assign(new Error('probe: ETIMEDOUT'), { code: 'TIMEOUT', errno: 110, call: 'probe', node: '' })
    await controls.list('camera0').catch(() => undefined)
    expect(controls.faults('camera0')).toMatchObject([
      { code: 'CONTROL_FAILED', count: 1, reason: expect.stringContaining('ETIMEDOUT') },
    ])
    core.controls = core.controls.map((one) => (one.id === GAIN.id ? { ...one, flags: ['broken'] } : one))
    await controls.list('camera0')
    await controls.list('camera0')
    expect(controls.faults('camera0')).toMatchObject([{ count: 2, reason: 'Gain: the camera stalled on it' }])
    core.outcomes.set(BRIGHTNESS, 'failed')
    await controls.set('camera0', { brightness: 5, no_such: 1 })
    expect(controls.faults('camera0')).toMatchObject([{ count: 3, reason: 'brightness: failed (errno 0)' }])
    expect(controls.faults('camera9')).toEqual([])
  })

  it('holds a bounded number of calls', async () => {
    const { core, controls } = setUp()
    core.gate = new Promise(() => undefined)
    const calls = Array.from({ length: 40 }, (_, value) => controls.set('camera0', { brightness: value }))
    await expect(Promise.race(calls.slice(32))).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  })
})

describe('setting controls', () => {
  it('by name and by number, answered in the order asked', async () => {
    const { controls } = setUp()
    expect(await controls.set('camera0', { power_line_frequency: '60 hz', [BRIGHTNESS]: 5 })).toEqual(
      // JavaScript puts numbers first.
      [
        { name: 'brightness', id: BRIGHTNESS, status: 'applied', value: 5 },
        { name: 'power_line_frequency', id: POWER_LINE.id, status: 'applied', value: 2 },
      ],
    )
  })

  it('gives each its own result: clamped, rejected, unknown, failed, without effect', async () => {
    const { core, controls } = setUp()
    core.outcomes.set(PAN.id, 'grabbed')
    const results = await controls.set('camera0', {
      brightness: 100,
      power_line_frequency: 1,
      no_such: 1,
      pan_absolute: 5,
      gain: 7,
    })
    expect(results.map(({ name, status, value, warning }) => [name, status, value, warning])).toEqual([
      ['brightness', 'clamped', 64, undefined],
      ['power_line_frequency', 'rejected', 0, undefined],
      ['no_such', 'unknown', undefined, undefined],
      ['pan_absolute', 'grabbed', 0, undefined],
      ['gain', 'applied', 7, 'inactive'],
    ])
    expect(results.every(({ detail }) => typeof detail === 'string')).toBe(true)
    expect(core.valueOf(POWER_LINE.id)).toBe(0)
  })

  it('sets nothing and touches no camera when no value can be set', async () => {
    const { core, controls } = setUp()
    expect(await controls.set('camera0', { no_such: 1 })).toEqual([expect.objectContaining({ status: 'unknown' })])
    expect(core.calls.filter((call) => call.startsWith('set'))).toEqual([])
  })

  it('strictly: the first fault is an error with range or menu, and none is set', async () => {
    const { core, controls } = setUp()
    const strict = (values: Record<string, unknown>) => controls.set('camera0', values, { strict: true }).catch(fault)
    expect(await strict({ gain: 5, brightness: 65 })).toEqual({
      code: 'INVALID_PARAMS',
      param: 'controls',
      control: 'brightness',
      rule: 'integer between -64 and 64',
      hint: 'send integer between -64 and 64',
      minimum: -64,
      maximum: 64,
      step: 1,
    })
    expect(await strict({ power_line_frequency: 1 })).toMatchObject({
      control: 'power_line_frequency',
      rule: 'one of 0 (Disabled), 2 (60 Hz)',
      menu: POWER_LINE.menu,
    })
    expect(await strict({ no_such: 1 })).toMatchObject({
      control: 'no_such',
      known: expect.arrayContaining(['gain', 'brightness']),
    })
    expect(core.calls.filter((call) => call.startsWith('set'))).toEqual([])
  })

  it('tells each change once, also of what another control took along', async () => {
    const { controls, changes } = setUp()
    await controls.list('camera0')
    await controls.set('camera0', { gain_automatic: false, brightness: 3 })
    expect(changes).toEqual([
      { device: 'camera0', control: 'brightness', value: 3, inactive: false },
      { device: 'camera0', control: 'gain_automatic', value: false, inactive: false },
      { device: 'camera0', control: 'gain', value: 0, inactive: false },
    ])
    await controls.set('camera0', { brightness: 3 })
    await controls.list('camera0')
    expect(changes).toHaveLength(3)
  })

  it('tells a volatile value only after a setting: it moves all the time', async () => {
    const exposure = control({ id: 0x9a0902, name: 'Exposure', flags: ['volatile'], value: 10 })
    const { core, controls, changes } = setUp({ core: new ControlCore([control(), exposure]) })
    await controls.list('camera0')
    core.controls = [control(), { ...exposure, value: 11 }]
    await controls.list('camera0')
    expect(changes).toEqual([])
    core.controls = [control(), { ...exposure, value: 12 }]
    await controls.set('camera0', { brightness: 1 })
    expect(changes.map(({ control: name, value }) => [name, value])).toEqual([
      ['brightness', 1],
      ['exposure', 12],
    ])
  })
})

describe('remembering', () => {
  it('keeps what the camera took; no buttons, no movements, nothing that was refused', async () => {
    const core = new ControlCore()
    core.controls.push(control({ id: 0x98091d, name: 'Press', type: 'button' }))
    core.outcomes.set(PAN.id, 'broken')
    const { controls, remembered } = setUp({ core })
    await controls.set('camera0', { brightness: 90, gain: 5, press: true, zoom_continuous: 2, pan_absolute: 7, no_such: 1 })
    expect(await remembered()).toEqual({ brightness: 64, gain: 5 })
  })

  it('gives it back once to a camera that was plugged in again, without asking for its list', async () => {
    const { core, controls, unplug, replug, reapply } = setUp()
    await controls.set('camera0', { brightness: 5, gain_automatic: false })
    unplug()
    replug()
    core.calls.length = 0
    await reapply()
    await reapply()
    expect(core.calls).toEqual(['set /dev/video2#2 Brightness=5 Gain, Automatic=0'])
  })

  it('leaves pan, tilt and zoom where they are, unless asked', async () => {
    const first = setUp()
    await first.controls.set('camera0', { pan_absolute: 100 })
    const still = setUp()
    await still.reapply()
    expect(still.core.calls).toEqual([])
    const moving = setUp({ restoreMotion: true })
    await moving.reapply()
    expect(moving.core.calls).toEqual(['set /dev/video0#1 Pan, Absolute=100'])
  })

  it('comes before what a client sets on a camera that was just plugged in', async () => {
    const first = setUp()
    await first.controls.set('camera0', { brightness: 5 })
    const { core, controls, reapply } = setUp()
    await controls.set('camera0', { brightness: 6 })
    await reapply()
    expect(core.calls.filter((call) => call.startsWith('set'))).toEqual([
      'set /dev/video0#1 Brightness=5',
      'set /dev/video0#1 Brightness=6',
    ])
  })

  it('logs what the camera does not take, and lets the capture begin', async () => {
    const first = setUp()
    await first.controls.set('camera0', { brightness: 5, gain: 3 })
    const { core, lines, reapply } = setUp()
    core.outcomes.set(BRIGHTNESS, 'broken')
    core.outcomes.set(GAIN.id, 'clamped') // without effect: the automatic gain has it
    await reapply()
    expect(lines).toEqual([expect.objectContaining({ device: 'camera0', control: 'brightness', outcome: 'broken' })])
  })

  it('does not reject when the camera fails, and tries again before the next capture', async () => {
    const first = setUp()
    await first.controls.set('camera0', { brightness: 5 })
    const { core, lines, reapply } = setUp()
    core.failure = new Error('unplugged')
    await reapply()
    expect(lines).toHaveLength(1)
    await reapply()
    expect(core.valueOf(BRIGHTNESS)).toBe(5)
  })

  it('does not hold up a capture for more than 3 s', async () => {
    const first = setUp()
    await first.controls.set('camera0', { brightness: 5 })
    const { core, clock, lines, reapply } = setUp()
    core.gate = new Promise(() => undefined)
    const done = reapply()
    clock.advance(3_000)
    await done
    expect(lines).toEqual([expect.objectContaining({ waitedMs: 3_000 })])
  })

  it('does nothing for a camera that is not plugged in', async () => {
    const { core, unplug, reapply } = setUp()
    unplug()
    await reapply()
    expect(core.calls).toEqual([])
  })
})

describe('resetting', () => {
  it('gives all their defaults but those that move hardware or have none, and forgets them', async () => {
    const { core, controls, remembered } = setUp()
    await controls.set('camera0', { brightness: 5, gain_automatic: false, pan_absolute: 9 })
    const results = await controls.reset('camera0')
    expect(results.map(({ name }) => name)).toEqual(['brightness', 'gain_automatic', 'gain', 'power_line_frequency'])
    expect(core.valueOf(BRIGHTNESS)).toBe(0)
    expect(core.valueOf(AUTO_GAIN.id)).toBe(1)
    expect(core.valueOf(PAN.id)).toBe(9)
    expect(await remembered()).toEqual({ pan_absolute: 9 })
  })

  it('by name, also of what moves hardware', async () => {
    const { core, controls, remembered } = setUp()
    await controls.set('camera0', { brightness: 5, pan_absolute: 9 })
    expect(await controls.reset('camera0', ['pan_absolute'])).toEqual([
      { name: 'pan_absolute', id: PAN.id, status: 'applied', value: 0 },
    ])
    expect(core.valueOf(BRIGHTNESS)).toBe(5)
    expect(await remembered()).toEqual({ brightness: 5 })
  })

  it('refuses a name that is not known, and then resets nothing', async () => {
    const { core, controls } = setUp()
    await controls.set('camera0', { brightness: 5 })
    await expect(controls.reset('camera0', ['brightness', 'no_such'])).rejects.toMatchObject({
      code: 'INVALID_PARAMS',
      data: { control: 'no_such' },
    })
    expect(core.valueOf(BRIGHTNESS)).toBe(5)
  })
})
