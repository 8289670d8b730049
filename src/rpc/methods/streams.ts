import { defineMethod } from '../method.js'
import { DeviceParams, NoParams } from '../shapes/common.js'
import { StartedStream, StoppedStream, StreamList, StreamStatus, StreamUrl } from '../shapes/streams.js'
import { cameraId } from './cameras.js'

export const startStreaming = defineMethod({
  name: 'start_streaming',
  role: 'operator',
  audited: 'call',
  summary: 'Publishes a camera to MediaMTX. Starting twice gives the same stream.',
  params: DeviceParams,
  result: StartedStream,
  errors: ['CAMERA_NOT_FOUND', 'DEPENDENCY_FAILED'],
  work: 'media',
  rate: 'control',
  run: ({ services }, { device }, session) => services.streams.start(cameraId(services.cameras, device), session.linkHost),
})

export const stopStreaming = defineMethod({
  name: 'stop_streaming',
  role: 'operator',
  audited: 'call',
  summary: 'Ends the demand made by start_streaming; the stream goes on while others read it.',
  params: DeviceParams,
  result: StoppedStream,
  errors: ['CAMERA_NOT_FOUND', 'INVALID_STATE', 'DEPENDENCY_FAILED'],
  work: 'media',
  rate: 'control',
  relieves: true,
  run: ({ services }, { device }) => services.streams.stop(cameraId(services.cameras, device)),
})

export const getStreamUrl = defineMethod({
  name: 'get_stream_url',
  role: 'viewer',
  summary: 'The link under which a camera is or would be streamed.',
  params: DeviceParams,
  result: StreamUrl,
  errors: ['CAMERA_NOT_FOUND', 'DEPENDENCY_FAILED'],
  work: 'media',
  run: ({ services }, { device }, session) => services.streams.url(cameraId(services.cameras, device), session.linkHost),
})

export const getStreamStatus = defineMethod({
  name: 'get_stream_status',
  role: 'viewer',
  summary: 'State of the stream of one camera.',
  params: DeviceParams,
  result: StreamStatus,
  errors: ['CAMERA_NOT_FOUND', 'STREAM_NOT_FOUND', 'DEPENDENCY_FAILED'],
  work: 'media',
  run: ({ services }, { device }) => services.streams.status(cameraId(services.cameras, device)),
})

export const getStreams = defineMethod({
  name: 'get_streams',
  role: 'viewer',
  summary: 'All paths of MediaMTX.',
  params: NoParams,
  result: StreamList,
  errors: ['DEPENDENCY_FAILED'],
  work: 'media',
  run: ({ services }) => services.streams.list(),
})
