/** What is told of a device: who it is, what it offers, that it is there. */

import type { DeviceFault } from './error-types.js'

/** Stable identity across replugging (v4l2-native §8). Strings are sanitised UTF-8; unknown ones are empty, numbers 0. */
export interface DeviceIdentity {
  /** The key: `usb-VID:PID-SERIAL-iIF-xINDEX`, `usb-VID:PID-@PORT-iIF-xINDEX`, `plat-…` or `virtual-N`. */
  readonly id: string
  /** Earlier ids of the same camera (a serial that turned out not to be unique). */
  readonly aliases: readonly string[]
  /** Same for all functions of one physical device. */
  readonly physicalId: string
  readonly vid: string
  readonly pid: string
  readonly serial: string
  readonly product: string
  readonly manufacturer: string
  /** `controller/portchain` for USB. */
  readonly port: string
  readonly interface: number
  readonly index: number
  readonly speedMbps: number
  readonly byId: string
  readonly byPath: string
  /** `name` of the node in sysfs: the card's name. */
  readonly name: string
}

/** Seconds per frame as a fraction; rate in frames per second = den / num. */
export interface FrameInterval {
  readonly num: number
  readonly den: number
}

export interface FrameSize {
  readonly width: number
  readonly height: number
  /** Driver's order. Empty when the driver names none (rate unknown). */
  readonly intervals: readonly FrameInterval[]
}

export interface PixelFormat {
  /** Four characters, low byte first; `-BE` suffix for big-endian variants. */
  readonly fourcc: string
  readonly description: string
  readonly compressed: boolean
  readonly emulated: boolean
  readonly sizes: readonly FrameSize[]
  /** Present for stepwise and continuous sizes; `sizes` then holds the usual sizes that fit. */
  readonly range?: {
    readonly min: { readonly width: number; readonly height: number }
    readonly max: { readonly width: number; readonly height: number }
    readonly step: { readonly width: number; readonly height: number }
  }
}

/** Answer of probe phase A: immutable (v4l2-native §5). */
export interface DeviceReport {
  readonly node: string
  readonly rdev: string
  readonly kind: 'camera' | 'virtual' | 'pipeline' | 'readonly-io' | 'not-ready'
  readonly driver: string
  readonly card: string
  readonly busInfo: string
  readonly driverVersion: string
  readonly caps: { readonly raw: number; readonly device: number; readonly multiplanar: boolean; readonly streaming: boolean }
  readonly inputs: readonly {
    readonly index: number
    readonly name: string
    readonly type: string
    readonly status: readonly string[]
  }[]
  readonly formats: readonly PixelFormat[]
  readonly current: { readonly width: number; readonly height: number; readonly fourcc: string; readonly sizeImageBytes: number }
  readonly rateSettable: boolean
  /** Metadata and further nodes of the same function. */
  readonly companions: readonly string[]
  readonly durationUs: number
  readonly ioctls: number
  /** An enumeration hit its cap. */
  readonly truncated: boolean
}

/**
 * A camera function that is present. `source` names this very appearance (node and generation, e.g. `/dev/video0#3`, or
 * `virtual:0`): a handle from before a replug never reaches the camera that came after.
 */
export interface DeviceState {
  readonly source: string
  readonly node: string
  readonly virtual: boolean
  readonly identity: DeviceIdentity
  readonly report?: DeviceReport
  readonly fault?: DeviceFault
}
