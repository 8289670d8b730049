/**
 * One recording from its first frame to its last file: a writer, the files it makes, and what happens when the writer dies, the camera
 * goes, or the clock jumps. Ends by a call, by its duration, or by a failure that cannot be repaired.
 */

import { timestamp, wait } from '../base/clock.js'
import { errorText, ServiceError } from '../base/errors.js'
import type { JournalEntry } from './journal.js'
import type { RecordingIdentity, RecordingOptions } from './recording-options.js'
import { noPictures } from './refusals.js'
import type { Segment, Segments } from './segments.js'
import {
  type EndReason,
  FAILURES,
  type GapReason,
  type RecordingGap,
  type StartedRecording,
  type StoppedRecording,
} from './types.js'
import { isDiskFailure, writerFailure } from './writers/ffmpeg-writer.js'
import type { Writer, WriterEnd, WriterEvents } from './writers/writer.js'

const LOOK_MS = 20
/** Of two writers at once: the first is ended when the second has its pictures on the disk, or does not get that far. */
const OVERLAP_MS = 10_000
/** Files follow each other no faster, however small they are to be. */
const SHORTEST_FILE_MS = 2_000
const RESTART_PAUSE_MS = 250
/** A writer that worked for so long was well: the next failure counts as the first. */
const HEALTHY_MS = 60_000
/** Between the wall clock, which dates frames, and the monotonic one. */
const CLOCK_JUMP_MS = 1_500
const MS_PER_SECOND = 1_000

export class Recording {
  readonly identity: RecordingIdentity
  readonly #options: RecordingOptions
  readonly #gaps: RecordingGap[]
  #writer: Writer | undefined
  #state: 'starting' | 'recording' | 'stopping' | 'ended' = 'starting'
  /** Open gap: since when nothing is recorded, and why. */
  #cut: { readonly reason: GapReason; readonly fromMs: number } | undefined
  #restarts = 0
  #writerSinceMs = 0
  #clockOffsetMs: number
  #looking: Promise<unknown> = Promise.resolve()
  #cancels: (() => void)[] = []
  #end: Promise<StoppedRecording> | undefined
  #early: WriterEnd | undefined
  /** One writer takes over from another. */
  #handover: Promise<void> | undefined
  readonly #abort = new AbortController()

  constructor(options: RecordingOptions) {
    this.#options = options
    this.identity = options
    this.#gaps = [...(options.gaps ?? [])]
    this.#clockOffsetMs = this.#offset()
  }

  get state(): 'starting' | 'recording' | 'stopping' | 'ended' {
    return this.#state
  }

  get segments(): Segments {
    return this.#options.segments
  }

  get gaps(): readonly RecordingGap[] {
    return this.#gaps
  }

  get writer(): Writer | undefined {
    return this.#writer
  }

  /** Name of the newest file. */
  get currentName(): string {
    return this.segments.list.at(-1)?.stem ?? this.identity.filename
  }

  /** Seconds since it began, gaps left out. */
  get elapsedSeconds(): number {
    const untilMs = this.#cut?.fromMs ?? this.#options.clock.wallMs()
    const lostMs = this.#gaps.reduce((sum, gap) => sum + gap.toMs - gap.fromMs, 0)
    return Math.max(0, Math.round((untilMs - this.identity.startedMs - lostMs) / MS_PER_SECOND))
  }

  /** Resolves when the first pictures are on the disk under their name. Nothing is left behind when it rejects. */
  async begin(): Promise<StartedRecording> {
    const { clock, segments, startTimeoutMs } = this.#options
    const untilMs = clock.nowMs() + startTimeoutMs
    try {
      await segments.prepare()
      await orAborted(this.#startWriter(true), this.#abort.signal)
      for (;;) {
        await this.#look()
        // A notice of the writer may have looked before.
        if (segments.list.length > 0) break
        if (this.#early !== undefined) throw writerFailure(this.#early)
        if (clock.nowMs() >= untilMs) throw noPictures(this.#writer?.kind ?? 'ffmpeg', startTimeoutMs)
        await wait(clock, LOOK_MS, this.#abort.signal)
      }
      await this.#options.listener.changed(this.entry())
      this.#abort.signal.throwIfAborted()
    } catch (thrown) {
      await this.#writer?.stop()
      await segments.discard()
      this.#state = 'ended'
      throw thrown
    }
    this.#run()
    const { device, filename, format, startedMs } = this.identity
    return { device, filename, status: 'RECORDING', start_time: timestamp(startedMs), format }
  }

  /** Goes on with what an earlier run of the service began. Never rejects: what cannot go on ends. */
  async resume(cutMs: number): Promise<void> {
    await this.segments.prepare()
    await this.segments.look().catch(() => undefined)
    await this.segments.closeAll()
    if (this.#state !== 'starting') return
    this.#cut = { reason: 'service_restarted', fromMs: cutMs }
    this.#run()
    await this.#restart()
  }

  /** Ends it and closes its files. The same result for all who ask. */
  stop(reason?: EndReason): Promise<StoppedRecording> {
    this.#end ??= this.#stop(reason)
    return this.#end
  }

  /** A start that is under way is given up. */
  cancel(why: unknown): void {
    this.#abort.abort(why)
  }

  entry(): JournalEntry {
    const { id, device, identity, format, filename, named, startedMs, deadlineMs } = this.identity
    const writer = this.#writer?.kind ?? 'ffmpeg'
    const segments = this.segments.journal
    return { ...{ id, device, identity, format, writer, filename, named, startedMs, deadlineMs }, segments, gaps: this.#gaps }
  }

  /** Whoever writes has stopped for now, but not for good. */
  interrupt(reason: GapReason, fromMs = this.#options.clock.wallMs()): void {
    if (this.#state !== 'recording' || this.#cut !== undefined) return
    this.#cut = { reason, fromMs }
    this.#options.listener.interrupted(this, reason)
  }

  #run(): void {
    const { clock, progressMs } = this.#options
    this.#state = 'recording'
    const leftMs = Math.max(0, this.identity.deadlineMs - clock.wallMs())
    this.#cancels = [clock.after(leftMs, () => this.#finish('duration_reached')), clock.every(progressMs, () => this.#tick())]
  }

  async #startWriter(first: boolean): Promise<void> {
    this.#early = undefined
    const events: WriterEvents = {
      onSegment: ({ file, durationMs }) => {
        if (this.segments.close(file, durationMs) === undefined) return
        this.#segmentsChanged()
        this.#seeFlow()
      },
      onTouched: () => void this.#look(),
      onGap: (missed) => this.#framesLost(missed),
      onEnded: (end) => this.#writerEnded(writer, end),
      onInterrupted: (reason) => this.interrupt(reason),
    }
    const writer = this.#options.makeWriter(events, first)
    this.#writer = writer
    this.#writerSinceMs = this.#options.clock.nowMs()
    this.#clockOffsetMs = this.#offset()
    await writer.start()
  }

  /** One look at a time. The number of files that got their name. Fails as the disk does, and then ends the recording. */
  #look(): Promise<number> {
    const look = this.#looking.catch(() => undefined).then(() => this.segments.look())
    this.#looking = look
    return look.then(
      ({ added, lost }) => {
        if (added.length > 0 && this.#state === 'recording') this.#goesOn()
        if (lost.length > 0) this.#filesLost(lost)
        this.#seeFlow()
        return added.length
      },
      (thrown: unknown) => {
        if (this.#state === 'starting') throw thrown
        this.#options.logger.error({ device: this.identity.device, error: errorText(thrown) }, 'recording cannot be stored')
        this.#finish('storage_failed')
        return 0
      },
    )
  }

  #goesOn(): void {
    const cut = this.#cut
    if (cut !== undefined) {
      this.#cut = undefined
      const startedMs = this.segments.list.at(-1)?.startedMs ?? this.#options.clock.wallMs()
      this.#gaps.push({ reason: cut.reason, fromMs: cut.fromMs, toMs: Math.max(cut.fromMs, startedMs) })
      this.#options.listener.resumed(this)
    }
    this.#segmentsChanged()
  }

  /** A file that ended before its time, and none after it: whoever writes has nothing to write. */
  #seeFlow(): void {
    const newest = this.segments.list.at(-1)
    const isShort = newest?.closed === true && (newest.durationMs ?? 0) < (this.#writer?.shortBelowMs ?? 0)
    if (isShort) this.interrupt('stream_lost')
  }

  /** All that was in them is missing; the next file begins at once. */
  #filesLost(lost: readonly Segment[]): void {
    if (this.#state !== 'recording' || this.#cut !== undefined) return
    const files = lost.map(({ place }) => place.name)
    this.#options.logger.warn({ device: this.identity.device, files }, 'a file that was being written has gone; a new one begins')
    this.interrupt('file_lost', Math.min(...lost.map(({ startedMs }) => startedMs)))
    void this.#restart()
  }

  #segmentsChanged(): void {
    if (this.#state === 'starting') return
    this.#save()
    this.#options.listener.segmentsChanged(this)
  }

  #save(): void {
    this.#options.listener.changed(this.entry()).catch((thrown: unknown) => {
      this.#options.logger.error({ device: this.identity.device, error: errorText(thrown) }, 'recording could not be noted')
    })
  }

  #tick(): void {
    if (this.#state !== 'recording') return
    void this.#look()
    const { listener, clock } = this.#options
    const jumpedMs = Math.abs(this.#offset() - this.#clockOffsetMs)
    if (jumpedMs > CLOCK_JUMP_MS && this.#cut === undefined) {
      // Frames are dated by the wall clock: from here on in a new file.
      this.interrupt('clock_changed')
      void this.#restart()
      return
    }
    if (clock.nowMs() - this.#writerSinceMs > HEALTHY_MS) this.#restarts = 0
    this.#limitSize()
    if (this.#cut === undefined) listener.progress(this)
  }

  #framesLost(missed: number): void {
    const nowMs = this.#options.clock.wallMs()
    this.#gaps.push({ reason: 'frames_lost', fromMs: nowMs, toMs: nowMs })
    this.#options.logger.warn(
      { device: this.identity.device, missed },
      'the disk or the recorder was too slow: frames are missing',
    )
    if (this.#state === 'recording') this.#save()
  }

  #writerEnded(writer: Writer, end: WriterEnd): void {
    if (writer !== this.#writer) return
    this.#early = end
    if (this.#state !== 'recording') return
    const { device } = this.identity
    this.#options.logger.warn({ device, cause: end.cause, detail: end.detail }, 'the writer of a recording ended')
    if (end.cause === 'camera') this.#finish('device_disconnected')
    else void this.#repair(end)
  }

  /** Whatever a program says of a full disk: the disk itself is asked. Never rejects. */
  async #repair(end: WriterEnd): Promise<void> {
    const full = await this.#options.hasRoom().then(
      (room) => !room,
      () => true,
    )
    if (this.#state !== 'recording') return
    if (full) this.#finish('storage_full')
    else if (isDiskFailure(end)) this.#finish('storage_failed')
    else {
      this.interrupt(end.cause === 'changed' ? 'camera_changed' : end.cause === 'server' ? 'mediamtx_lost' : 'writer_failed')
      await this.#restart()
    }
  }

  #limitSize(): void {
    const { clock, maxFileBytes } = this.#options
    const newest = this.segments.list.at(-1)
    if (newest === undefined || newest.closed || newest.sizeBytes < maxFileBytes) return
    if (this.#cut !== undefined || this.#handover !== undefined || clock.nowMs() - this.#writerSinceMs < SHORTEST_FILE_MS) return
    if (this.#writer?.kind === 'mediamtx') {
      this.interrupt('file_full')
      void this.#restart()
      return
    }
    this.#handover = this.#handOver().finally(() => {
      this.#handover = undefined
    })
  }

  /** A second writer begins before the first ends: no picture is missing between their files. Never rejects. */
  async #handOver(): Promise<void> {
    const { clock, logger } = this.#options
    const before = this.#writer
    const count = this.segments.list.length
    const untilMs = clock.nowMs() + OVERLAP_MS
    const isUnderWay = () => this.#state === 'recording' && this.#early === undefined && clock.nowMs() < untilMs
    try {
      await this.#startWriter(false)
      while (this.segments.list.length === count && isUnderWay()) {
        await this.#look()
        await wait(clock, LOOK_MS, this.#abort.signal)
      }
    } catch (thrown) {
      if (this.#state === 'recording') {
        logger.warn(
          { device: this.identity.device, error: errorText(thrown) },
          'no further file could be begun; the last one goes on',
        )
        this.#writer = before
        return
      }
    }
    await before?.stop()
  }

  /** A new writer into new files; the old one finishes its own. Never rejects. */
  async #restart(): Promise<void> {
    await this.#handover
    await this.#writer?.stop()
    await this.segments.closeAll(this.#early !== undefined)
    while (this.#state === 'recording') {
      this.#restarts += 1
      if (this.#restarts > this.#options.maxRestarts) {
        this.#finish('writer_failed')
        return
      }
      try {
        if (this.#restarts > 1) await wait(this.#options.clock, RESTART_PAUSE_MS * this.#restarts, this.#abort.signal)
        if (this.#state === 'recording') await this.#startWriter(false)
        return
      } catch (thrown) {
        const { device } = this.identity
        this.#options.logger.warn({ device, error: errorText(thrown) }, 'the writer of a recording could not be started again')
        if (thrown instanceof ServiceError && (thrown.code === 'CAMERA_NOT_FOUND' || thrown.code === 'INVALID_STATE')) {
          this.#finish('device_disconnected')
          return
        }
      }
    }
  }

  /** By itself: nobody waits for the result. */
  #finish(reason: EndReason): void {
    if (this.#end !== undefined) return
    void this.stop(reason).then((result) => this.#options.listener.ended(this, result, reason))
  }

  async #stop(reason: EndReason | undefined): Promise<StoppedRecording> {
    const { clock } = this.#options
    this.#state = 'stopping'
    for (const cancel of this.#cancels) cancel()
    this.#abort.abort(new Error('the recording is stopped'))
    const endedMs = this.#cut?.fromMs ?? clock.wallMs()
    await Promise.all([this.#writer?.stop(), this.#handover])
    await this.#looking.catch(() => undefined)
    // What the writer finished only now.
    await this.segments.look().catch(() => undefined)
    await this.segments.closeAll(reason !== undefined && FAILURES.has(reason))
    await this.segments.clean()
    this.#state = 'ended'
    const { device, format, startedMs } = this.identity
    // As answered at the start: another file may have had the name that was asked for.
    const filename = this.segments.list[0]?.stem ?? this.identity.filename
    const recordedMs = this.segments.list.reduce((sum, segment) => sum + (segment.durationMs ?? 0), 0)
    return {
      ...{ device, filename },
      status: reason === undefined || !FAILURES.has(reason) ? 'STOPPED' : 'FAILED',
      start_time: timestamp(startedMs),
      end_time: timestamp(Math.max(startedMs, endedMs)),
      duration: Math.round(recordedMs / MS_PER_SECOND),
      file_size: this.segments.sizeBytes,
      format,
    }
  }

  #offset(): number {
    return this.#options.clock.wallMs() - this.#options.clock.nowMs()
  }
}

/** A camera that takes its time to open holds up nobody who has given up waiting: what comes late is closed by the writer. */
function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
