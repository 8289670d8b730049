/** What a client wants a control to be, checked against what the control can be. Pure. */

import type { ControlNumber } from '../../native/index.js'
import type { ControlView } from './control-view.js'

export interface WishFault {
  /** `out-of-range` only for integers: the device would clamp it. */
  readonly kind: 'read-only' | 'type' | 'out-of-range' | 'not-offered'
  /** What a value must be, in words. */
  readonly rule: string
}

export type WishCheck =
  | { readonly value: ControlNumber; readonly fault?: WishFault }
  | { readonly value?: undefined; readonly fault: WishFault }

/** The device's value for `given`. An integer out of range has both a value and a fault: the caller decides whether to clamp. */
export function checkWish(control: ControlView, given: unknown): WishCheck {
  if (!control.settable) return { fault: { kind: 'read-only', rule: 'cannot be set' } }
  const rule = controlRule(control)
  switch (control.type) {
    case 'button':
      return { value: 1 }
    case 'boolean':
      return given === true || given === 1
        ? { value: 1 }
        : given === false || given === 0
          ? { value: 0 }
          : { fault: { kind: 'type', rule } }
    case 'menu':
    case 'integer-menu':
      return checkMenu(control, given, rule)
    case 'string':
      return checkText(control, given, rule)
    case 'bitmask':
      return checkMask(control, given, rule)
    default:
      return checkInteger(control, given, rule)
  }
}

/** What a value of the control must be, in words. */
function controlRule({ type, minimum, maximum, menu = [] }: ControlView): string {
  switch (type) {
    case 'button':
      return 'true'
    case 'boolean':
      return 'true or false'
    case 'menu':
    case 'integer-menu':
      return `one of ${menu.map(({ value, label }) => `${value} (${label})`).join(', ')}`
    case 'string':
      return `string of ${minimum} to ${maximum} characters`
    case 'bitmask':
      return `integer made of the bits of ${maximum}`
    default:
      return `integer between ${minimum} and ${maximum}`
  }
}

/** By number, or by label in any case. */
function checkMenu({ menu = [] }: ControlView, given: unknown, rule: string): WishCheck {
  if (typeof given !== 'number' && typeof given !== 'string') return { fault: { kind: 'type', rule } }
  const wanted = typeof given === 'string' ? given.toLowerCase() : given
  const item = menu.find(({ value, label }) => value === wanted || label.toLowerCase() === wanted)
  return item === undefined ? { fault: { kind: 'not-offered', rule } } : { value: item.value }
}

function checkText({ minimum = 0, maximum = 0 }: ControlView, given: unknown, rule: string): WishCheck {
  if (typeof given !== 'string' || given.includes('\0')) return { fault: { kind: 'type', rule } }
  const length = Buffer.byteLength(given)
  return length < Number(minimum) || length > Number(maximum) ? { fault: { kind: 'not-offered', rule } } : { value: given }
}

function checkMask({ maximum = 0 }: ControlView, given: unknown, rule: string): WishCheck {
  if (typeof given !== 'number' || !Number.isSafeInteger(given)) return { fault: { kind: 'type', rule } }
  const outside = given < 0 || (BigInt(given) & ~BigInt(maximum)) !== 0n
  return outside ? { fault: { kind: 'not-offered', rule } } : { value: given }
}

function checkInteger({ type, minimum = 0, maximum = 0 }: ControlView, given: unknown, rule: string): WishCheck {
  const digits = type === 'integer64' && typeof given === 'string' && /^-?\d{1,19}$/.test(given)
  if (!digits && !Number.isSafeInteger(given)) return { fault: { kind: 'type', rule } }
  const value = given as ControlNumber
  const outside = BigInt(value) < BigInt(minimum) || BigInt(value) > BigInt(maximum)
  return outside ? { value, fault: { kind: 'out-of-range', rule } } : { value }
}
