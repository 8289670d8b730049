/** What a camera is to the rest of the service. */

import type { DeviceControl, DeviceFault, DeviceIdentity, DeviceReport, FrameInterval } from '../native/index.js'
import type { CaptureStateChange } from './capture/capture-types.js'
import type { ControlChange } from './controls/control-view.js'
import type { Mode } from './mode.js'

/** Status words of the contract (design §8). */
export type CameraStatus = 'CONNECTED' | 'DISCONNECTED' | 'ERROR'

/** Why a camera is in ERROR: short machine words. */
export type CameraReason =
  | 'permission_denied'
  | 'probe_timeout'
  | 'probe_failed'
  | 'no_signal'
  | 'unsupported'
  | 'busy'
  | 'no_bandwidth'
  | 'stalled'
  | 'capture_failed'

/** An immutable picture of one camera; a change makes a new one. */
export interface Camera {
  /** Wire id: `camera0`, … Sticks to the identity. */
  readonly device: string
  /** Stable identity key. */
  readonly identity: string
  readonly name: string
  readonly virtual: boolean
  readonly status: CameraStatus
  /** Only beside ERROR. */
  readonly reason?: CameraReason
  /** Handle of the present appearance; absent while unplugged. */
  readonly source?: string
  /** Device node of the present appearance. Never sent to clients. */
  readonly node?: string
  /** The last answer of a probe; kept while unplugged. */
  readonly report?: DeviceReport
  /** Why the device that is plugged in could not be probed. */
  readonly fault?: DeviceFault
  /** What a capture uses; absent when nothing usable is offered. */
  readonly mode?: Mode
  /** What is known of the hardware behind `identity`; kept while unplugged, absent before the camera was seen in this run. */
  readonly hardware?: DeviceIdentity
}

export type CameraEvents = {
  /** A camera became usable. */
  connected: Camera
  disconnected: Camera
  statusChanged: { readonly camera: Camera; readonly oldStatus: CameraStatus; readonly newStatus: CameraStatus }
  capabilitiesDetected: Camera
  controlChanged: ControlChange
  capabilitiesFailed: { readonly camera: Camera; readonly error: string }
  /** The state of its capture changed, or the reason became clearer. */
  captureStateChanged: CaptureStateChange
  /** Anything a list or a status shows may be different now. */
  changed: Camera
  /** What calls about cameras answer may be different now; told before anything that clients hear of. */
  viewsChanged: undefined
}

export type { DeviceControl, DeviceReport, FrameInterval, Mode }
