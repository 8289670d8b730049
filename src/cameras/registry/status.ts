/** From what the core says of a device to the contract's status words (design §8). Pure. */

import type { DeviceFault, DeviceReport, NativeErrorCode } from '../../native/index.js'
import type { CameraReason, CameraStatus, Mode } from '../types.js'

export interface StatusFacts {
  /** A device is plugged in. */
  readonly present: boolean
  readonly report?: DeviceReport | undefined
  readonly mode?: Mode | undefined
  /** Why the device could not be probed. */
  readonly probeFault?: DeviceFault | undefined
  /** Why the last wanted capture does not run. */
  readonly captureFault?: NativeErrorCode | undefined
}

export interface StatusWord {
  readonly status: CameraStatus
  readonly reason?: CameraReason
}

export function cameraStatus(facts: StatusFacts): StatusWord {
  if (!facts.present) return { status: 'DISCONNECTED' }
  if (facts.probeFault !== undefined) return { status: 'ERROR', reason: probeReason(facts.probeFault.code) }
  // Plugged in and not yet probed: not usable so far, and no reason to call it broken.
  if (facts.report === undefined) return { status: 'DISCONNECTED' }
  if (facts.report.kind === 'not-ready') return { status: 'ERROR', reason: 'no_signal' }
  if (facts.mode === undefined) return { status: 'ERROR', reason: 'unsupported' }
  if (facts.captureFault !== undefined) return { status: 'ERROR', reason: captureReason(facts.captureFault) }
  return { status: 'CONNECTED' }
}

function probeReason(code: NativeErrorCode): CameraReason {
  if (code === 'NO_PERMISSION') return 'permission_denied'
  if (code === 'TIMEOUT') return 'probe_timeout'
  if (code === 'CAMERA_BUSY') return 'busy'
  return 'probe_failed'
}

function captureReason(code: NativeErrorCode): CameraReason {
  if (code === 'CAMERA_BUSY') return 'busy'
  if (code === 'NO_BANDWIDTH') return 'no_bandwidth'
  if (code === 'NO_PERMISSION') return 'permission_denied'
  if (code === 'NO_SIGNAL') return 'no_signal'
  if (code === 'UNSUPPORTED_FORMAT') return 'unsupported'
  if (code === 'STALLED' || code === 'TIMEOUT') return 'stalled'
  return 'capture_failed'
}
