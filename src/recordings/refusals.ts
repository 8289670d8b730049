/** Why a recording does not start or stop, in the words of the contract. */

import { storageFull } from '../base/disk-room.js'
import { errorText, invalidParam, ServiceError } from '../base/errors.js'
import type { RecordingIdentity, RecordingState } from './recording-options.js'
import type { Writer } from './writers/writer.js'

interface Running {
  readonly state: RecordingState
  readonly identity: Pick<RecordingIdentity, 'device'>
}

export function alreadyRecording(running: Running): ServiceError {
  const state = running.state === 'stopping' ? 'STOPPING' : 'RECORDING'
  return new ServiceError('INVALID_STATE', {
    data: { state, allowed_states: ['IDLE'] },
    details: `${running.identity.device} is being recorded`,
    suggestion: 'call stop_recording first',
  })
}

export function notRecording(recording: Running | undefined): ServiceError {
  const state = recording === undefined ? 'IDLE' : recording.state === 'starting' ? 'STARTING' : 'STOPPING'
  return new ServiceError('INVALID_STATE', {
    data: { state, allowed_states: ['RECORDING'] },
    details: state === 'STARTING' ? 'the recording had not begun; its start is given up' : 'the camera is not being recorded',
    suggestion: 'call start_recording first',
  })
}

export function onlyFmp4(device: string): ServiceError {
  return invalidParam('format', 'fmp4 for a stream of another machine', 'leave out format', `${device} is recorded by MediaMTX`)
}

export function noMediamtx(): ServiceError {
  const detail = 'only MediaMTX can record a stream of another machine, and it is not running'
  return new ServiceError('DEPENDENCY_FAILED', { data: { dependency: 'MediaMTX', detail }, details: detail })
}

export function unplugged(): ServiceError {
  return new ServiceError('INVALID_STATE', {
    data: { state: 'DISCONNECTED', allowed_states: ['CONNECTED'] },
    details: 'the camera was unplugged',
    suggestion: 'plug the camera in and call again',
  })
}

export function stopping(): ServiceError {
  return new ServiceError('INVALID_STATE', {
    data: { state: 'STOPPING', allowed_states: ['RUNNING'] },
    details: 'the service is stopping',
  })
}

/** What the folder of recordings can do to a start. */
export function storageFault(thrown: unknown): unknown {
  if (thrown instanceof ServiceError || !(thrown instanceof Error) || !('code' in thrown)) return thrown
  if (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT') {
    return storageFull('no space is left on the disk')
  }
  const detail = `the recording could not be stored: ${errorText(thrown)}`
  return new ServiceError('DEPENDENCY_FAILED', {
    data: { dependency: 'storage', detail },
    details: detail,
    suggestion: 'check mediamtx.recordings_path: the service must be able to write there',
    cause: thrown,
  })
}

export function noPictures(writer: Writer['kind'], timeoutMs: number): ServiceError {
  const detail = `no picture reached the disk within ${timeoutMs} ms`
  const dependency = writer === 'mediamtx' ? 'MediaMTX' : 'FFmpeg'
  return new ServiceError('DEPENDENCY_FAILED', { data: { dependency, detail }, details: detail })
}
