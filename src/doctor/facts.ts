/** What the doctor knows of a machine and its cameras: gathered once, then only read. Plain data, as it goes out with --json. */

import type { DeviceFault, FrameInterval } from '../native/index.js'

export interface Account {
  readonly uid: number
  readonly user: string
  /** Groups this process has. */
  readonly groups: readonly Group[]
  /** Groups the account file gives the user: more than the process has until the next login. */
  readonly granted: readonly Group[]
}

export interface Group {
  readonly gid: number
  readonly name: string
}

/** What the node looks like in the file system. */
export interface NodeAccess {
  readonly owner: string
  readonly group: Group
  /** Permission bits, such as 0o660. */
  readonly mode: number
  /** Whether this process may open it, ACLs included. */
  readonly mayOpen: boolean
}

export interface Holder {
  readonly pid: number
  readonly name: string
  /** The running camera service. */
  readonly isService: boolean
}

export interface Mode {
  readonly fourcc: string
  readonly width: number
  readonly height: number
  readonly interval: FrameInterval
}

export interface UsbPower {
  /** `on`: never suspended; `auto`: when idle. */
  readonly control?: string
  /** `active`, `suspended`, `error`, … */
  readonly runtimeStatus?: string
  readonly autosuspendMs?: number
  /** What the device asks for. */
  readonly maxPowerMa?: number
}

export interface UsbPlace {
  /** Name in sysfs: `1-4.2` is port 2 of the hub at port 4 of bus 1. */
  readonly port: string
  readonly bus: number
  readonly speedMbps: number
  /** What the device was built for: 2, 2.1, 3.2, … */
  readonly usbVersion?: number
  /** Bytes per (micro)frame that its settings for streams carry, ascending; empty for cameras that stream in bulk. */
  readonly payloads: readonly number[]
  readonly power: UsbPower
  /** The hub it hangs on; absent at the root of the bus. */
  readonly hub?: { readonly port: string; readonly isBusPowered: boolean }
}

/** What a running service counted for a camera. */
export interface Counters {
  readonly state: string
  readonly reconnectAttempts: number
  readonly connectionErrors: number
  readonly framesCaptured: number
  readonly framesDropped: number
  readonly lastError?: string
}

export interface CameraFacts {
  /** `camera0`; absent when it never had one. */
  readonly device?: string
  readonly name: string
  readonly node: string
  readonly driver: string
  /** Of the probe: `camera`, `virtual`, `pipeline`, `readonly-io`, `not-ready`; absent when there was no answer. */
  readonly kind?: string
  readonly inputStatus: readonly string[]
  readonly fault?: DeviceFault
  readonly access?: NodeAccess
  readonly holder?: Holder
  /** What a capture would use. */
  readonly mode?: Mode
  readonly usb?: UsbPlace
  readonly log: readonly LogLine[]
  readonly counters?: Counters
}

/** A line of the kernel that names the camera. */
export interface LogLine {
  /** Seconds before the look. */
  readonly ageS: number
  readonly text: string
}

/** A video node that is no camera. */
export interface OtherNode {
  readonly node: string
  readonly name: string
  /** The camera it belongs to. */
  readonly companionOf?: string
}

/** A USB device with a video interface, whether or not it has a node. */
export interface UsbVideoDevice {
  readonly port: string
  readonly name: string
  /** Driver of its video interface; absent when none is bound. */
  readonly driver?: string
}

export interface MachineFacts {
  readonly account: Account
  readonly container?: string
  readonly confinement?: 'snap' | 'flatpak'
  readonly uvcModule: 'loaded' | 'available' | 'missing'
  readonly hasVideoClass: boolean
  /** Nodes that sysfs names and the device folder lacks. */
  readonly missingNodes: readonly string[]
  /** Nodes in the device folder that stand for nothing. */
  readonly staleNodes: readonly string[]
  readonly usbVideo: readonly UsbVideoDevice[]
  readonly otherNodes: readonly OtherNode[]
  readonly cameras: readonly CameraFacts[]
  readonly kernelLog: 'read' | 'no permission' | 'absent'
  /** Whether descriptors of other users' processes can be seen. */
  readonly seesAllProcesses: boolean
  /** What answers as a camera service does. `isLate`: it left a question open, and less is known of it. */
  readonly service?: { readonly pid?: number; readonly url: string; readonly isLate: boolean }
  /** Why the devices could not be asked. */
  readonly coreError?: string
}
