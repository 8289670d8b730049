/** The writer that lets MediaMTX record what is published to it: switched on and off, and believed only by its files. */

import { join } from 'node:path'
import { type Clock, wait } from '../../base/clock.js'
import { errorText, ServiceError } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { RecordingWish } from '../../media/index.js'
import type { Writer, WriterEvents } from './writer.js'

/** The part of the media service that is used. */
export interface RecordingMedia {
  readonly state: 'off' | 'searching' | 'up' | 'down'
  setRecording(device: string, wish: RecordingWish | undefined): Promise<void>
  /** The functions returned end it. */
  onState(listener: (state: RecordingMedia['state']) => void): () => void
  onSegmentCreated(listener: (device: string) => void): () => void
  onSegmentCompleted(listener: (device: string, file: string, durationMs: number) => void): () => void
}

export interface MediamtxWriterOptions {
  readonly media: RecordingMedia
  readonly device: string
  /** Where its files are to appear. */
  readonly dir: string
  readonly segmentMs: number
  /** Waits for a MediaMTX that is away, which gets the wish when it is back; else the start fails. */
  readonly patient: boolean
  /** How many files it has open, as far as is known. */
  readonly openFiles: () => number
  readonly clock: Clock
  readonly logger: Logger
  readonly events: WriterEvents
}

/** A crash of MediaMTX costs at most so much. */
const PART_MS = 500
/** Named by the time of the first key frame; the folder is ours alone. Without `%path` MediaMTX takes no pattern. */
const PATTERN = '%path/%Y-%m-%d_%H-%M-%S-%f'
/** Switched off, it closes a file within milliseconds; the notice takes a process start. */
const CLOSE_MS = 1_000
const LOOK_MS = 10
/** A file ends with the first key frame after its time. */
const LENGTH_SLACK_MS = 500

export class MediamtxWriter implements Writer {
  readonly kind = 'mediamtx'
  readonly extension = 'mp4'
  readonly facts = undefined
  readonly shortBelowMs: number
  readonly #options: MediamtxWriterOptions
  #ends: (() => void)[] = []
  #stopped: Promise<void> | undefined
  #begun = 0

  constructor(options: MediamtxWriterOptions) {
    this.#options = options
    this.shortBelowMs = options.segmentMs - LENGTH_SLACK_MS
  }

  async start(): Promise<void> {
    const { media, device, events } = this.#options
    const ours = (other: string, tell: () => void) => {
      if (other === device) tell()
    }
    this.#ends = [
      media.onSegmentCreated((other) => ours(other, () => events.onTouched())),
      media.onSegmentCompleted((other, file, durationMs) => ours(other, () => events.onSegment({ file, durationMs }))),
      media.onState((state) => {
        if (state !== 'up' && this.#stopped === undefined) events.onInterrupted('mediamtx_lost')
      }),
    ]
    try {
      await this.#wish()
    } catch (thrown) {
      if (!this.#options.patient || !(thrown instanceof ServiceError) || thrown.code !== 'DEPENDENCY_FAILED') throw thrown
      this.#options.logger.info({ device, error: errorText(thrown) }, 'MediaMTX goes on recording when it is back')
    }
  }

  async #wish(): Promise<void> {
    const { media, device, dir, segmentMs } = this.#options
    await media.setRecording(device, {
      // A change of the pattern makes MediaMTX begin a new file, at the next key frame and with all of it.
      recordPath: this.#begun === 0 ? join(dir, PATTERN) : join(dir, `again-${this.#begun}`, PATTERN),
      format: 'fmp4',
      segmentDurationMs: segmentMs,
      partDurationMs: PART_MS,
    })
  }

  beginAgain(): void {
    if (this.#stopped !== undefined) return
    this.#begun += 1
    const { device, logger } = this.#options
    this.#wish().catch((thrown: unknown) => {
      logger.debug({ device, error: errorText(thrown) }, 'MediaMTX begins a new file when it is back')
    })
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    const { media, device, clock, openFiles, logger } = this.#options
    try {
      await media.setRecording(device, undefined)
      const untilMs = clock.nowMs() + CLOSE_MS
      while (openFiles() > 0 && clock.nowMs() < untilMs) await wait(clock, LOOK_MS)
    } catch (thrown) {
      // Without MediaMTX nothing is written; the wish is withdrawn all the same.
      logger.debug({ device, error: errorText(thrown) }, 'MediaMTX could not be told to stop recording')
    }
    for (const end of this.#ends) end()
  }
}
