import { describe, expect, it } from 'vitest'
import { assessHealth, type HealthSignals } from '../../../src/monitor/index.js'

const thresholds = {
  memoryUsagePercent: 90,
  connectionsLimit: 900,
  errorRatePercent: 5,
  averageResponseMs: 1_000,
  tasksLimit: 1_000,
}
const well: HealthSignals = {
  components: { websocket_server: 'RUNNING', camera_monitor: 'RUNNING', mediamtx: 'STOPPED' },
  memoryUsedPercent: 40,
  connections: 10,
  storageFreePercent: 60,
}
const assess = (signals: Partial<HealthSignals>) => assessHealth({ ...well, ...signals }, thresholds)

describe('health', () => {
  it('is well when MediaMTX is stopped on purpose', () => {
    expect(assess({})).toEqual({ status: 'HEALTHY', reasons: [], parts: { components: 'HEALTHY', load: 'HEALTHY' } })
  })

  it.each<[Partial<HealthSignals>, string]>([
    [{ components: { mediamtx: 'ERROR' } }, 'DEGRADED'],
    [{ memoryUsedPercent: 89.9 }, 'HEALTHY'],
    [{ memoryUsedPercent: 90 }, 'DEGRADED'],
    [{ memoryUsedPercent: 95.1 }, 'UNHEALTHY'],
    [{ connections: 899 }, 'HEALTHY'],
    [{ connections: 900 }, 'DEGRADED'],
    [{ connections: 951 }, 'UNHEALTHY'],
    [{ storageFreePercent: 30.1 }, 'HEALTHY'],
    [{ storageFreePercent: 30 }, 'DEGRADED'],
    [{ storageFreePercent: 14.9 }, 'UNHEALTHY'],
    [{ storageFreePercent: undefined }, 'HEALTHY'],
    [{ calls: undefined }, 'HEALTHY'],
    [{ calls: { errorPercent: 4.9, meanMs: 999 } }, 'HEALTHY'],
    [{ calls: { errorPercent: 5, meanMs: 0 } }, 'DEGRADED'],
    [{ calls: { errorPercent: 10.1, meanMs: 0 } }, 'UNHEALTHY'],
    [{ calls: { errorPercent: 0, meanMs: 1_000 } }, 'DEGRADED'],
    [{ calls: { errorPercent: 0, meanMs: 2_001 } }, 'UNHEALTHY'],
    [{ tasks: 999 }, 'HEALTHY'],
    [{ tasks: 1_000 }, 'DEGRADED'],
    [{ tasks: 1_201 }, 'UNHEALTHY'],
    [{ load: { stage: 1, reasons: ['a'] } }, 'DEGRADED'],
    [{ load: { stage: 2, reasons: ['a'] } }, 'UNHEALTHY'],
  ])('says %j is %s', (signals, word) => {
    expect(assess(signals).status).toBe(word)
  })

  it('lets the worst signal win and names each', () => {
    expect(assess({ components: { mediamtx: 'ERROR' }, storageFreePercent: 5 })).toEqual({
      status: 'UNHEALTHY',
      reasons: ['mediamtx is ERROR', '5 % of the storage is free'],
      parts: { components: 'DEGRADED', load: 'HEALTHY' },
    })
  })
})
