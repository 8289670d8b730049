/** The one table of topics (contract §10.1) and of the other names under which clients may subscribe to them. */

export const TOPICS = [
  'camera.connected',
  'camera.disconnected',
  'camera.status_change',
  'camera.capability_detected',
  'camera.capability_error',
  'camera.control_changed',
  'recording.start',
  'recording.stop',
  'recording.progress',
  'recording.error',
  'snapshot.taken',
  'snapshot.error',
  'system.health',
  'system.error',
  'system.startup',
  'system.shutdown',
  'mediamtx.stream',
  'mediamtx.path',
  'mediamtx.error',
  'mediamtx.recording_started',
  'mediamtx.recording_stopped',
  'mediamtx.recording_failed',
  'mediamtx.stream_started',
  'mediamtx.stream_stopped',
] as const

export type Topic = (typeof TOPICS)[number]

/** Topics of the monitor; `stream:<node>/<path>` are made as streams come. */
const MONITOR_TOPICS: readonly string[] = ['nodes', 'streams', 'system', 'alerts', 'events']
const MONITOR_STREAM_PREFIX = 'stream:'

/** Names that stand for topics, each with the topics it stands for. */
const ALIASES: Readonly<Record<string, readonly Topic[]>> = {
  // Each appearing and vanishing is also told as a change of status: one message per change is enough.
  camera_status_update: ['camera.status_change'],
  recording_status_update: ['recording.start', 'recording.stop', 'recording.error'],
  system_health_update: ['system.health'],
  'recording.started': ['recording.start'],
  'recording.stopped': ['recording.stop'],
}

/** What a legacy login is subscribed to without asking (contract §10.2). */
export const LEGACY_TOPICS: readonly string[] = ['camera_status_update', 'recording_status_update']

/** Names whose messages tell a state: while one waits for a slow reader, a newer one for the same device replaces it. */
const STATE_NAMES: ReadonlySet<string> = new Set([
  ...LEGACY_TOPICS,
  'system_health_update',
  'system.health',
  'recording.progress',
])

const KNOWN: ReadonlySet<string> = new Set([...TOPICS, ...Object.keys(ALIASES), ...MONITOR_TOPICS])
const NUMBERED: ReadonlySet<string> = new Set([...TOPICS, ...Object.keys(ALIASES)])
const NAMES = new Map<string, readonly string[]>(
  TOPICS.map((topic) => [topic, [topic, ...Object.keys(ALIASES).filter((alias) => ALIASES[alias]?.includes(topic))]]),
)

export function isTopicName(name: string): boolean {
  return KNOWN.has(name) || (name.startsWith(MONITOR_STREAM_PREFIX) && name.length > MONITOR_STREAM_PREFIX.length)
}

/** Names under which an event may be subscribed to, its own first. */
export function namesOf(topic: string): readonly string[] {
  return NAMES.get(topic) ?? [topic]
}

/** Whether events under this name have numbers; those of the monitor bring their own. */
export function isNumbered(name: string): boolean {
  return NUMBERED.has(name)
}

export function tellsState(name: string): boolean {
  return STATE_NAMES.has(name)
}
