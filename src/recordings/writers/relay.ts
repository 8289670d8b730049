/** The writers of one recording, one after the other: the first, those that follow one that failed, and the hand-over when a file is full. */

import { type Clock, wait } from '../../base/clock.js'
import { errorText, ServiceError } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { EndReason } from '../types.js'
import type { Writer, WriterEnd, WriterEvents } from './writer.js'

export interface WriterRelayOptions {
  readonly device: string
  readonly clock: Clock
  readonly logger: Logger
  /** `first`: whoever asked for the recording waits, and is told when it cannot work now. Later ones wait until they can. */
  readonly makeWriter: (events: WriterEvents, first: boolean) => Writer
  readonly maxRestarts: number
  /** Of a writer; its end is told as `onEnded` of the relay. */
  readonly events: Omit<WriterEvents, 'onEnded'>
  /** The writer that writes now ended by itself. */
  readonly onEnded: (end: WriterEnd) => void
  /** Whether the recording is under way, and wants to be written. */
  readonly isWanted: () => boolean
  /** Looks for new files; how many files there are then. */
  readonly countFiles: () => Promise<number>
  /** No writer is left: closes the files. */
  readonly closeFiles: (inTrouble: boolean) => Promise<void>
  /** No writer can be had. */
  readonly giveUp: (reason: EndReason) => void
  readonly signal: AbortSignal
}

const LOOK_MS = 20
/** Of two writers at once: the first is ended when the second has its pictures on the disk, or does not get that far. */
const OVERLAP_MS = 10_000
/** In which both write the same pictures: a file is there some time after its first picture, and how long differs. */
const SHARED_MS = 200
/** Files follow each other no faster, however small they are to be. */
const SHORTEST_FILE_MS = 2_000
const RESTART_PAUSE_MS = 250
/** A writer that worked for so long was well: the next failure counts as the first. */
const HEALTHY_MS = 60_000

export class WriterRelay {
  readonly #options: WriterRelayOptions
  #writer: Writer | undefined
  #ended: WriterEnd | undefined
  #restarts = 0
  #sinceMs = 0
  /** Ends when the last of those that were asked for is over. */
  #restarting: Promise<void> = Promise.resolve()
  /** One writer takes over from another. */
  #handover: Promise<void> | undefined

  constructor(options: WriterRelayOptions) {
    this.#options = options
  }

  /** The one that writes now, or wrote last. */
  get current(): Writer | undefined {
    return this.#writer
  }

  /** How that one ended, when it did so by itself. */
  get ended(): WriterEnd | undefined {
    return this.#ended
  }

  /** Whether a full file may be followed by another now. */
  get mayFollow(): boolean {
    return this.#handover === undefined && this.#options.clock.nowMs() - this.#sinceMs >= SHORTEST_FILE_MS
  }

  /** Rejects with what the writer rejects with. */
  async start(first: boolean): Promise<void> {
    this.#ended = undefined
    const writer = this.#options.makeWriter(
      {
        ...this.#options.events,
        onEnded: (end) => {
          if (writer !== this.#writer) return
          this.#ended = end
          this.#options.onEnded(end)
        },
      },
      first,
    )
    this.#writer = writer
    this.#sinceMs = this.#options.clock.nowMs()
    await writer.start()
  }

  async stop(): Promise<void> {
    await Promise.all([this.#writer?.stop(), this.#handover])
  }

  /** Time passes: a writer that is well for long has its failures forgiven. */
  tick(): void {
    if (this.#options.clock.nowMs() - this.#sinceMs > HEALTHY_MS) this.#restarts = 0
  }

  /** A new writer into new files; the old one finishes its own. One at a time, for nobody would end the writer of another. Never rejects. */
  restart(): Promise<void> {
    this.#restarting = this.#restarting.then(() => this.#restart())
    return this.#restarting
  }

  async #restart(): Promise<void> {
    const { clock, logger, device, maxRestarts, isWanted, closeFiles, giveUp, signal } = this.#options
    await this.#handover
    await this.#writer?.stop()
    await closeFiles(this.#ended !== undefined)
    while (isWanted()) {
      this.#restarts += 1
      if (this.#restarts > maxRestarts) {
        giveUp('writer_failed')
        return
      }
      try {
        if (this.#restarts > 1) await wait(clock, RESTART_PAUSE_MS * this.#restarts, signal)
        if (isWanted()) await this.start(false)
        return
      } catch (thrown) {
        logger.warn({ device, error: errorText(thrown) }, 'the writer of a recording could not be started again')
        if (thrown instanceof ServiceError && (thrown.code === 'CAMERA_NOT_FOUND' || thrown.code === 'INVALID_STATE')) {
          giveUp('device_disconnected')
          return
        }
      }
    }
  }

  /** A second writer begins before the first ends: no picture is missing between their files. */
  handOver(filesNow: number): void {
    this.#handover ??= this.#handOver(filesNow).finally(() => {
      this.#handover = undefined
    })
  }

  /** Never rejects. */
  async #handOver(filesNow: number): Promise<void> {
    const { clock, logger, device, isWanted, countFiles, signal } = this.#options
    const before = this.#writer
    const untilMs = clock.nowMs() + OVERLAP_MS
    const isUnderWay = () => isWanted() && this.#ended === undefined && clock.nowMs() < untilMs
    try {
      await this.start(false)
      while (isUnderWay() && (await countFiles()) === filesNow) await wait(clock, LOOK_MS, signal)
      if (isUnderWay()) await wait(clock, SHARED_MS, signal)
    } catch (thrown) {
      if (isWanted()) {
        logger.warn({ device, error: errorText(thrown) }, 'no further file could be begun; the last one goes on')
        this.#writer = before
        return
      }
    }
    await before?.stop()
  }
}
