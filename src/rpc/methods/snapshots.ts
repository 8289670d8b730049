import { legacySnapshot } from '../legacy-results.js'
import { defineMethod } from '../method.js'
import { Snapshot, TakeSnapshotParams } from '../shapes/snapshots.js'
import { cameraId } from './cameras.js'

export const takeSnapshot = defineMethod({
  name: 'take_snapshot',
  role: 'operator',
  audited: 'call',
  summary: 'Keeps the newest frame of a camera as an image file.',
  params: TakeSnapshotParams,
  result: Snapshot,
  errors: ['CAMERA_NOT_FOUND', 'INVALID_STATE', 'DEPENDENCY_FAILED'],
  work: 'snapshot',
  rate: 'snapshot',
  // Quality has no meaning for PNG, and callers send 0 with it.
  prepare: ({ quality, ...params }) => (params.format === 'png' || quality === undefined ? params : { ...params, quality }),
  run: ({ services }, params, session) =>
    services.snapshots.take({ ...params, device: cameraId(services.cameras, params.device) }, session.signal),
  legacy: legacySnapshot,
})
