import { describe, expect, it } from 'vitest'
import { cameraStatus, type StatusFacts } from '../../../../src/cameras/registry/status.js'
import type { NativeErrorCode } from '../../../../src/native/index.js'
import { MJPEG_720, report } from '../../../support/devices.js'

const mode = { fourcc: 'MJPG', width: 1280, height: 720, interval: { num: 1, den: 30 } }
const usable: StatusFacts = { present: true, report: report([MJPEG_720]), mode }
const fault = (code: NativeErrorCode) => ({ code, errno: 1, call: 'open' })

describe('the status word of a camera', () => {
  it('is CONNECTED when it is plugged in, probed and usable, and DISCONNECTED otherwise', () => {
    expect(cameraStatus(usable)).toEqual({ status: 'CONNECTED' })
    expect(cameraStatus({ ...usable, present: false, captureFault: 'IO' })).toEqual({ status: 'DISCONNECTED' })
    expect(cameraStatus({ present: true })).toEqual({ status: 'DISCONNECTED' })
  })

  it('is ERROR for a node that offers nothing yet, or nothing we can use', () => {
    expect(cameraStatus({ ...usable, report: report([], { kind: 'not-ready' }) })).toEqual({
      status: 'ERROR',
      reason: 'no_signal',
    })
    expect(cameraStatus({ ...usable, mode: undefined })).toEqual({ status: 'ERROR', reason: 'unsupported' })
  })

  it.each([
    ['NO_PERMISSION', 'permission_denied'],
    ['TIMEOUT', 'probe_timeout'],
    ['CAMERA_BUSY', 'busy'],
    ['IO', 'probe_failed'],
  ] as const)('names why the probe failed: %s', (code, reason) => {
    expect(cameraStatus({ present: true, probeFault: fault(code) })).toEqual({ status: 'ERROR', reason })
  })

  it.each([
    ['CAMERA_BUSY', 'busy'],
    ['NO_BANDWIDTH', 'no_bandwidth'],
    ['NO_PERMISSION', 'permission_denied'],
    ['NO_SIGNAL', 'no_signal'],
    ['UNSUPPORTED_FORMAT', 'unsupported'],
    ['STALLED', 'stalled'],
    ['TIMEOUT', 'stalled'],
    ['IO', 'capture_failed'],
  ] as const)('names why the capture does not run: %s', (code, reason) => {
    expect(cameraStatus({ ...usable, captureFault: code })).toEqual({ status: 'ERROR', reason })
  })
})
