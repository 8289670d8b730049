import { type Caller, defineMethod } from '../method.js'
import type { Shape } from '../schema.js'
import type { Services } from '../services.js'
import { DeletedFile, FileList, FileParams, PageParams, RecordingInfo, SnapshotInfo } from '../shapes/files.js'

export const listRecordings = defineMethod({
  name: 'list_recordings',
  role: 'viewer',
  summary: 'Recordings, newest first.',
  params: PageParams,
  result: FileList,
  errors: ['STORAGE_UNREADABLE'],
  work: 'files',
  run: async ({ services }, page, caller) => linked(await services.files.list('recording', page), services, caller),
})

export const listSnapshots = defineMethod({
  name: 'list_snapshots',
  role: 'viewer',
  summary: 'Snapshots, newest first.',
  params: PageParams,
  result: FileList,
  errors: ['STORAGE_UNREADABLE'],
  work: 'files',
  run: async ({ services }, page, caller) => linked(await services.files.list('snapshot', page), services, caller),
})

export const getRecordingInfo = defineMethod({
  name: 'get_recording_info',
  role: 'viewer',
  summary: 'Size and duration of one recording.',
  params: FileParams,
  result: RecordingInfo,
  errors: ['RECORDING_NOT_FOUND', 'STORAGE_UNREADABLE'],
  work: 'files',
  run: async ({ services }, { filename }, caller) => {
    const info = await services.files.recordingInfo(filename)
    return { ...info, download_url: linkOf(info, services, caller) }
  },
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
  run: async ({ services }, { filename }, caller) => {
    const info = await services.files.snapshotInfo(filename)
    return { ...info, download_url: linkOf(info, services, caller) }
  },
})

export const deleteRecording = defineMethod({
  name: 'delete_recording',
  role: 'admin',
  audited: 'call',
  summary: 'Deletes one recording; one that is written or downloaded is refused.',
  params: FileParams,
  result: DeletedFile,
  errors: ['RECORDING_NOT_FOUND', 'INVALID_STATE', 'DEPENDENCY_FAILED', 'STORAGE_UNREADABLE'],
  work: 'files',
  relieves: true,
  run: ({ services }, { filename }) => services.files.delete('recording', filename),
})

export const deleteSnapshot = defineMethod({
  name: 'delete_snapshot',
  role: 'admin',
  audited: 'call',
  summary: 'Deletes one snapshot; one that is downloaded is refused.',
  params: FileParams,
  result: DeletedFile,
  errors: ['SNAPSHOT_NOT_FOUND', 'INVALID_STATE', 'DEPENDENCY_FAILED', 'STORAGE_UNREADABLE'],
  work: 'files',
  relieves: true,
  run: ({ services }, { filename }) => services.files.delete('snapshot', filename),
})

function linked(list: Shape<typeof FileList>, services: Services, caller: Caller): Shape<typeof FileList> {
  if (services.downloadLink === undefined) return list
  return { ...list, files: list.files.map((file) => ({ ...file, download_url: linkOf(file, services, caller) })) }
}

function linkOf(file: { readonly download_url: string }, { downloadLink }: Services, { identity }: Caller): string {
  if (downloadLink === undefined || identity === undefined) return file.download_url
  return downloadLink(file.download_url, identity)
}
