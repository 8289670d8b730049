import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import { System } from '../../../src/app/system.js'
import { diskRoom } from '../../../src/base/disk-room.js'
import { FakeClock } from '../../support/fake-clock.js'

it('a disk is as full for get_status and get_metrics as it is for get_storage_info', async () => {
  const system = new System({
    clock: new FakeClock(),
    build: { version: '1', buildDate: '' },
    thresholds: { memoryUsagePercent: 90, connectionsLimit: 900, errorRatePercent: 5, averageResponseMs: 1000, tasksLimit: 1000 },
    storageDir: tmpdir(),
    storageFault: async () => undefined,
    maxCameras: 10,
    connections: () => 0,
    mediamtx: () => 'STOPPED',
    load: () => ({ stage: 0, reasons: [] }),
    calls: () => ({ calls: 0, errors: 0, seconds: 0 }),
  })
  const { usedPercent } = await diskRoom(tmpdir())
  // Others write to the disk meanwhile.
  expect(Math.abs(((await system.diskUsedPercent()) ?? -100) - usedPercent)).toBeLessThan(0.5)
})
