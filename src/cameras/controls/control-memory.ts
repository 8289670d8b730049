/** Which of the controls that were set are worth remembering. Pure. */

import type { ControlNumber, ControlResult } from '../../native/index.js'
import type { RememberedControl } from './control-store.js'
import type { ControlView } from './control-view.js'

const CAMERA_CLASS = 0x009a0900
const PAN_RELATIVE = CAMERA_CLASS + 4
const TILT_RELATIVE = CAMERA_CLASS + 5
const PAN_RESET = CAMERA_CLASS + 6
const TILT_RESET = CAMERA_CLASS + 7
const PAN_ABSOLUTE = CAMERA_CLASS + 8
const TILT_ABSOLUTE = CAMERA_CLASS + 9
const FOCUS_RELATIVE = CAMERA_CLASS + 11
const ZOOM_ABSOLUTE = CAMERA_CLASS + 13
const ZOOM_RELATIVE = CAMERA_CLASS + 14
const ZOOM_CONTINUOUS = CAMERA_CLASS + 15
const IRIS_RELATIVE = CAMERA_CLASS + 18
const PAN_SPEED = CAMERA_CLASS + 32
const TILT_SPEED = CAMERA_CLASS + 33

/** Numbers of the kernel. */
const MOTION: ReadonlySet<number> = new Set([
  PAN_RELATIVE,
  TILT_RELATIVE,
  PAN_RESET,
  TILT_RESET,
  PAN_ABSOLUTE,
  TILT_ABSOLUTE,
  ZOOM_ABSOLUTE,
  ZOOM_RELATIVE,
  ZOOM_CONTINUOUS,
  PAN_SPEED,
  TILT_SPEED,
])
/** A movement, not a place: setting it again would move on. */
const STEPS: ReadonlySet<number> = new Set([
  PAN_RELATIVE,
  TILT_RELATIVE,
  PAN_RESET,
  TILT_RESET,
  FOCUS_RELATIVE,
  ZOOM_RELATIVE,
  ZOOM_CONTINUOUS,
  IRIS_RELATIVE,
  PAN_SPEED,
  TILT_SPEED,
])

/** Pan, tilt and zoom. */
export function movesHardware(id: number): boolean {
  return MOTION.has(id)
}

export interface SetControl {
  readonly control: ControlView
  /** What was wanted. */
  readonly value: ControlNumber
  readonly result: ControlResult | undefined
}

/** By name, the value to set again: what the device took, or what was wanted where that cannot be read or moves by itself. */
export function wasSetTo(set: readonly SetControl[]): ReadonlyMap<string, RememberedControl> {
  return new Map(
    set
      .filter(({ control, result }) => control.type !== 'button' && !STEPS.has(control.id) && isSet(result))
      .map(({ control, value, result }) => {
        const moves = control.flags.includes('volatile') || result?.inactive === true
        return [control.name, { id: control.id, value: moves ? value : (result?.value ?? value) }]
      }),
  )
}

function isSet(result: ControlResult | undefined): boolean {
  return result?.outcome === 'applied' || result?.outcome === 'clamped'
}
