/** What a client asked for as wishes for the device, and its faults in words. Pure. */

import { ServiceError } from '../../base/errors.js'
import type { ControlNumber } from '../../native/index.js'
import { type ControlSetResult, refusedControl, unknownControl } from './control-result.js'
import type { ControlView } from './control-view.js'
import { checkWish, type WishFault } from './control-wish.js'

/** One that can go to the device. */
export interface Wish {
  readonly control: ControlView
  readonly value: ControlNumber
}

/** By name, or by the kernel's number. */
export function findControl(views: readonly ControlView[], name: string): ControlView | undefined {
  return views.find((view) => view.name === name || String(view.id) === name)
}

/** What goes to the device, or the answer when nothing does. */
export function readWish(views: readonly ControlView[], name: string, given: unknown, strict: boolean): Wish | ControlSetResult {
  const control = findControl(views, name)
  if (control === undefined) {
    if (strict) throw invalidControl(views, name)
    return unknownControl(name)
  }
  const { value, fault } = checkWish(control, given)
  if (fault !== undefined && strict) throw invalidValue(control, given, fault)
  if (value === undefined) return refusedControl(control, fault)
  return { control, value }
}

/** INVALID_PARAMS for a name that is none of the camera's. */
export function invalidControl(views: readonly ControlView[], name: string): ServiceError {
  return new ServiceError('INVALID_PARAMS', {
    data: {
      param: 'controls',
      control: name,
      rule: 'a control of this camera',
      hint: 'call get_camera_controls for the names',
      known: views.map((view) => view.name),
    },
    details: `the camera has no control ${JSON.stringify(name.slice(0, 64))}`,
  })
}

function invalidValue(control: ControlView, given: unknown, fault: WishFault): ServiceError {
  const { name, minimum, maximum, step, menu } = control
  const shown = JSON.stringify(given)?.slice(0, 64) ?? 'absent'
  return new ServiceError('INVALID_PARAMS', {
    data: {
      param: 'controls',
      control: name,
      rule: fault.rule,
      hint: fault.kind === 'read-only' ? 'leave it out' : `send ${fault.rule}`,
      ...(minimum === undefined ? {} : { minimum, maximum, step }),
      ...(menu === undefined ? {} : { menu }),
    },
    details: `controls.${name} was ${shown}`,
  })
}
