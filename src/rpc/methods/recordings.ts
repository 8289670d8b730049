import { legacyRecording, legacyRecordingStatus } from '../legacy-results.js'
import { defineMethod } from '../method.js'
import { DeviceParams } from '../shapes/common.js'
import { RecordingStatus, StartedRecording, StartRecordingParams, StoppedRecording } from '../shapes/recordings.js'
import { cameraId } from './cameras.js'

export const startRecording = defineMethod({
  name: 'start_recording',
  role: 'operator',
  audited: 'call',
  summary: 'Records a camera. Answers when the first pictures are on the disk.',
  params: StartRecordingParams,
  result: StartedRecording,
  errors: ['CAMERA_NOT_FOUND', 'INVALID_STATE', 'DEPENDENCY_FAILED'],
  work: 'recording',
  rate: 'control',
  run: ({ services }, params) => services.recordings.start({ ...params, device: cameraId(services.cameras, params.device) }),
  legacy: legacyRecording,
})

export const stopRecording = defineMethod({
  name: 'stop_recording',
  role: 'operator',
  audited: 'call',
  summary: 'Ends the recording of a camera. Answers when its files are closed.',
  params: DeviceParams,
  result: StoppedRecording,
  errors: ['CAMERA_NOT_FOUND', 'INVALID_STATE', 'DEPENDENCY_FAILED'],
  work: 'recording',
  rate: 'control',
  relieves: true,
  run: ({ services }, { device }) => services.recordings.stop(cameraId(services.cameras, device)),
  legacy: legacyRecording,
})

export const getRecordingStatus = defineMethod({
  name: 'get_recording_status',
  role: 'viewer',
  summary: 'What is being recorded of a camera; null while nothing is.',
  params: DeviceParams,
  result: RecordingStatus,
  errors: ['CAMERA_NOT_FOUND'],
  run: ({ services }, { device }) => services.recordings.status(cameraId(services.cameras, device)),
  legacy: legacyRecordingStatus,
})
