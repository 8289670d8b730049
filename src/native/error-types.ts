/** What the addon fails with. */

/** Every failure of the addon is an Error with these members (besides TypeError/RangeError for wrong arguments). */
export interface NativeError extends Error {
  code: NativeErrorCode
  /** errno's number, 0 when the failure is not a system call's. */
  errno: number
  /** What failed: `open`, an ioctl's name, … */
  call: string
  /** Device node, empty when none is involved. */
  node: string
}

export type NativeErrorCode =
  | 'CAMERA_GONE'
  | 'CAMERA_BUSY'
  | 'NO_BANDWIDTH'
  | 'NO_PERMISSION'
  /** No signal, or no lock on it: an input without a source. */
  | 'NO_SIGNAL'
  | 'NOT_A_CAMERA'
  | 'NOT_STREAMING'
  | 'UNSUPPORTED_FORMAT'
  | 'STALLED'
  | 'TIMEOUT'
  | 'INVALID_PATH'
  | 'DISK_FULL'
  | 'IO'
  | 'ABORTED'
  | 'TOO_MANY_VIEWERS'
  | 'INTERNAL'

export interface DeviceFault {
  readonly code: NativeErrorCode
  readonly errno: number
  readonly call: string
}
