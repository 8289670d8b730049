/** Controls of a device, wishes for them, and what came of those. */

/** A 64-bit number: as decimal digits where a JavaScript number would lose some of them. */
export type ControlNumber = number | string

/** Answer of probe phase B. */
export interface DeviceControl {
  readonly id: number
  readonly name: string
  readonly type: 'integer' | 'boolean' | 'menu' | 'button' | 'integer64' | 'string' | 'bitmask' | 'integer-menu' | 'compound'
  /** `grabbed read-only update inactive slider write-only volatile execute-on-write modify-layout broken`. */
  readonly flags: readonly string[]
  readonly minimum: ControlNumber
  readonly maximum: ControlNumber
  readonly step: ControlNumber
  readonly defaultValue: ControlNumber
  /** Absent when it cannot be read; `broken` is then in `flags` if the camera stalled the request. */
  readonly value?: ControlNumber
  readonly menu?: readonly { readonly value: number; readonly label: string }[]
}

export interface ControlWish {
  readonly id: number
  /** Text for string controls and for 64-bit numbers beyond the safe integers. */
  readonly value: ControlNumber
}

/** What came of one wish. */
export interface ControlResult {
  readonly id: number
  /**
   * `clamped`: the device has another value (range or step). `rejected`: no value of this control. `grabbed`: locked by the stream or
   * another control. `inactive`: an automatic control has it and the device takes no value meanwhile. `broken`: the camera stalled
   * the request, now or before.
   */
  readonly outcome: 'applied' | 'clamped' | 'rejected' | 'grabbed' | 'read-only' | 'inactive' | 'broken' | 'unknown' | 'failed'
  /** 0 where no call failed. */
  readonly errno: number
  /** Read back after the last control was set; absent when the control cannot be read. */
  readonly value?: ControlNumber
  /** Without effect now: an automatic control has it. */
  readonly inactive: boolean
}
