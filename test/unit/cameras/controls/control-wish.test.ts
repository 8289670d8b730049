import { describe, expect, it } from 'vitest'
import { controlViews } from '../../../../src/cameras/controls/control-view.js'
import { checkWish } from '../../../../src/cameras/controls/control-wish.js'
import type { DeviceControl } from '../../../../src/native/index.js'
import { AUTO_GAIN, control, POWER_LINE } from '../../../support/controls.js'

function check(device: DeviceControl, given: unknown) {
  const [view] = controlViews([device])
  if (view === undefined) throw new Error('no view')
  const { value, fault } = checkWish(view, given)
  return fault === undefined ? value : value === undefined ? fault.kind : `${fault.kind} ${value}`
}

const mask = control({ type: 'bitmask', minimum: 0, maximum: 0x80000003 })
const big = control({ type: 'integer64', minimum: '-9223372036854775808', maximum: '9223372036854775807' })
const text = control({ type: 'string', minimum: 1, maximum: 4 })

describe('a wish for a control', () => {
  const cases: [string, DeviceControl, unknown, unknown][] = [
    ['an integer in range', control(), -64, -64],
    ['an integer out of range, which the device would clamp', control(), 65, 'out-of-range 65'],
    ['a fraction', control(), 0.5, 'type'],
    ['digits for an integer', control(), '5', 'type'],
    ['NaN', control(), Number.NaN, 'type'],
    ['null', control(), null, 'type'],
    ['true for an integer', control(), true, 'type'],
    ['true', AUTO_GAIN, true, 1],
    ['0 for false', AUTO_GAIN, 0, 0],
    ['2 for a boolean', AUTO_GAIN, 2, 'type'],
    ['"true" for a boolean', AUTO_GAIN, 'true', 'type'],
    ['a menu item by number', POWER_LINE, 2, 2],
    ['a menu item by label in any case', POWER_LINE, '60 HZ', 2],
    ['a hole of a menu', POWER_LINE, 1, 'not-offered'],
    ['a label that is not there', POWER_LINE, '50 Hz', 'not-offered'],
    ['true for a menu', POWER_LINE, true, 'type'],
    ['a text', text, 'door', 'door'],
    ['a text that is too long in bytes', text, 'türe', 'not-offered'],
    ['an empty text where one character is the least', text, '', 'not-offered'],
    ['a text with NUL', text, 'a\0', 'type'],
    ['bits of a mask', mask, 0x80000001, 0x80000001],
    ['a bit outside of the mask', mask, 4, 'not-offered'],
    ['a negative mask', mask, -1, 'not-offered'],
    ['64-bit digits', big, '-9223372036854775808', '-9223372036854775808'],
    ['digits beyond 64 bits', big, '9223372036854775808', 'out-of-range 9223372036854775808'],
    ['anything for a button', control({ type: 'button' }), true, 1],
    ['a value for a read-only control', control({ flags: ['read-only'] }), 1, 'read-only'],
    ['a value for a broken control', control({ flags: ['broken'] }), 1, 'read-only'],
  ]
  it.each(cases)('%s', (_, device, given, expected) => {
    expect(check(device, given)).toEqual(expected)
  })
})
