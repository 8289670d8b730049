import { describe, expect, it } from 'vitest'
import { type MetricFacts, metricsManual, metricsText, processFacts } from '../../../src/monitor/index.js'
import { METRICS } from '../../../src/monitor/metrics/table.js'

/** Two of at most 50 µs, one of more than a second. */
const DURATIONS = { counts: [2, ...new Array<number>(13).fill(0), 1], sumSeconds: 1.25 }

const MEDIAMTX = {
  ...{ up: true, version: 'v1.20.1', comparisons: DURATIONS, drift: 2 },
  calls: { 'paths/list': DURATIONS },
  callFailures: { 'paths/list timeout': 1 },
}

const FACTS: MetricFacts = {
  build: { version: '1.2.3', revision: 'a"b\\c\nd', nodeVersion: 'v20.19.0' },
  process: {
    ...{ cpuSeconds: 1.5, residentBytes: 40_000_000, openFds: 30, maxFds: 1024, startSeconds: 1_900_000_000.25 },
    ...{ lagSeconds: 0.001, heapUsedBytes: 1, heapTotalBytes: 2, externalBytes: 3 },
  },
  mediamtx: MEDIAMTX,
  paths: [
    { name: 'camera0', online: true, source: 'rtspSession', readers: { rtspSession: 2, hlsSession: 1 } },
    { name: 'camera1', online: false, source: '', readers: {} },
  ],
  rpc: {
    ...{
      clients: 7,
      calls: 100,
      failures: 3,
      answers: { 'ping 0': 97, '? -32601': 3 },
      linesLeftOut: 1,
      durations: DURATIONS,
      fanout: DURATIONS,
    },
    ...{ limited: { 'rate of one connection': 2 }, underWay: { snapshot: 1 } },
    ...{ notifications: { 'snapshot.taken': 4 }, resumes: { replay: 1, resync: 2 }, threads: { running: 2, deaths: 1 } },
  },
  connections: {
    ...{ authenticated: 5, anonymous: 2, pendingBytes: 10, coalesced: 3, accepted: 12 },
    ...{ refusals: { 'Maximum connections reached': 1 }, closes: { '4008': 2, peer: 9 } },
  },
  limits: { connections: 1000 },
  downloads: { active: 1, bytes: 12_345_678_901 },
  deviceEvents: { present: 2 },
  probes: DURATIONS,
  cameras: { CONNECTED: 2, DISCONNECTED: 1, ERROR: 0 },
  recordings: { active: 1, started: 5, failed: 2 },
  snapshots: { taken: 9, failed: 1, queueUsedPercent: 25 },
  discovery: { scans: { complete: 2, failed: 1 }, streams: { online: 1, gone: 0 } },
  retention: { files: 3, bytes: 4_000, failed: 1 },
  healthRequests: { '/health 200': 8, '/health/ready 503': 1 },
  failedLogins: { token: 3 },
  viewers: { now: 4, frames: 900, skipped: 5 },
  collections: { minor: DURATIONS },
  storage: { sizeBytes: 1000, availableBytes: 400 },
  storageState: 'low',
  ready: true,
  draining: false,
  loadStage: 1,
  loopDelaySeconds: { 0.5: 0.001, 0.95: 0.06 },
  watchdogFeeds: 7,
}

const lines = (facts: MetricFacts, format: 'prometheus' | 'openmetrics' = 'prometheus') => metricsText(facts, format).split('\n')

describe('the table', () => {
  it.each(METRICS.map((entry) => [entry.name, entry] as const))(
    '%s follows the conventions',
    (name, { type, help, labels, samples }) => {
      expect(name).toMatch(/^(mtxmon|process|nodejs)(_[a-z0-9]+)+$/)
      expect(name.endsWith('_total')).toBe(type === 'counter')
      expect(name).not.toMatch(/_(ms|milliseconds|percent|kb|mb)(_|$)/)
      expect(help).toMatch(/^[A-Z0-9].*\.$/)
      for (const { value, ending, labels: own = {} } of samples(FACTS)) {
        expect(Number.isFinite(value)).toBe(true)
        // The sum and the count of a histogram are of no bucket.
        expect(Object.keys(own)).toEqual(type === 'histogram' && ending !== '_bucket' ? labels.slice(0, -1) : labels)
      }
      expect(samples(FACTS).length).toBeGreaterThan(0)
      expect(metricsManual()).toContain(`| \`${name}\` | ${type} | ${labels.join(', ')} | ${help} |`)
    },
  )

  it('has every name once, and no other is written', () => {
    const names = METRICS.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    const written = lines(FACTS).flatMap((line) => /^([a-z]\w*)[{ ]/.exec(line)?.[1] ?? [])
    // A histogram is written in three parts.
    const parts = METRICS.flatMap(({ name, type }) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((ending) => `${name}${ending}`) : [name],
    )
    expect([...new Set(written)]).toEqual(parts)
    expect(metricsManual().match(/^\| `/gm)).toHaveLength(names.length)
  })
})

describe('the text', () => {
  it('has one head per metric, and every sample below its own', () => {
    const text = lines(FACTS)
    const heads = text.filter((line) => line.startsWith('# TYPE'))
    expect(new Set(heads).size).toBe(METRICS.length)
    expect(heads).toHaveLength(METRICS.length)
    const at = text.indexOf('# TYPE mtxmon_path_readers gauge')
    expect(text.slice(at - 1, at + 3)).toEqual([
      '# HELP mtxmon_path_readers Readers of the path (readers).',
      '# TYPE mtxmon_path_readers gauge',
      'mtxmon_path_readers{node="local",path="camera0",protocol="rtspSession"} 2',
      'mtxmon_path_readers{node="local",path="camera0",protocol="hlsSession"} 1',
    ])
    expect(text).toContain('mtxmon_download_sent_bytes_total 12345678901')
    expect(text).toContain('mtxmon_storage_state{state="low"} 1')
    expect(text.at(-1)).toBe('')
  })

  it('a histogram counts upwards, to all of them at last', () => {
    const written = lines(FACTS).filter((line) => line.startsWith('mtxmon_rpc_seconds'))
    expect(written.length).toBe(17)
    expect(written[0]).toBe('mtxmon_rpc_seconds_bucket{le="0.00005"} 2')
    expect(written.slice(-4)).toEqual([
      'mtxmon_rpc_seconds_bucket{le="1"} 2',
      'mtxmon_rpc_seconds_bucket{le="+Inf"} 3',
      'mtxmon_rpc_seconds_sum 1.25',
      'mtxmon_rpc_seconds_count 3',
    ])
    expect(lines(FACTS)).toContain('nodejs_gc_duration_seconds_bucket{kind="minor",le="+Inf"} 3')
  })

  it('escapes what others may have written into labels', () => {
    expect(lines(FACTS)).toContain(String.raw`mtxmon_build_info{version="1.2.3",revision="a\"b\\c\nd",node_version="v20.19.0"} 1`)
  })

  it('leaves out what is not known: no MediaMTX wanted, none there, no disk', () => {
    const none = lines({ ...FACTS, mediamtx: undefined, paths: [], storage: undefined })
    const ofMediamtx = /^mtxmon_(node|path|api|breaker|reconcile|storage_(size|available))/
    expect(none.filter((line) => ofMediamtx.test(line))).toEqual([])
    const away = lines({ ...FACTS, mediamtx: { ...MEDIAMTX, up: false, version: undefined }, paths: [] })
    expect(away.filter((line) => /^mtxmon_(node|path)/.test(line))).toEqual(['mtxmon_node_up{node="local"} 0'])
  })

  it('in OpenMetrics names counters by their family, says units and its end', () => {
    const text = lines(FACTS, 'openmetrics')
    expect(text).toContain('# TYPE process_cpu_seconds counter')
    expect(text).toContain('# UNIT process_cpu_seconds seconds')
    expect(text).toContain('process_cpu_seconds_total 1.5')
    expect(text.slice(-2)).toEqual(['# EOF', ''])
    expect(lines(FACTS)).toContain('# TYPE process_cpu_seconds_total counter')
  })
})

it('knows this process', async () => {
  const { openFds, maxFds = Number.POSITIVE_INFINITY, residentBytes, lagSeconds, startSeconds } = await processFacts()
  expect(openFds).toBeGreaterThan(3)
  expect(maxFds).toBeGreaterThan(openFds)
  expect(residentBytes).toBeGreaterThan(10_000_000)
  expect(lagSeconds).toBeGreaterThan(0)
  expect(Math.abs(startSeconds - Date.now() / 1000)).toBeLessThan(3_600)
})
