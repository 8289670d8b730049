import { defineMethod } from '../method.js'
import { DeletedFile, FileList, FileParams, PageParams, RecordingInfo, SnapshotInfo } from '../shapes/files.js'

export const listRecordings = defineMethod({
  name: 'list_recordings',
  role: 'viewer',
  summary: 'Recordings, newest first.',
  params: PageParams,
  result: FileList,
  errors: ['STORAGE_UNREADABLE'],
  work: 'files',
  run: ({ services }, page) => services.files.list('recording', page),
})

export const listSnapshots = defineMethod({
  name: 'list_snapshots',
  role: 'viewer',
  summary: 'Snapshots, newest first.',
  params: PageParams,
  result: FileList,
  errors: ['STORAGE_UNREADABLE'],
  work: 'files',
  run: ({ services }, page) => services.files.list('snapshot', page),
})

export const getRecordingInfo = defineMethod({
  name: 'get_recording_info',
  role: 'viewer',
  summary: 'Size and duration of one recording.',
  params: FileParams,
  result: RecordingInfo,
  errors: ['RECORDING_NOT_FOUND', 'STORAGE_UNREADABLE'],
  work: 'files',
  run: ({ services }, { filename }) => services.files.recordingInfo(filename),
  extra: ({ services }, { filename }) => services.files.recordingFacts(filename),
})

export const getSnapshotInfo = defineMethod({
  name: 'get_snapshot_info',
  role: 'viewer',
  summary: 'Size and time of one snapshot.',
  params: FileParams,
  result: SnapshotInfo,
  errors: ['SNAPSHOT_NOT_FOUND', 'STORAGE_UNREADABLE'],
  work: 'files',
  run: ({ services }, { filename }) => services.files.snapshotInfo(filename),
})

export const deleteRecording = defineMethod({
  name: 'delete_recording',
  role: 'admin',
  summary: 'Deletes one recording; one that is written or downloaded is refused.',
  params: FileParams,
  result: DeletedFile,
  errors: ['RECORDING_NOT_FOUND', 'INVALID_STATE', 'DEPENDENCY_FAILED', 'STORAGE_UNREADABLE'],
  work: 'files',
  run: ({ services }, { filename }) => services.files.delete('recording', filename),
})

export const deleteSnapshot = defineMethod({
  name: 'delete_snapshot',
  role: 'admin',
  summary: 'Deletes one snapshot; one that is downloaded is refused.',
  params: FileParams,
  result: DeletedFile,
  errors: ['SNAPSHOT_NOT_FOUND', 'INVALID_STATE', 'DEPENDENCY_FAILED', 'STORAGE_UNREADABLE'],
  work: 'files',
  run: ({ services }, { filename }) => services.files.delete('snapshot', filename),
})
