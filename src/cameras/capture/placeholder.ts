/** What viewers read while there is no video (usb-camera-server §5.5). Pure. */

import type { NativeErrorCode } from '../../native/index.js'
import type { CameraReason } from '../types.js'
import type { Machine } from './reconnect-machine.js'

const BY_CODE: Partial<Record<NativeErrorCode, string>> = {
  CAMERA_GONE: 'no device',
  NO_PERMISSION: 'permission denied',
  CAMERA_BUSY: 'busy',
  NO_BANDWIDTH: 'no bandwidth',
  NO_SIGNAL: 'no signal',
  STALLED: 'stalled',
  TIMEOUT: 'stalled',
  UNSUPPORTED_FORMAT: 'unsupported format',
}

const BY_REASON: Partial<Record<CameraReason, string>> = {
  permission_denied: 'permission denied',
  probe_timeout: 'stalled',
  no_signal: 'no signal',
  unsupported: 'unsupported format',
  busy: 'busy',
}

export interface Absence {
  readonly machine: Machine
  /** The last failure, if any since frames came. */
  readonly code: NativeErrorCode | undefined
  /** Who holds a busy camera. */
  readonly owner: string | undefined
  /** Plugged in, but it cannot be opened. */
  readonly unusable: CameraReason | undefined
  readonly pluggedIn: boolean
}

/** A few words of ASCII. */
export function absenceText({ machine, code, owner, unusable, pluggedIn }: Absence): string {
  if (machine.phase === 'disabled') return 'disabled'
  if (machine.phase === 'stalled') return 'stalled'
  if (!machine.present) return pluggedIn ? ((unusable && BY_REASON[unusable]) ?? 'starting') : 'no device'
  if (code === undefined) return machine.phase === 'idle' ? 'standby' : 'starting'
  const text = BY_CODE[code] ?? 'capture failed'
  return owner === undefined ? text : `${text}: ${ascii(owner)}`
}

function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 40)
}
