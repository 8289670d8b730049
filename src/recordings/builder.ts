/** Puts one recording together: its folders, its names, its writer. */

import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import { diskRoom, noRoom } from '../base/disk-room.js'
import { FallbackFolder } from '../base/fallback-folder.js'
import { fillPattern } from '../base/file-pattern.js'
import { childMark, killOrphans } from '../base/orphans.js'
import type { Holds } from './holds.js'
import type { JournalEntry } from './journal.js'
import type { RecordingsOptions } from './options.js'
import { Placement } from './placement.js'
import { ffprobeBeside, probeDurationMs } from './probe.js'
import { Recording } from './recording.js'
import type { RecordingIdentity, RecordingListener } from './recording-options.js'
import { Segments, type SegmentsPlace } from './segments.js'
import { FfmpegWriter } from './writers/ffmpeg-writer.js'
import { MediamtxWriter } from './writers/mediamtx-writer.js'
import type { Writer, WriterEvents } from './writers/writer.js'

/** Hidden: no list shows it, no pattern of a client reaches it. */
const UNDER_WAY = '.under-way'
/** A publisher has to come up first, then one group of pictures and one part. After that ffmpeg has its turn. */
const MEDIAMTX_START_MS = 10_000

interface WriterOrder {
  readonly kind: Writer['kind']
  readonly identity: RecordingIdentity
  readonly segments: Segments
  readonly events: WriterEvents
  readonly first: boolean
}

export class RecordingBuilder {
  readonly #options: RecordingsOptions
  readonly #holds: Holds
  readonly #folder: FallbackFolder
  readonly #placement = new Placement()
  readonly #environment: Readonly<Record<string, string>>
  /** Marks our recorders, so that those of a killed service are found. */
  readonly #instance: string
  #runs = 0

  constructor(options: RecordingsOptions, holds: Holds) {
    this.#options = options
    this.#holds = holds
    const { recordingsDir: main, fallbacks, logger } = options
    this.#folder = new FallbackFolder({ main, fallback: fallbacks?.recording, logger })
    this.#environment = { PATH: options.searchPath, LANG: 'C.UTF-8', TZ: 'UTC' }
    this.#instance = createHash('sha256')
      .update(`recordings ${resolve(options.stateDir)}`)
      .digest('hex')
      .slice(0, 12)
  }

  /** Folders of files under way, in each of which there is one per recording. */
  get underWay(): readonly string[] {
    const { recordingsDir, fallbacks } = this.#options
    return [recordingsDir, ...(fallbacks ? [fallbacks.recording] : [])].map((root) => join(root, UNDER_WAY))
  }

  /** The folder that a recording goes to. */
  rootOf({ inFallback }: Pick<RecordingIdentity, 'inFallback'>): string {
    const { recordingsDir, fallbacks } = this.#options
    return inFallback && fallbacks !== undefined ? fallbacks.recording : recordingsDir
  }

  nameAt(device: string, wallMs: number): string {
    return fillPattern(this.#options.filePattern, safeName(device), wallMs)
  }

  /** Milliseconds that a file plays; undefined when nobody can tell. */
  measure(file: string): Promise<number | undefined> {
    return probeDurationMs({ ffprobe: ffprobeBeside(this.#options.ffmpeg), environment: this.#environment }, file)
  }

  /** Recorders whose service is gone, or all of ours. How many there were. */
  killRecorders(whose: 'others' | 'ours'): Promise<number> {
    return killOrphans(this.#instance, whose)
  }

  /** The folder that what begins now goes to: whether that is the fallback. Never rejects. */
  async isAway(): Promise<boolean> {
    return (await this.#folder.choose()) !== this.#options.recordingsDir
  }

  /** `entry`: what an earlier run of the service noted of it. */
  make(
    identity: RecordingIdentity,
    kind: Writer['kind'],
    listener: RecordingListener<Recording>,
    entry?: JournalEntry,
  ): Recording {
    const { clock, logger, recordingsDir, filePattern, progressMs, maxRestarts, maxFileBytes } = this.#options
    const { device } = identity
    let { inFallback } = identity
    const segments = new Segments(
      {
        ...{ root: recordingsDir, place: this.#placeOf(identity), device, filename: identity.filename, named: identity.named },
        ...{ pattern: filePattern, extension: identity.format === 'mkv' ? 'mkv' : 'mp4' },
        ...{ placement: this.#placement, holds: this.#holds },
        measure: (file) => this.measure(file),
      },
      entry?.segments,
    )
    return new Recording({
      ...identity,
      ...{ segments, clock, logger, progressMs, maxRestarts, maxFileBytes, listener },
      ...(entry === undefined ? {} : { gaps: entry.gaps }),
      hasRoom: async () => noRoom(await diskRoom(this.rootOf({ inFallback })), this.#options.storage.blockPercent) === undefined,
      startTimeoutMs:
        kind === 'mediamtx' ? Math.min(MEDIAMTX_START_MS, this.#options.startTimeoutMs) : this.#options.startTimeoutMs,
      makeWriter: (events, first) => this.#makeWriter({ kind, identity, segments, events, first }),
      toFallback: async () => {
        if (inFallback || !(await this.isAway())) return false
        inFallback = true
        segments.moveTo(this.#placeOf({ ...identity, inFallback }))
        return true
      },
    })
  }

  #placeOf(identity: Pick<RecordingIdentity, 'id' | 'device' | 'inFallback'>): SegmentsPlace {
    const { recordingsDir, fallbacks, deviceSubdirs } = this.#options
    const root = this.rootOf(identity)
    const other = fallbacks && this.rootOf({ inFallback: !identity.inFallback })
    const subdir = deviceSubdirs ? safeName(identity.device) : ''
    return {
      staging: join(root, UNDER_WAY, identity.id),
      dir: root === recordingsDir ? subdir : join(root, subdir),
      ...(other && { elsewhere: join(other, subdir) }),
    }
  }

  #makeWriter({ kind, identity, segments, events, first }: WriterOrder): Writer {
    const { media, cameras, clock, logger, ffmpeg, segmentMs } = this.#options
    const { device, format } = identity
    const dir = segments.staging
    this.#runs += 1
    if (kind === 'mediamtx' && media !== undefined) {
      const openFiles = () => segments.list.filter(({ closed }) => !closed).length
      const lengthMs = Math.min(segmentMs, this.#options.mediamtxSegmentMs)
      return new MediamtxWriter({ media, device, dir, segmentMs: lengthMs, openFiles, clock, logger, events, patient: !first })
    }
    return new FfmpegWriter({
      openFeed: () => cameras.openFeed(device),
      environment: { ...this.#environment, ...childMark(this.#instance) },
      prefix: `${process.pid}-${this.#runs}`,
      format: format === 'mkv' ? 'mkv' : 'mp4',
      ...{ ffmpeg, dir, segmentMs, clock, events },
    })
  }
}

/** External streams have slashes in their names. */
export function safeName(device: string): string {
  return device.replaceAll('/', '_')
}
