/** Recordings under way on the wire (contract §9.3, §9.8). */

import { type Builder, type Shape, words } from '../schema.js'
import { device, deviceParam, fileName, recordingName, seconds, time } from './common.js'

const recordingFormat = (t: Builder, absent?: 'fmp4') => words(t, ['fmp4', 'mp4', 'mkv'], absent)

export type StartRecordingParams = Shape<typeof StartRecordingParams>
export const StartRecordingParams = (t: Builder) =>
  t.Object({
    device: deviceParam(t),
    duration: t.Optional(t.Integer({ minimum: 1, maximum: 86_400, description: 'Seconds after which it stops by itself' })),
    format: t.Optional(recordingFormat(t, 'fmp4')),
    filename: t.Optional(fileName(t, 'Base name; an extension is dropped')),
  })

export type StartedRecording = Shape<typeof StartedRecording>
export const StartedRecording = (t: Builder) =>
  t.Object({
    device: device(t),
    filename: recordingName(t),
    status: words(t, ['RECORDING', 'STARTING', 'STOPPING', 'PAUSED', 'ERROR', 'FAILED']),
    start_time: time(t),
    format: recordingFormat(t),
  })

export const ActiveRecording = (t: Builder) =>
  t.Object({
    device: device(t),
    recording_id: t.String(),
    filename: recordingName(t),
    start_time: time(t),
    duration: seconds(t),
    status: t.Literal('active'),
  })

export type RecordingStatus = Shape<typeof RecordingStatus>
/** Null while nothing is recorded. */
export const RecordingStatus = (t: Builder) => t.Union([t.Null(), ActiveRecording(t)])

export type StoppedRecording = Shape<typeof StoppedRecording>
export const StoppedRecording = (t: Builder) =>
  t.Object({
    device: device(t),
    filename: t.String({ description: 'As at start' }),
    status: words(t, ['STOPPED', 'STARTING', 'STOPPING', 'PAUSED', 'ERROR', 'FAILED']),
    start_time: time(t),
    end_time: time(t),
    duration: seconds(t),
    file_size: t.Integer({ minimum: 0, description: 'Bytes of all its files' }),
    format: recordingFormat(t),
  })
