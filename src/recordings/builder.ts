/** Puts one recording together: its folders, its names, its writer. */

import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import { diskRoom, noRoom } from '../base/disk-room.js'
import { fillPattern } from '../base/file-pattern.js'
import { childMark, killOrphans } from '../base/orphans.js'
import type { Holds } from './holds.js'
import type { JournalEntry } from './journal.js'
import type { RecordingsOptions } from './options.js'
import { Placement } from './placement.js'
import { ffprobeBeside, probeDurationMs } from './probe.js'
import { Recording } from './recording.js'
import type { RecordingIdentity, RecordingListener } from './recording-options.js'
import { Segments } from './segments.js'
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
  /** Of files under way. */
  readonly dir: string
  readonly segments: Segments
  readonly events: WriterEvents
  readonly first: boolean
}

export class RecordingBuilder {
  readonly #options: RecordingsOptions
  readonly #holds: Holds
  readonly #placement = new Placement()
  readonly #environment: Readonly<Record<string, string>>
  /** Marks our recorders, so that those of a killed service are found. */
  readonly #instance: string
  #runs = 0

  constructor(options: RecordingsOptions, holds: Holds) {
    this.#options = options
    this.#holds = holds
    this.#environment = { PATH: options.searchPath, LANG: 'C.UTF-8', TZ: 'UTC' }
    this.#instance = createHash('sha256')
      .update(`recordings ${resolve(options.stateDir)}`)
      .digest('hex')
      .slice(0, 12)
  }

  /** Of files under way, one folder per recording. */
  get underWay(): string {
    return join(this.#options.recordingsDir, UNDER_WAY)
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

  /** `entry`: what an earlier run of the service noted of it. */
  make(identity: RecordingIdentity, kind: Writer['kind'], listener: RecordingListener, entry?: JournalEntry): Recording {
    const { clock, logger, recordingsDir, deviceSubdirs, filePattern, progressMs, maxRestarts, maxFileBytes } = this.#options
    const { device } = identity
    const staging = join(this.underWay, identity.id)
    const segments = new Segments(
      {
        ...{ root: recordingsDir, staging, device, filename: identity.filename, named: identity.named },
        ...{
          dir: deviceSubdirs ? safeName(device) : '',
          pattern: filePattern,
          extension: identity.format === 'mkv' ? 'mkv' : 'mp4',
        },
        ...{ placement: this.#placement, holds: this.#holds },
        measure: (file) => this.measure(file),
      },
      entry?.segments,
    )
    return new Recording({
      ...identity,
      ...{ segments, clock, logger, progressMs, maxRestarts, maxFileBytes, listener },
      ...(entry === undefined ? {} : { gaps: entry.gaps }),
      hasRoom: async () => noRoom(await diskRoom(recordingsDir), this.#options.storage.blockPercent) === undefined,
      startTimeoutMs:
        kind === 'mediamtx' ? Math.min(MEDIAMTX_START_MS, this.#options.startTimeoutMs) : this.#options.startTimeoutMs,
      makeWriter: (events, first) => this.#makeWriter({ kind, identity, dir: staging, segments, events, first }),
    })
  }

  #makeWriter({ kind, identity, dir, segments, events, first }: WriterOrder): Writer {
    const { media, cameras, clock, logger, ffmpeg, segmentMs } = this.#options
    const { device, format } = identity
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
