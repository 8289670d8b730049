/** Failures of the native core, as the catalogue's errors. Pure. */

import { constants } from 'node:os'
import { errorText, ServiceError } from '../../base/errors.js'
import type { DeviceFault, NativeErrorCode } from '../../native/index.js'
import type { Camera } from '../types.js'

const GONE = 'the camera was unplugged'

const DETAILS: Partial<Record<NativeErrorCode, string>> = {
  CAMERA_GONE: GONE,
  CAMERA_BUSY: 'another program holds the camera',
  NO_BANDWIDTH: 'the USB bus has not enough bandwidth left for this camera',
  NO_PERMISSION: 'the service may not open the camera: its user must be in the group that owns the device (usually video)',
  NO_SIGNAL: 'the input of the camera has no signal',
  NOT_STREAMING: 'the capture stopped',
  UNSUPPORTED_FORMAT: 'the camera does not deliver the wanted format',
  STALLED: 'the camera stopped delivering frames',
  TIMEOUT: 'the camera delivered no frame in time',
  ABORTED: 'the capture was stopped',
}

const NO_DESCRIPTORS = 'no file descriptor is free: raise the limit (LimitNOFILE, ulimit -n)'

/** The native code of anything thrown by the core, or undefined when it is something else. */
export function nativeCode(thrown: unknown): NativeErrorCode | undefined {
  // Node's own system errors have code and errno too, but no `call`.
  if (!(thrown instanceof Error) || !('code' in thrown) || !('call' in thrown)) return undefined
  return thrown.code as NativeErrorCode
}

/** A failure of a capture as it is kept and told. */
export interface Fault {
  readonly code: NativeErrorCode
  /** 0 when no system call failed. */
  readonly errno: number
  /** One sentence. */
  readonly message: string
}

export function faultOf(thrown: unknown): Fault {
  const code = nativeCode(thrown)
  if (code === undefined) return { code: 'INTERNAL', errno: 0, message: errorText(thrown) }
  const { errno } = thrown as { readonly errno?: unknown }
  const number = typeof errno === 'number' ? errno : 0
  return { code, errno: number, message: detailOf(code, number) ?? errorText(thrown) }
}

/** Of a fault that an event or a probe told. */
export function faultOfDevice(fault: DeviceFault | undefined): Fault {
  if (fault === undefined) return { code: 'INTERNAL', errno: 0, message: 'the capture ended' }
  const { code, errno, call } = fault
  return { code, errno, message: detailOf(code, errno) ?? `${call} failed` }
}

/** The process or the system has no descriptor left. */
export function isOutOfDescriptors({ code, errno }: Pick<Fault, 'code' | 'errno'>): boolean {
  return code === 'IO' && (errno === constants.errno.EMFILE || errno === constants.errno.ENFILE)
}

function detailOf(code: NativeErrorCode, errno: number): string | undefined {
  return isOutOfDescriptors({ code, errno }) ? NO_DESCRIPTORS : DETAILS[code]
}

/** DEPENDENCY_FAILED naming the camera; a ServiceError passes as it is. */
export function captureError(thrown: unknown): ServiceError {
  return thrown instanceof ServiceError ? thrown : faultError(faultOf(thrown), thrown)
}

/** DEPENDENCY_FAILED naming the camera. */
function faultError({ code, message }: Fault, cause?: unknown): ServiceError {
  return new ServiceError('DEPENDENCY_FAILED', {
    data: { dependency: 'camera', detail: message, camera_error: code },
    details: message,
    suggestion: 'look at the status of the camera, then call again',
    ...(cause === undefined ? {} : { cause }),
  })
}

/** DEPENDENCY_FAILED: unplugged while it was being opened. */
export function pulled(): ServiceError {
  return faultError({ code: 'CAMERA_GONE', errno: 0, message: GONE })
}

/** INVALID_STATE: unplugged, or nothing that we can use. */
export function unusable(camera: Camera | undefined): ServiceError {
  const isAbsent = camera?.source === undefined
  const details = isAbsent ? 'the camera is not plugged in' : 'the camera offers no format that can be used'
  return invalidState(camera?.status ?? 'DISCONNECTED', details)
}

/** INVALID_STATE. */
export function switchedOff(): ServiceError {
  return invalidState('DISABLED', 'the camera is switched off')
}

/** The capture of a camera that is there does not run, for this reason if one is known. */
export function noCapture(failure: Fault | undefined): ServiceError {
  return failure === undefined ? invalidState('CONNECTED', 'the camera does not capture') : faultError(failure)
}

function invalidState(state: string, details: string): ServiceError {
  return new ServiceError('INVALID_STATE', { data: { state, allowed_states: ['CONNECTED'] }, details })
}
