/** Controls as clients see them: under names that can be typed, with values of their own type. Pure. */

import type { ControlNumber, DeviceControl } from '../../native/index.js'

/** Booleans are booleans, 64-bit numbers beyond the safe integers decimal digits. */
export type ControlValue = number | string | boolean

export interface ControlView {
  /** The kernel's number. */
  readonly id: number
  /** Unique per camera: `exposure_time_absolute`. */
  readonly name: string
  /** The driver's own name. */
  readonly label: string
  readonly type: DeviceControl['type']
  /** Range of a number; of a text: its length. Absent for the other types. */
  readonly minimum?: ControlNumber
  readonly maximum?: ControlNumber
  readonly step?: ControlNumber
  readonly default?: ControlValue
  /** Absent for buttons and for what cannot be read. */
  readonly value?: ControlValue
  /** What a menu offers. */
  readonly menu?: readonly { readonly value: number; readonly label: string }[]
  /** The driver's flags, and `broken` for one that the camera stalled on. */
  readonly flags: readonly string[]
  /** Without effect now: an automatic control has it. */
  readonly inactive: boolean
  /** Can be set at all. */
  readonly settable: boolean
}

/** A control has another value, or an automatic one took or left it. */
export interface ControlChange {
  readonly device: string
  /** Name of the control. */
  readonly control: string
  readonly value?: ControlValue
  readonly inactive: boolean
}

/** Flags of controls that cannot be set. */
const UNSETTABLE: readonly string[] = ['read-only', 'broken']

export function controlViews(controls: readonly DeviceControl[]): ControlView[] {
  const taken = new Set<string>()
  return controls.map((control) => {
    const name = freeName(controlName(control), taken)
    taken.add(name)
    return controlView(control, name)
  })
}

export function controlChange(device: string, { name, value, inactive }: ControlView): ControlChange {
  return { device, control: name, ...(value === undefined ? {} : { value }), inactive }
}

/** A value of the device as one of the control's type. */
export function controlValue(type: DeviceControl['type'], value: ControlNumber): ControlValue {
  return type === 'boolean' ? value !== 0 : value
}

function controlView(control: DeviceControl, name: string): ControlView {
  const { id, type, flags, minimum, maximum, step, value, menu } = control
  const hasRange = type !== 'boolean' && type !== 'button' && type !== 'compound'
  const hasDefault = type !== 'string' && type !== 'button' && type !== 'compound'
  return {
    id,
    name,
    label: control.name,
    type,
    ...(hasRange ? { minimum, maximum, step } : {}),
    ...(hasDefault ? { default: controlValue(type, control.defaultValue) } : {}),
    ...(value === undefined ? {} : { value: controlValue(type, value) }),
    ...(menu === undefined ? {} : { menu }),
    flags,
    inactive: flags.includes('inactive'),
    settable: type !== 'compound' && !UNSETTABLE.some((flag) => flags.includes(flag)),
  }
}

/** The spelling of v4l2-ctl: letters and digits, everything between them one underscore. */
function controlName({ id, name }: DeviceControl): string {
  const spelled = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
  return spelled === '' ? `control_${id.toString(16)}` : spelled
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name
  for (let number = 2; ; number++) if (!taken.has(`${name}_${number}`)) return `${name}_${number}`
}
