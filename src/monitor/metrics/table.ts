/** The one table of the service's metrics: `/metrics` and docs/metrics.md are made from it. The camera face has its own. Pure. */

import { DURATION_BUCKETS, type Durations } from '../../base/histogram.js'
import type { Counts } from '../../base/tally.js'
import type { MetricFacts } from './facts.js'

export interface Sample {
  readonly value: number
  /** Of the name, for the parts of a histogram. */
  readonly ending?: string
  readonly labels?: Readonly<Record<string, string>>
}

export interface MetricEntry {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /** In the order in which they are written. */
  readonly labels: readonly string[]
  /** None: not known now, and then the metric is left out but for its head. */
  readonly samples: (facts: MetricFacts) => readonly Sample[]
}

/** This service watches one MediaMTX. */
const NODE = { node: 'local' }

export const METRICS: readonly MetricEntry[] = [
  gauge('mtxmon_build_info', 'Always 1; which build this is.', ['version', 'revision', 'node_version'], ({ build }) => [
    { value: 1, labels: { version: build.version, revision: build.revision, node_version: build.nodeVersion } },
  ]),
  gauge('mtxmon_draining', '1 from the beginning of an orderly end on.', [], ({ draining }) => [of(draining)]),
  counter(
    'mtxmon_watchdog_feeds_total',
    "How often the supervisor's watchdog was told that all goes on.",
    (facts) => facts.watchdogFeeds,
  ),
  gauge('mtxmon_ready', '1 while every component is up that is needed to serve.', [], ({ ready }) => [of(ready)]),
  counter(
    'process_cpu_seconds_total',
    'Processor time that the process used, in user and system mode.',
    (facts) => facts.process.cpuSeconds,
  ),
  number('process_resident_memory_bytes', 'Memory of the process that is in RAM.', ({ process }) => process.residentBytes),
  number('process_open_fds', 'Open file descriptors.', ({ process }) => process.openFds),
  gauge('process_max_fds', 'Most file descriptors that may be open.', [], ({ process }) => some(process.maxFds)),
  number('process_start_time_seconds', 'When the process started, seconds since 1970.', ({ process }) => process.startSeconds),
  number('nodejs_eventloop_lag_seconds', 'How late the event loop came to its next turn.', ({ process }) => process.lagSeconds),
  gauge(
    'mtxmon_event_loop_delay_seconds',
    'How late the event loop came to its turns in the last two seconds; of an idle process in the last twenty.',
    ['quantile'],
    ({ loopDelaySeconds }) => byLabel('quantile', loopDelaySeconds),
  ),
  number(
    'mtxmon_load_stage',
    'Stage of load shedding: 1: nobody new and nothing costly; 2: connections without login are closed, MJPEG is at 1 fps.',
    ({ loadStage }) => loadStage,
  ),
  histogram('nodejs_gc_duration_seconds', 'Pauses for collecting garbage in the main thread.', ['kind'], ({ collections }) =>
    Object.entries(collections).map(([kind, durations]) => ({ durations, labels: { kind } })),
  ),
  number('nodejs_heap_size_used_bytes', 'Heap of JavaScript in use.', ({ process }) => process.heapUsedBytes),
  number('nodejs_heap_size_total_bytes', 'Heap of JavaScript in all.', ({ process }) => process.heapTotalBytes),
  number(
    'nodejs_external_memory_bytes',
    'Memory outside the heap that belongs to JavaScript objects.',
    ({ process }) => process.externalBytes,
  ),
  gauge('mtxmon_node_up', '1 while MediaMTX answers; absent when none is wanted.', ['node'], ({ mediamtx }) =>
    mediamtx === undefined ? [] : [of(mediamtx.up, NODE)],
  ),
  gauge('mtxmon_node_info', 'Always 1; version of MediaMTX (info.version).', ['node', 'mediamtx_version'], ({ mediamtx }) =>
    mediamtx?.version === undefined ? [] : [{ value: 1, labels: { ...NODE, mediamtx_version: mediamtx.version } }],
  ),
  gauge('mtxmon_paths', 'Paths of MediaMTX by state.', ['node', 'state'], ({ mediamtx, paths }) => {
    if (mediamtx?.up !== true) return []
    const live = paths.filter(({ online }) => online).length
    return [
      { value: live, labels: { ...NODE, state: 'live' } },
      { value: paths.length - live, labels: { ...NODE, state: 'offline' } },
    ]
  }),
  gauge('mtxmon_path_info', 'Always 1; what feeds the path (source.type).', ['node', 'path', 'source'], ({ paths }) =>
    paths.map(({ name, source }) => ({ value: 1, labels: { ...NODE, path: name, source } })),
  ),
  gauge('mtxmon_path_online', '1 while the path can be read (available).', ['node', 'path'], ({ paths }) =>
    paths.map(({ name, online }) => of(online, { ...NODE, path: name })),
  ),
  gauge('mtxmon_path_readers', 'Readers of the path (readers).', ['node', 'path', 'protocol'], ({ paths }) =>
    paths.flatMap(({ name, readers }) =>
      Object.entries(readers).map(([protocol, value]) => ({ value, labels: { ...NODE, path: name, protocol } })),
    ),
  ),
  {
    ...counter('mtxmon_api_requests_total', 'Calls of the control API of MediaMTX.', () => 0),
    labels: ['node', 'endpoint'],
    samples: ({ mediamtx }) =>
      Object.entries(mediamtx?.calls ?? {}).map(([endpoint, { counts }]) => ({
        value: counts.reduce((sum, count) => sum + count, 0),
        labels: { ...NODE, endpoint },
      })),
  },
  {
    ...counter(
      'mtxmon_api_request_failures_total',
      'Of these, those that failed: refused (no connection), timeout, auth, http (it says no), decode (not what it promises).',
      () => 0,
    ),
    labels: ['node', 'endpoint', 'reason'],
    samples: ({ mediamtx }) =>
      Object.entries(mediamtx?.callFailures ?? {}).map(([key, value]) => {
        const [endpoint = '', reason = ''] = key.split(' ')
        return { value, labels: { ...NODE, endpoint, reason } }
      }),
  },
  histogram(
    'mtxmon_api_request_duration_seconds',
    'From call to whole reply, or to the end of patience.',
    ['node', 'endpoint'],
    ({ mediamtx }) =>
      Object.entries(mediamtx?.calls ?? {}).map(([endpoint, durations]) => ({ durations, labels: { ...NODE, endpoint } })),
  ),
  gauge(
    'mtxmon_breaker_state',
    '1 for the state of the breaker: open: what needs MediaMTX is refused at once; closed: it is asked.',
    ['node', 'state'],
    ({ mediamtx }) =>
      mediamtx === undefined ? [] : [of(mediamtx.up, { ...NODE, state: 'closed' }), of(!mediamtx.up, { ...NODE, state: 'open' })],
  ),
  histogram(
    'mtxmon_reconcile_seconds',
    'One comparison of the paths of MediaMTX with those desired, with the writes it took.',
    ['node'],
    ({ mediamtx }) => (mediamtx === undefined ? [] : [{ durations: mediamtx.comparisons, labels: NODE }]),
  ),
  gauge(
    'mtxmon_reconcile_drift',
    'Paths that the last comparison found not to be as they should be.',
    ['node'],
    ({ mediamtx }) => (mediamtx === undefined ? [] : [{ value: mediamtx.drift, labels: NODE }]),
  ),
  number('mtxmon_ws_clients', 'Open WebSocket connections.', ({ rpc }) => rpc.clients),
  counter('mtxmon_rpc_calls_total', 'Requests that came over WebSockets.', ({ rpc }) => rpc.calls),
  counter('mtxmon_rpc_call_failures_total', 'Of these, those answered with an error.', ({ rpc }) => rpc.failures),
  gauge('mtxmon_ws_connections', 'Open WebSocket connections, with and without a login.', ['state'], ({ connections }) => [
    { value: connections.authenticated, labels: { state: 'authenticated' } },
    { value: connections.anonymous, labels: { state: 'anonymous' } },
  ]),
  counter('mtxmon_ws_accepted_total', 'Upgrades that were admitted.', ({ connections }) => connections.accepted),
  counters('mtxmon_ws_refusals_total', 'Upgrades that were refused.', 'reason', ({ connections }) => connections.refusals),
  counters(
    'mtxmon_ws_disconnects_total',
    'Connections that ended, by the close code that the service decided on; peer: it was not its decision.',
    'reason',
    ({ connections }) => connections.closes,
  ),
  counters('mtxmon_ws_messages_total', 'Notifications handed to connections.', 'topic', ({ rpc }) => rpc.notifications),
  histogram('mtxmon_fanout_seconds', 'From an event to the last of its subscribers, of one thread.', [], ({ rpc }) => [
    { durations: rpc.fanout, labels: {} },
  ]),
  counter(
    'mtxmon_ws_coalesced_total',
    'Notifications that a newer one took the place of while they waited for a slow reader.',
    ({ connections }) => connections.coalesced,
  ),
  number('mtxmon_ws_pending_bytes', 'Bytes held for slow readers.', ({ connections }) => connections.pendingBytes),
  counters(
    'mtxmon_ws_resumes_total',
    'Subscriptions with numbers: what was missed was sent (replay), or could not be told (resync).',
    'result',
    ({ rpc }) => rpc.resumes,
  ),
  {
    ...counter('mtxmon_rpc_requests_total', 'Requests by method and code; 0: a result; ?: no method of ours.', () => 0),
    labels: ['method', 'code'],
    samples: ({ rpc }) => byWords(['method', 'code'], rpc.answers),
  },
  histogram('mtxmon_rpc_seconds', 'From request to reply, of calls that came to be run.', [], ({ rpc }) => [
    { durations: rpc.durations, labels: {} },
  ]),
  gauge('mtxmon_rpc_in_flight', 'Slow requests being worked on.', ['kind'], ({ rpc }) => byLabel('kind', rpc.underWay)),
  counters(
    'mtxmon_rate_limited_total',
    'Requests that were refused for there being too many.',
    'layer',
    ({ rpc }) => rpc.limited,
  ),
  counter(
    'mtxmon_log_lines_left_out_total',
    'Log lines about one cause from one client beyond five a minute.',
    ({ rpc }) => rpc.linesLeftOut,
  ),
  gauge('mtxmon_limit', 'Limits that are in force.', ['limit'], ({ limits }) => byLabel('limit', limits)),
  number('mtxmon_rpc_threads', 'Threads that hold WebSockets; 0: the main one does.', ({ rpc }) => rpc.threads.running),
  counter('mtxmon_rpc_thread_deaths_total', 'Of these, those that died and were replaced.', ({ rpc }) => rpc.threads.deaths),
  number('mtxmon_downloads', 'Downloads under way.', ({ downloads }) => downloads.active),
  counter('mtxmon_download_sent_bytes_total', 'Bytes of files that were sent.', ({ downloads }) => downloads.bytes),
  gauge('mtxmon_cameras', 'Cameras by state.', ['state'], ({ cameras }) =>
    Object.entries(cameras).map(([state, value]) => ({ value, labels: { state: state.toLowerCase() } })),
  ),
  counters('mtxmon_device_events_total', 'What hotplug and probes told of devices.', 'event', ({ deviceEvents }) => deviceEvents),
  histogram(
    'mtxmon_probe_seconds',
    'Probes of devices that came to an answer; virtual cameras are not probed.',
    [],
    ({ probes }) => [{ durations: probes, labels: {} }],
  ),
  number('mtxmon_recordings', 'Recordings under way.', ({ recordings }) => recordings.active),
  counter(
    'mtxmon_recordings_total',
    'Recordings that began, or went on after an interruption.',
    ({ recordings }) => recordings.started,
  ),
  counter(
    'mtxmon_recording_failures_total',
    'Recordings that were interrupted or ended by a failure.',
    ({ recordings }) => recordings.failed,
  ),
  counter('mtxmon_snapshots_total', 'Snapshots that were taken.', ({ snapshots }) => snapshots.taken),
  counter('mtxmon_snapshot_failures_total', 'Snapshots that could not be taken.', ({ snapshots }) => snapshots.failed),
  number(
    'mtxmon_snapshot_queue_ratio',
    'Snapshots that wait for a thread to convert them, of those that may.',
    ({ snapshots }) => snapshots.queueUsedPercent / 100,
  ),
  counters(
    'mtxmon_discovery_scans_total',
    'Scans for external streams, by result; incomplete: its time was too short.',
    'result',
    ({ discovery }) => discovery.scans,
  ),
  gauge(
    'mtxmon_discovery_streams',
    'External streams that scans have found, by whether the last one found them.',
    ['state'],
    ({ discovery }) => byLabel('state', discovery.streams),
  ),
  counter('mtxmon_retention_deleted_files_total', 'Files that the retention policy deleted.', ({ retention }) => retention.files),
  counter('mtxmon_retention_deleted_bytes_total', 'Bytes of these.', ({ retention }) => retention.bytes),
  counter(
    'mtxmon_retention_failures_total',
    'Files that it gave up and that could not be deleted.',
    ({ retention }) => retention.failed,
  ),
  {
    ...counter('mtxmon_health_requests_total', 'Requests for health pages, by path and code.', () => 0),
    labels: ['path', 'code'],
    samples: ({ healthRequests }) => byWords(['path', 'code'], healthRequests),
  },
  counters('mtxmon_login_failures_total', 'Logins that failed.', 'credential', ({ failedLogins }) => failedLogins),
  number('mtxmon_mjpeg_viewers', 'Viewers of MJPEG streams on the camera face.', ({ viewers }) => viewers.now),
  counter(
    'mtxmon_mjpeg_sent_frames_total',
    'Frames that these were sent whole, placeholders too.',
    ({ viewers }) => viewers.frames,
  ),
  counter('mtxmon_mjpeg_skipped_frames_total', 'Frames that these were too slow for.', ({ viewers }) => viewers.skipped),
  gauge('mtxmon_storage_size_bytes', 'Size of the file system of the recordings.', [], ({ storage }) => some(storage?.sizeBytes)),
  gauge('mtxmon_storage_available_bytes', 'Of it, what is free for the service.', [], ({ storage }) =>
    some(storage?.availableBytes),
  ),
  gauge('mtxmon_storage_state', '1 for the state that the storage is in: ok, low or full.', ['state'], ({ storageState }) =>
    (['ok', 'low', 'full'] as const).map((state) => of(state === storageState, { state })),
  ),
]

function gauge(name: string, help: string, labels: readonly string[], samples: MetricEntry['samples']): MetricEntry {
  return { name, type: 'gauge', help, labels, samples }
}

function number(name: string, help: string, value: (facts: MetricFacts) => number): MetricEntry {
  return gauge(name, help, [], (facts) => [{ value: value(facts) }])
}

function counter(name: string, help: string, value: (facts: MetricFacts) => number): MetricEntry {
  return { ...number(name, help, value), type: 'counter' }
}

function counters(name: string, help: string, label: string, counts: (facts: MetricFacts) => Counts): MetricEntry {
  return { name, type: 'counter', help, labels: [label], samples: (facts) => byLabel(label, counts(facts)) }
}

function histogram(
  name: string,
  help: string,
  labels: readonly string[],
  series: (facts: MetricFacts) => readonly { readonly durations: Durations; readonly labels: Readonly<Record<string, string>> }[],
): MetricEntry {
  const samples = (facts: MetricFacts): readonly Sample[] =>
    series(facts).flatMap(({ durations: { counts, sumSeconds }, labels: own }) => {
      let below = 0
      const buckets = [...DURATION_BUCKETS.map(String), '+Inf'].map((le, at) => {
        below += counts[at] ?? 0
        return { ending: '_bucket', value: below, labels: { ...own, le } }
      })
      return [...buckets, { ending: '_sum', value: sumSeconds, labels: own }, { ending: '_count', value: below, labels: own }]
    })
  return { name, type: 'histogram', help, labels: [...labels, 'le'], samples }
}

function byLabel(label: string, counts: Counts): readonly Sample[] {
  return Object.entries(counts).map(([word, value]) => ({ value, labels: { [label]: word } }))
}

/** Of keys such as `ping 0`. */
function byWords([first, second]: readonly [string, string], counts: Counts): readonly Sample[] {
  return Object.entries(counts).map(([key, value]) => {
    const [one = '', other = ''] = key.split(' ')
    return { value, labels: { [first]: one, [second]: other } }
  })
}

function of(holds: boolean, labels?: Readonly<Record<string, string>>): Sample {
  return { value: holds ? 1 : 0, ...(labels && { labels }) }
}

function some(value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ value }]
}
