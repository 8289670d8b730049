/** Recordings as the configuration wants them: their cameras, MediaMTX, and what is told of them. */

import { join, relative } from 'node:path'
import { type Clock, timestamp } from '../base/clock.js'
import { ServiceError } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { Cameras } from '../cameras/index.js'
import type { Config } from '../config/index.js'
import type { ExternalStreams } from '../external/index.js'
import type { MediaService } from '../media/index.js'
import { type RecordingCameras, type RecordingFact, type RecordingMedia, Recordings } from '../recordings/index.js'
import { type FilePort, FOR_LEGACY, type RecordingPort, type StoragePort } from '../rpc/index.js'
import { standIn } from './fallback.js'

/** A disk that wakes up, or writes back what others left, may take its time; frames wait and are then counted as lost. */
const RECORDER_STALL_MS = 30_000
const BITS_PER_BYTE = 8
const MS_PER_SECOND = 1_000
/** What an encoder makes beyond its rate, and the container. */
const OVERHEAD = 1.1

export interface RecordingsContext {
  readonly config: Config
  readonly cameras: Cameras
  readonly external: Pick<ExternalStreams, 'has'>
  readonly media: MediaService | undefined
  readonly clock: Clock
  readonly logger: Logger
  readonly env: Readonly<Record<string, string | undefined>>
}

export function buildRecordings({ config, cameras, external, media, clock, logger, env }: RecordingsContext): Recordings {
  const { recording, retention_policy: retention, mediamtx, snapshots, storage, notifications } = config
  const fallbacks = fallbackFolders(config)
  const snapshotLimits = {
    intervalMs: snapshots.cleanup_interval,
    maxAgeMs: snapshots.max_age,
    maxCount: snapshots.max_count,
  }
  return new Recordings({
    cameras: recordedCameras(cameras, external),
    media: media && recordingMedia(media),
    clock,
    logger: logger.child({ component: 'recordings' }),
    stateDir: config.state_dir,
    standsIn: standIn(config) !== undefined,
    recordingsDir: mediamtx.recordings_path,
    snapshotsDir: mediamtx.snapshots_path,
    ...(fallbacks && { fallbacks }),
    deviceSubdirs: recording.use_device_subdirs,
    filePattern: recording.file_name_pattern,
    segmentMs: recording.segment_duration,
    mediamtxSegmentMs: lengthMs(recording.max_segment_size, mediamtx.codec.bitrate),
    maxFileBytes: recording.max_segment_size,
    startTimeoutMs: recording.start_timeout,
    maxDurationMs: recording.default_max_duration,
    progressMs: notifications.real_time.recording_progress_interval,
    maxRestarts: recording.max_restart_count,
    ffmpeg: config.ffmpeg.binary,
    searchPath: env.PATH ?? '',
    storage: {
      get warnPercent() {
        return storage.warn_percent
      },
      get blockPercent() {
        return storage.block_percent
      },
    },
    retention: {
      type: retention.type,
      enabled: retention.enabled,
      maxAgeDays: retention.max_age_days,
      maxSizeGb: retention.max_size_gb,
    },
    autoCleanup: retention.auto_cleanup,
    cleanupIntervalMs: recording.cleanup_interval,
    ...(snapshots.auto_cleanup ? { snapshotLimits } : {}),
  })
}

/** Files of both kinds go there, each into its own folder; none when they are where all goes in this run already. */
export function fallbackFolders(config: Config): { readonly recording: string; readonly snapshot: string } | undefined {
  const { fallback_path: path } = config.storage
  if (path === null || standIn(config) !== undefined) return undefined
  return { recording: join(path, 'recordings'), snapshot: join(path, 'snapshots') }
}

/** Of a snapshot in this folder, as the index of files names it. */
export function snapshotPlace({ mediamtx }: Config, folder: string, name: string) {
  const below = relative(mediamtx.snapshots_path, folder)
  return { kind: 'snapshot', dir: below.startsWith('..') ? folder : below, name } as const
}

/** In which an encoder of this rate (`600k`, `2M`) makes so many bytes. */
function lengthMs(bytes: number, rate: string): number {
  const factor = rate.endsWith('M') ? 1_000_000 : /k$/i.test(rate) ? 1_000 : 1
  const bitsPerSecond = Number.parseInt(rate, 10) * factor * OVERHEAD
  return Math.max(MS_PER_SECOND, Math.round((bytes * BITS_PER_BYTE * MS_PER_SECOND) / bitsPerSecond))
}

/** The methods' view of them. */
export function recordingPorts(
  recordings: Recordings,
  { cameras, external }: Pick<RecordingsContext, 'cameras' | 'external'>,
): {
  readonly recordings: RecordingPort
  readonly files: FilePort
  readonly storage: StoragePort
} {
  const { files, storage, cleaner } = recordings
  return {
    recordings: {
      start: (params) => recordings.startRecording(params),
      stop: (device) => recordings.stopRecording(device),
      status: (device) => {
        const status = recordings.status(device)
        // Of a camera that nobody knows there is no answer, not even null.
        if (status === undefined && !external.has(device)) cameras.registry.get(device)
        return status === undefined ? null : { ...status, status: 'active' }
      },
    },
    files: {
      list: (kind, page) => files.list(kind, page),
      recordingInfo: (filename) => files.recordingInfo(filename),
      recordingFacts: (filename) => files.recordingFacts(filename),
      snapshotInfo: (filename) => files.snapshotInfo(filename),
      delete: (kind, filename) => files.delete(kind, filename),
    },
    storage: {
      info: () => storage.info(),
      setPolicy: (policy) => cleaner.setPolicy(policy),
      cleanup: () => cleaner.cleanup(),
    },
  }
}

type Publish = (topic: string, payload: Readonly<Record<string, unknown>>) => void

/** Which facts become which topics. What MediaMTX records is told under its own topics too. The functions end it. */
export function connectRecordings(recordings: Pick<Recordings, 'events'>, publish: Publish): (() => void)[] {
  const { events } = recordings
  const tell = (topic: string, ofMediamtx: string) => {
    return ({ writer, name, startedMs, ...fact }: Pick<RecordingFact, 'writer' | 'name' | 'startedMs'>) => {
      const payload = { ...fact, [FOR_LEGACY]: { recording_id: name, start_time: timestamp(startedMs) } }
      publish(topic, payload)
      if (writer === 'mediamtx') publish(ofMediamtx, payload)
    }
  }
  return [
    events.on('started', tell('recording.start', 'mediamtx.recording_started')),
    events.on('stopped', tell('recording.stop', 'mediamtx.recording_stopped')),
    events.on('failed', tell('recording.error', 'mediamtx.recording_failed')),
    events.on('progress', (progress) => publish('recording.progress', progress)),
  ]
}

function recordedCameras({ registry, feeds }: Cameras, external: RecordingsContext['external']): RecordingCameras {
  return {
    get: (device) => {
      if (external.has(device)) return { identity: device, name: device, hasHub: false }
      const { identity, name, status } = registry.get(device)
      if (status === 'DISCONNECTED') {
        throw new ServiceError('INVALID_STATE', {
          data: { state: 'DISCONNECTED', allowed_states: ['CONNECTED'] },
          details: `${device} is unplugged`,
          suggestion: 'plug the camera in and call again',
        })
      }
      return { identity, name, hasHub: true }
    },
    openFeed: (device) => feeds.open(device, { policy: 'every', stallMs: RECORDER_STALL_MS }),
    onGone: (listener) => registry.events.on('disconnected', ({ device }) => listener(device)),
  }
}

function recordingMedia(media: MediaService): RecordingMedia {
  const { events } = media
  return {
    get state() {
      return media.state
    },
    setRecording: (device, wish) => media.setRecording(device, wish),
    onState: (listener) => events.on('stateChanged', ({ state }) => listener(state)),
    onSegmentCreated: (listener) => events.on('segmentCreated', ({ device }) => listener(device)),
    onSegmentCompleted: (listener) =>
      events.on('segmentCompleted', ({ device, file, durationMs }) => listener(device, file, durationMs)),
  }
}
