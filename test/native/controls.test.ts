import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import type { Core, DeviceControl } from '../../src/native/index.js'
import { NEXT, virtualOptions, withCore } from './support.js'

const SOURCE = 'virtual:0'

async function named(core: Core, name: string): Promise<DeviceControl> {
  const found = (await core.probeControls(SOURCE)).find((control) => control.name === name)
  if (found === undefined) throw new Error(`no control ${name}`)
  return found
}

test('a virtual camera has an integer, booleans, a menu and a pair of which one is inactive', () =>
  withCore(virtualOptions(1), async ({ core }) => {
    const controls = await core.probeControls(SOURCE)
    expect(controls.map(({ type }) => type)).toEqual(['integer', 'boolean', 'integer', 'boolean', 'menu'])
    expect(controls[0]).toMatchObject({ name: 'Brightness', minimum: -64, maximum: 64, step: 1, defaultValue: 0, value: 0 })
    expect(controls[4]?.menu).toEqual([
      { value: 0, label: 'Colour Bars' },
      { value: 1, label: 'Grey Ramp' },
      { value: 2, label: 'Plain Grey' },
    ])
    expect((await named(core, 'Gain')).flags).toContain('inactive')
  }))

test('what was set is answered in the caller’s order and stays set', () =>
  withCore(virtualOptions(1), async ({ core }) => {
    const gain = await named(core, 'Gain')
    const automatic = await named(core, 'Gain, Automatic')
    const results = await core.setControls(SOURCE, [
      { id: gain.id, value: 40 },
      { id: automatic.id, value: 0 },
      { id: gain.id, value: '9007199254740993' },
      { id: 1, value: 1 },
    ])
    expect(results[0]).toEqual({ id: gain.id, outcome: 'applied', errno: 0, value: 40, inactive: false })
    expect(results[1]).toMatchObject({ id: automatic.id, outcome: 'applied', value: 0 })
    expect(results[2]).toMatchObject({ outcome: 'rejected', value: 40 })
    expect(results[3]).toEqual({ id: 1, outcome: 'unknown', errno: 0, inactive: false })
    expect(await named(core, 'Gain')).toMatchObject({ value: 40, flags: ['slider'] })
  }))

test('the controls change the picture', () =>
  withCore(virtualOptions(1), async (watched) => {
    await watched.streaming(SOURCE)
    const mean = async (): Promise<number> => {
      const { jpeg } = await watched.core.grab(SOURCE, NEXT)
      const { channels } = await sharp(jpeg).greyscale().stats()
      return channels[0]?.mean ?? Number.NaN
    }
    const brightness = await named(watched.core, 'Brightness')
    const before = await mean()
    await watched.core.setControls(SOURCE, [{ id: brightness.id, value: 60 }])
    // The next frame may have been drawn before.
    await mean()
    expect(await mean()).toBeGreaterThan(before + 30)
  }))

describe('wrong arguments', () => {
  const wrong: [string, unknown, ErrorConstructor | RangeErrorConstructor, RegExp][] = [
    ['no list', { id: 1, value: 1 }, TypeError, /controls must be an array/],
    ['an entry that is no object', [5], TypeError, /controls\[0\] must be an object/],
    ['an id below 0', [{ id: -1, value: 1 }], RangeError, /controls\[0\]\.id/],
    ['no value', [{ id: 1 }], TypeError, /controls\[0\]\.value must be a number/],
    ['a fraction', [{ id: 1, value: 0.5 }], RangeError, /controls\[0\]\.value must be an integer/],
    ['an unsafe number', [{ id: 1, value: 2 ** 53 }], RangeError, /controls\[0\]\.value/],
    ['a text that is too long', [{ id: 1, value: 'x'.repeat(5_000) }], RangeError, /controls\[0\]\.value/],
    ['too many', Array.from({ length: 513 }, () => ({ id: 1, value: 1 })), RangeError, /controls must be at most 512/],
  ]
  test.each(wrong)('%s', (_, controls, kind, text) =>
    withCore(virtualOptions(1), async ({ core }) => {
      const set = (): unknown => core.setControls(SOURCE, controls as never)
      expect(set).toThrow(kind)
      expect(set).toThrow(text)
    }),
  )
})

test('controls of a camera that is not there are CAMERA_GONE', () =>
  withCore(virtualOptions(0), async ({ core }) => {
    await expect(core.setControls('/dev/video7#1', [{ id: 1, value: 1 }])).rejects.toMatchObject({ code: 'CAMERA_GONE' })
  }))
