/** Camera controls on the wire: ours, beyond the contract. */

import { type Builder, type Shape, words } from '../schema.js'
import { camera, deviceParam } from './common.js'

/** 64-bit numbers beyond the safe integers go as decimal digits. */
const controlNumber = (t: Builder) => t.Union([t.Integer(), t.String({ description: 'Decimal digits of a 64-bit number' })])
const controlValue = (t: Builder) => t.Union([t.Integer(), t.String(), t.Boolean()])
const controlName = (t: Builder) => t.String({ description: 'Such as `exposure_time_absolute`' })

const CameraControl = (t: Builder) =>
  t.Object({
    id: t.Integer({ description: "The kernel's number" }),
    name: controlName(t),
    label: t.String({ description: "The driver's own name" }),
    type: words(t, ['integer', 'boolean', 'menu', 'button', 'integer64', 'string', 'bitmask', 'integer-menu', 'compound']),
    minimum: t.Optional(controlNumber(t)),
    maximum: t.Optional(controlNumber(t)),
    step: t.Optional(controlNumber(t)),
    default: t.Optional(controlValue(t)),
    value: t.Optional(controlValue(t)),
    menu: t.Optional(t.Array(t.Object({ value: t.Integer(), label: t.String() }))),
    flags: t.Array(t.String(), { description: "The driver's, and `broken` when the camera does not answer for it" }),
    inactive: t.Boolean({ description: 'Without effect now: an automatic control has it' }),
    settable: t.Boolean(),
  })

export type CameraControls = Shape<typeof CameraControls>
export const CameraControls = (t: Builder) => t.Object({ device: camera(t), controls: t.Array(CameraControl(t)) })

export type SetCameraControlsParams = Shape<typeof SetCameraControlsParams>
export const SetCameraControlsParams = (t: Builder) =>
  t.Object({
    device: deviceParam(t),
    controls: t.Record(t.String(), controlValue(t), {
      minProperties: 1,
      maxProperties: 512,
      description: 'Value by name or number; a menu item by number or label',
      rule: 'object of 1 to 512 values (integer, string or boolean) by control name',
    }),
  })

export type ResetCameraControlsParams = Shape<typeof ResetCameraControlsParams>
export const ResetCameraControlsParams = (t: Builder) =>
  t.Object({
    device: deviceParam(t),
    controls: t.Optional(
      t.Array(t.String({ maxLength: 64 }), {
        minItems: 1,
        maxItems: 512,
        description: 'Names or numbers; without it all but pan, tilt and zoom',
      }),
    ),
  })

export type CameraControlsSet = Shape<typeof CameraControlsSet>
export const CameraControlsSet = (t: Builder) =>
  t.Object({
    device: camera(t),
    controls: t.Array(
      t.Object({
        name: controlName(t),
        id: t.Optional(t.Integer()),
        status: words(t, ['applied', 'clamped', 'rejected', 'grabbed', 'read-only', 'inactive', 'broken', 'unknown', 'failed']),
        value: t.Optional(controlValue(t)),
        warning: t.Optional(t.Literal('inactive', { description: 'Set, without effect while an automatic control has it' })),
        detail: t.Optional(t.String()),
      }),
    ),
  })
