/** Failures of the native core, as the catalogue's errors. Pure. */

import { errorText, ServiceError } from '../base/errors.js'
import type { NativeErrorCode } from '../native/index.js'

const DETAILS: Partial<Record<NativeErrorCode, string>> = {
  CAMERA_GONE: 'the camera was unplugged',
  CAMERA_BUSY: 'another program holds the camera',
  NO_BANDWIDTH: 'the USB bus has not enough bandwidth left for this camera',
  NO_PERMISSION: 'the service may not open the camera: its user must be in the group that owns the device (usually video)',
  NOT_STREAMING: 'the capture stopped',
  UNSUPPORTED_FORMAT: 'the camera does not deliver the wanted format',
  STALLED: 'the camera stopped delivering frames',
  TIMEOUT: 'the camera delivered no frame in time',
  ABORTED: 'the capture was stopped',
}

/** The native code of anything thrown by the core, or undefined when it is something else. */
export function nativeCode(thrown: unknown): NativeErrorCode | undefined {
  // Node's own system errors have code and errno too, but no `call`.
  if (!(thrown instanceof Error) || !('code' in thrown) || !('call' in thrown)) return undefined
  return thrown.code as NativeErrorCode
}

/** DEPENDENCY_FAILED naming the camera; a ServiceError passes as it is. */
export function captureError(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown
  const code = nativeCode(thrown)
  const detail = (code === undefined ? undefined : DETAILS[code]) ?? errorText(thrown)
  return new ServiceError('DEPENDENCY_FAILED', {
    data: { dependency: 'camera', detail, camera_error: code ?? 'INTERNAL' },
    details: detail,
    suggestion: 'look at the status of the camera, then call again',
    cause: thrown,
  })
}
