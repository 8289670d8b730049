/** The snapshots service as tests of it share it: small, and with a clock that stands still. */

import { createLogger } from '../../../src/base/logger.js'
import { Snapshots, type SnapshotsOptions } from '../../../src/snapshots/index.js'
import { FakeClock } from '../../support/fake-clock.js'

type Given = Pick<SnapshotsOptions, 'core' | 'cameras' | 'dir'>

export const makeSnapshots = (given: Given & Partial<SnapshotsOptions>): Snapshots =>
  new Snapshots({
    ffmpeg: { binary: 'ffmpeg', searchPath: '/bin' },
    clock: new FakeClock(),
    logger: createLogger({ level: 'silent', format: 'json' }),
    deviceSubdirs: false,
    format: 'jpg',
    enabled: true,
    filePattern: '%device_%timestamp.jpg',
    quality: 85,
    maxWidthPx: 1920,
    maxHeightPx: 1080,
    timeoutMs: 1_000,
    workerThreads: 1,
    // No disk is that full.
    blockPercent: 101,
    ...given,
  })
