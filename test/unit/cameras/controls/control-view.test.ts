import { describe, expect, it } from 'vitest'
import { controlViews } from '../../../../src/cameras/controls/control-view.js'
import { AUTO_GAIN, control, GAIN, POWER_LINE } from '../../../support/controls.js'

const view = (...controls: Parameters<typeof control>) => controlViews([control(...controls)])[0]

describe('a control as clients see it', () => {
  it('has a name that can be typed', () => {
    const labels = ['White Balance, Automatic', 'Exposure (Absolute)', '  LED1 Mode ', '***', 'Gain', 'Gain']
    const names = controlViews(labels.map((name, index) => control({ name, id: 0x980900 + index }))).map(({ name }) => name)
    expect(names).toEqual(['white_balance_automatic', 'exposure_absolute', 'led1_mode', 'control_980903', 'gain', 'gain_2'])
  })

  it('never shares its name with another', () => {
    const labels = ['Gain 2', 'Gain', 'Gain', 'Gain']
    const names = controlViews(labels.map((name, index) => control({ name, id: index }))).map(({ name }) => name)
    expect(new Set(names).size).toBe(4)
  })

  it('has a boolean where the device has a number', () => {
    const automatic = controlViews([AUTO_GAIN])[0]
    expect(automatic).toMatchObject({ value: true, default: true })
    expect(automatic).not.toHaveProperty('minimum')
    expect(controlViews([{ ...AUTO_GAIN, value: 0 }])[0]?.value).toBe(false)
  })

  it('says that an automatic one has it', () => {
    expect(controlViews([GAIN])[0]).toMatchObject({ inactive: true, settable: true })
    expect(view()?.inactive).toBe(false)
  })

  it('keeps menus, and digits beyond the safe integers', () => {
    expect(controlViews([POWER_LINE])[0]?.menu).toEqual(POWER_LINE.menu)
    expect(view({ type: 'integer64', value: '9223372036854775807' })?.value).toBe('9223372036854775807')
  })

  it.each([['read-only'], ['broken']])('cannot be set when %s', (flag) => {
    expect(view({ flags: [flag] })?.settable).toBe(false)
  })

  it('has only what its type has', () => {
    const { value: _value, ...button } = control({ type: 'button', flags: ['write-only'] })
    expect(controlViews([button])[0]).toEqual({
      id: button.id,
      name: 'brightness',
      label: 'Brightness',
      type: 'button',
      flags: ['write-only'],
      inactive: false,
      settable: true,
    })
    expect(view({ type: 'compound' })?.settable).toBe(false)
    expect(view({ type: 'string', value: 'door' })).not.toHaveProperty('default')
  })
})
