import { describe, expect, it } from 'vitest'
import { canReset, controlsOf, grouped, lockOf, resultsOf, shown, widgetOf } from '../../../web/camera-page/control-model.js'
import { changedValues, entryOf, inForce, outcomeOf, problemsOf, SETTINGS } from '../../../web/camera-page/settings-model.js'
import { refusalOf, statusOf } from '../../../web/camera-page/wire.js'

describe('controls', () => {
  const [brightness, auto, gain, menu, button, huge] = controlsOf([
    {
      id: 0x980900,
      name: 'brightness',
      label: 'Brightness',
      type: 'integer',
      minimum: -64,
      maximum: 64,
      step: 2,
      default: 0,
      value: 4,
    },
    {
      id: 0x980912,
      name: 'gain_automatic',
      label: 'Gain, Automatic',
      type: 'boolean',
      default: true,
      value: true,
      flags: ['update'],
    },
    { id: 0x980913, name: 'gain', type: 'integer', minimum: 0, maximum: 9, default: 1, value: 2, inactive: true },
    {
      id: 0x9a0901,
      name: 'exposure_auto',
      type: 'menu',
      minimum: 0,
      maximum: 3,
      menu: [{ value: 1, label: 'Manual' }],
      value: 1,
    },
    { id: 0x9a0905, name: 'pan_reset', type: 'button', settable: true },
    { id: 0x9f0001, name: 'pixel_rate', type: 'integer', minimum: 0, maximum: 2 ** 40, value: 5, default: 5, settable: false },
    { id: 1, name: 'compound_one', type: 'compound' },
  ]) as ReturnType<typeof controlsOf>

  it('are shown by what sets them best', () => {
    const all = [brightness, auto, gain, menu, button, huge].flatMap((control) => (control ? [control] : []))
    expect(all.map(widgetOf)).toEqual(['slider', 'switch', 'slider', 'select', 'button', 'text'])
    expect(all.map((control) => shown(control, control.value))).toEqual(['4', 'On', '2', 'Manual', '', '5'])
    expect(all.map(lockOf)).toEqual([undefined, undefined, 'Set by an automatic control.', undefined, undefined, 'Read-only.'])
    expect(all.filter(canReset).map(({ name }) => name)).toEqual(['brightness'])
    expect(grouped(all).map(({ title, controls }) => [title, controls.length])).toEqual([
      ['Picture', 3],
      ['Exposure and lens', 2],
      ['More', 1],
    ])
  })

  it('are read whatever a service sends', () => {
    for (const document of [undefined, null, 'x', {}, [null, 3, { name: 4 }]]) expect(controlsOf(document)).toEqual([])
    expect(
      resultsOf([
        { name: 'gain', status: 'clamped', value: 9, detail: 'nearest' },
        { name: 'x', status: 'inactive' },
      ]),
    ).toEqual([
      { name: 'gain', isSet: true, value: 9, detail: 'nearest' },
      { name: 'x', isSet: false, value: undefined, detail: '' },
    ])
  })
})

describe('settings', () => {
  const config = { width: 640, height: 480, fps: 30, auto_reconnect: true, device_path: '/dev/video0' }
  const entered = Object.fromEntries(
    SETTINGS.map((setting) => [setting.key, entryOf(setting, { ...config }[setting.key as 'fps'])]),
  )

  it('send what was changed, as numbers where it is one', () => {
    expect(changedValues(SETTINGS, config, entered)).toEqual({})
    const changed = { ...entered, width: ' 800 ', height: 'many', fps: '7,5', auto_reconnect: false, device_path: '' }
    expect(changedValues(SETTINGS, config, changed)).toEqual({
      width: 800,
      height: 'many',
      fps: 7.5,
      auto_reconnect: false,
      device_path: null,
    })
  })

  it('show what the camera delivers rather than what was asked for', () => {
    const status = statusOf({ config, actual: { width: 1280, height: 720, fps_nominal: 25 } })
    expect(inForce(status)).toEqual({ ...config, width: 1280, height: 720, fps: 25 })
    expect(inForce(statusOf({ config }))).toEqual(config)
  })

  it('tell whose fault a refusal names', () => {
    const detail =
      'Invalid configuration: cameras[0].fps: must be a number between 1 and 240, got string "a: b"; camera.nonsense: unknown; odd'
    expect(problemsOf(detail, ['fps', 'width'])).toEqual({
      byKey: new Map([['fps', 'must be a number between 1 and 240, got string "a: b"']]),
      others: ['camera.nonsense: unknown', 'odd'],
    })
  })

  it('say what became of them', () => {
    expect(outcomeOf(['width', 'jpeg_quality'], [])).toBe('In force: width, jpeg quality.')
    expect(outcomeOf(['width', 'fps'], ['cameras.camera1.fps'])).toBe('In force: width. After a restart of the service: fps.')
  })
})

describe('documents of the service', () => {
  it('are read without trust', () => {
    for (const document of [undefined, null, [], 'x', { stats: 3, cameras: null, actual: [] }]) {
      expect(statusOf(document)).toMatchObject({ isRunning: false, framesCaptured: 0, actual: undefined })
    }
    expect(statusOf({ id: 'camera10', cameras: { camera9: {}, camera2: {} } }).all.map(({ id }) => id)).toEqual([
      'camera2',
      'camera9',
      'camera10',
    ])
    expect(refusalOf({ detail: [{ msg: 'one' }, { msg: 'two' }], code: 'X' })).toEqual({ code: 'X', detail: 'one; two' })
    expect(refusalOf('oops')).toEqual({ code: '', detail: '' })
  })
})
