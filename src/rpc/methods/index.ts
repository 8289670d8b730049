/** The one table of methods. Everything that lists methods is made from it. */

import type { Role } from '../../auth/index.js'
import { forRole, type Method } from '../method.js'
import { getCameraCapabilities, getCameraList, getCameraStatus } from './cameras.js'
import { getCameraControls, resetCameraControls, setCameraControls } from './controls.js'
import { authenticateMethod, ping } from './core.js'
import { getSubscriptionStats, subscribeEvents, unsubscribeEvents } from './events.js'
import {
  addExternalStream,
  discoverExternalStreams,
  getExternalStreams,
  removeExternalStream,
  setDiscoveryInterval,
} from './external.js'
import { deleteRecording, deleteSnapshot, getRecordingInfo, getSnapshotInfo, listRecordings, listSnapshots } from './files.js'
import { getRecordingStatus, startRecording, stopRecording } from './recordings.js'
import { takeSnapshot } from './snapshots.js'
import { cleanupOldFiles, getStorageInfo, setRetentionPolicy } from './storage.js'
import { getStreamStatus, getStreams, getStreamUrl, startStreaming, stopStreaming } from './streams.js'
import { discover, getMetrics, getServerInfo, getStatus, getSystemHealth, getSystemStatus } from './system.js'

export const METHODS: readonly Method[] = [
  ping,
  authenticateMethod,
  getCameraList,
  getCameraStatus,
  getCameraCapabilities,
  getCameraControls,
  setCameraControls,
  resetCameraControls,
  takeSnapshot,
  startRecording,
  stopRecording,
  getRecordingStatus,
  listRecordings,
  listSnapshots,
  getRecordingInfo,
  getSnapshotInfo,
  deleteRecording,
  deleteSnapshot,
  startStreaming,
  stopStreaming,
  getStreamUrl,
  getStreamStatus,
  getStreams,
  discoverExternalStreams,
  addExternalStream,
  removeExternalStream,
  getExternalStreams,
  setDiscoveryInterval,
  subscribeEvents,
  unsubscribeEvents,
  getSubscriptionStats,
  getMetrics,
  getStatus,
  getSystemHealth,
  getSystemStatus,
  getServerInfo,
  getStorageInfo,
  setRetentionPolicy,
  cleanupOldFiles,
  discover,
]

/** The table with the role that get_server_info needs here (C-3). */
export function methodsFor(serverInfoRole: Role): readonly Method[] {
  if (serverInfoRole === getServerInfo.role) return METHODS
  return METHODS.map((method) => (method === getServerInfo ? forRole(method, serverInfoRole) : method))
}
