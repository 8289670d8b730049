/** What came of setting a control, as clients see it. Pure. */

import type { ControlResult } from '../../native/index.js'
import { type ControlValue, type ControlView, controlValue } from './control-view.js'
import type { WishFault } from './control-wish.js'

export interface ControlSetResult {
  /** As the client named it, where no such control is known. */
  readonly name: string
  readonly id?: number
  /**
   * `applied`; `clamped`: the device has another value, see `value`; else nothing was set: `rejected` (no value of this control),
   * `unknown`, `read-only`, `grabbed` (locked by the stream or another control), `inactive` (an automatic control has it),
   * `broken` (the camera does not answer for it), `failed`.
   */
  readonly status: ControlResult['outcome']
  /** What the device has now. */
  readonly value?: ControlValue
  /** Set, and without effect while an automatic control has it. */
  readonly warning?: 'inactive'
  /** One sentence, when something is to be said. */
  readonly detail?: string
}

const DETAILS: Readonly<Record<Exclude<ControlResult['outcome'], 'applied' | 'clamped'>, string>> = {
  rejected: 'the camera does not take this value',
  unknown: 'the camera has no such control',
  'read-only': 'the control cannot be set',
  grabbed: 'the control is locked while the camera streams, or by another control',
  inactive: 'an automatic control sets it: switch that off first',
  broken: 'the camera does not answer for this control; unplug it and plug it in again',
  failed: 'the camera failed to set it',
}

export function unknownControl(name: string): ControlSetResult {
  return { name, status: 'unknown', detail: DETAILS.unknown }
}

/** A wish that never reached the device. */
export function refusedControl({ name, id, value }: ControlView, fault: WishFault): ControlSetResult {
  const status = fault.kind === 'read-only' ? 'read-only' : 'rejected'
  return { name, id, status, ...(value === undefined ? {} : { value }), detail: `must be ${fault.rule}` }
}

export function setResult({ name, id, type }: ControlView, result: ControlResult): ControlSetResult {
  const { outcome, inactive } = result
  const isSet = outcome === 'applied' || outcome === 'clamped'
  const detail = isSet ? clampedDetail(outcome, inactive) : DETAILS[outcome]
  return {
    name,
    id,
    status: outcome,
    ...(result.value === undefined ? {} : { value: controlValue(type, result.value) }),
    ...(isSet && inactive ? { warning: 'inactive' as const } : {}),
    ...(detail === undefined ? {} : { detail }),
  }
}

function clampedDetail(outcome: 'applied' | 'clamped', inactive: boolean): string | undefined {
  if (inactive) return 'without effect while an automatic control sets it'
  return outcome === 'clamped' ? 'the camera took the nearest value it has' : undefined
}
