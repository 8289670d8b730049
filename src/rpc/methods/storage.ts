import { defineMethod } from '../method.js'
import { NoParams } from '../shapes/common.js'
import { Cleanup, RetentionParams, RetentionPolicy, StorageInfo } from '../shapes/storage.js'

export const getStorageInfo = defineMethod({
  name: 'get_storage_info',
  role: 'admin',
  summary: 'Room on the disk of the recordings, and what recordings and snapshots take of it.',
  params: NoParams,
  result: StorageInfo,
  errors: ['DEPENDENCY_FAILED', 'STORAGE_UNREADABLE'],
  work: 'files',
  run: ({ services }) => services.storage.info(),
})

export const setRetentionPolicy = defineMethod({
  name: 'set_retention_policy',
  role: 'admin',
  audited: 'call',
  summary: 'Which recordings and snapshots are deleted by themselves; kept over restarts.',
  params: RetentionParams,
  result: RetentionPolicy,
  errors: ['DEPENDENCY_FAILED'],
  work: 'files',
  run: ({ services }, policy) => services.storage.setPolicy(policy),
})

export const cleanupOldFiles = defineMethod({
  name: 'cleanup_old_files',
  role: 'admin',
  audited: 'call',
  summary: 'Deletes now what the retention policy gives up.',
  params: NoParams,
  result: Cleanup,
  errors: ['INVALID_STATE', 'DEPENDENCY_FAILED', 'STORAGE_UNREADABLE'],
  work: 'files',
  relieves: true,
  run: ({ services }) => services.storage.cleanup(),
})
