/**
 * One recording from its first frame to its last file: a writer, the files it makes, and what happens when the writer dies, the camera
 * goes, or the clock jumps. Ends by a call, by its duration, or by a failure that cannot be repaired.
 */

import { timestamp, wait } from '../base/clock.js'
import { errorText } from '../base/errors.js'
import { Gaps } from './gaps.js'
import type { JournalEntry } from './journal.js'
import type { RecordingIdentity, RecordingOptions, RecordingState } from './recording-options.js'
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
import { WriterRelay } from './writers/relay.js'
import type { Writer, WriterEnd, WriterEvents } from './writers/writer.js'

const LOOK_MS = 20
/** Between the wall clock, which dates frames, and the monotonic one. */
const CLOCK_JUMP_MS = 1_500
/** Pictures are missing after so long, of slow cameras after so many of them. */
const SILENT_MS = 5_000
const SILENT_FRAMES = 5
const MS_PER_SECOND = 1_000

export class Recording {
  readonly identity: RecordingIdentity
  readonly #options: RecordingOptions<Recording>
  readonly #gaps: Gaps
  readonly #writers: WriterRelay
  #state: RecordingState = 'starting'
  #clockOffsetMs: number
  #looking: Promise<unknown> = Promise.resolve()
  #cancels: (() => void)[] = []
  #end: Promise<StoppedRecording> | undefined
  #inFallback: boolean
  #moving: Promise<boolean> | undefined
  /** When the files were last seen to be larger than before. */
  #grown = { bytes: 0, atMs: 0 }
  readonly #abort = new AbortController()

  constructor(options: RecordingOptions<Recording>) {
    this.#options = options
    this.identity = options
    this.#inFallback = options.inFallback
    this.#gaps = new Gaps(options.gaps)
    this.#clockOffsetMs = this.#offset()
    const { clock, logger, device, maxRestarts } = options
    this.#writers = new WriterRelay({
      ...{ clock, logger, device, maxRestarts, events: this.#events, signal: this.#abort.signal },
      makeWriter: (events, first) => {
        this.#clockOffsetMs = this.#offset()
        return options.makeWriter(events, first)
      },
      onEnded: (end) => this.#writerEnded(end),
      isWanted: () => this.#state === 'recording',
      countFiles: async () => {
        await this.#look()
        return this.segments.list.length
      },
      closeFiles: (inTrouble) => this.segments.closeAll(inTrouble),
      giveUp: (reason) => this.#finish(reason),
    })
  }

  get state(): RecordingState {
    return this.#state
  }

  get segments(): Segments {
    return this.#options.segments
  }

  get gaps(): readonly RecordingGap[] {
    return this.#gaps.list
  }

  get writer(): Writer | undefined {
    return this.#writers.current
  }

  /** New files of it go to the fallback. */
  get inFallback(): boolean {
    return this.#inFallback
  }

  /** What callers know it by: of its first file, whatever others follow. */
  get name(): string {
    return this.segments.list[0]?.stem ?? this.identity.filename
  }

  /** Name of the newest file. */
  get currentName(): string {
    return this.segments.list.at(-1)?.stem ?? this.identity.filename
  }

  /** Seconds since it began, gaps left out. */
  get elapsedSeconds(): number {
    const untilMs = this.#gaps.openSinceMs ?? this.#options.clock.wallMs()
    return Math.max(0, Math.round((untilMs - this.identity.startedMs - this.#gaps.lostMs) / MS_PER_SECOND))
  }

  /** Resolves when the first pictures are on the disk under their name. Nothing is left behind when it rejects. */
  async begin(): Promise<StartedRecording> {
    const { clock, segments, startTimeoutMs } = this.#options
    const untilMs = clock.nowMs() + startTimeoutMs
    try {
      await segments.prepare()
      await orAborted(this.#writers.start(true), this.#abort.signal)
      for (;;) {
        await this.#look()
        // A notice of the writer may have looked before.
        if (segments.list.length > 0) break
        if (this.#writers.ended !== undefined) throw writerFailure(this.#writers.ended)
        if (clock.nowMs() >= untilMs) throw noPictures(this.writer?.kind ?? 'ffmpeg', startTimeoutMs)
        await wait(clock, LOOK_MS, this.#abort.signal)
      }
      await this.#options.listener.changed(this.entry())
      this.#abort.signal.throwIfAborted()
    } catch (thrown) {
      await this.#writers.stop()
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
    const refusal = await this.segments.prepare().then(
      () => undefined,
      (thrown: unknown) => errorText(thrown),
    )
    await this.segments.look().catch(() => undefined)
    await this.segments.closeAll()
    if (this.#state !== 'starting') return
    this.#gaps.begin('service_restarted', cutMs)
    this.#run()
    if (refusal === undefined) await this.#restart()
    else {
      this.#options.logger.error({ device: this.identity.device, error: refusal }, 'recording cannot be stored')
      await this.#storageFailed()
    }
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
    const writer = this.writer?.kind ?? 'ffmpeg'
    const segments = this.segments.journal
    const known = { id, device, identity, format, writer, filename, named, startedMs, deadlineMs, inFallback: this.#inFallback }
    return { ...known, segments, gaps: this.gaps }
  }

  /** Whoever writes has stopped for now, but not for good. */
  interrupt(reason: GapReason, fromMs = this.#options.clock.wallMs()): void {
    if (this.#state === 'recording' && this.#gaps.begin(reason, fromMs)) this.#options.listener.interrupted(this, reason)
  }

  /** Its folder cannot be written: it goes on in the fallback. False when it cannot, and stays as it is. Never rejects. */
  moveAway(): Promise<boolean> {
    this.#moving ??= this.#moveAway().finally(() => {
      this.#moving = undefined
    })
    return this.#moving
  }

  #run(): void {
    const { clock, progressMs } = this.#options
    this.#state = 'recording'
    this.#grown = { bytes: this.segments.sizeBytes, atMs: clock.nowMs() }
    const leftMs = Math.max(0, this.identity.deadlineMs - clock.wallMs())
    this.#cancels = [clock.after(leftMs, () => this.#finish('duration_reached')), clock.every(progressMs, () => this.#tick())]
  }

  readonly #events: Omit<WriterEvents, 'onEnded'> = {
    onSegment: ({ file, durationMs }) => {
      if (this.segments.close(file, durationMs) === undefined) return
      this.#segmentsChanged()
      this.#seeFlow()
    },
    // Whoever begins looks too, and hears there what is wrong.
    onTouched: () => void this.#look().catch(() => undefined),
    onGap: (missed) => this.#framesLost(missed),
    onInterrupted: (reason) => this.interrupt(reason),
  }

  /** One look at a time. The number of files that got their name. Fails as the disk does, and then ends the recording. */
  #look(): Promise<number> {
    const look = this.#looking.catch(() => undefined).then(() => this.segments.look(this.writer?.beginAgain !== undefined))
    this.#looking = look
    return look.then(
      ({ added, lost, isTorn }) => {
        if (isTorn) this.#beginAgain()
        if (added.length > 0 && this.#state === 'recording') this.#goesOn()
        if (lost.length > 0) this.#filesLost(lost)
        this.#seeFlow()
        return added.length
      },
      (thrown: unknown) => {
        if (this.#state === 'starting') throw thrown
        this.#options.logger.error({ device: this.identity.device, error: errorText(thrown) }, 'recording cannot be stored')
        void this.#storageFailed()
        return 0
      },
    )
  }

  #beginAgain(): void {
    this.#options.logger.info({ device: this.identity.device }, 'a file began in the middle of a picture; another is begun')
    this.writer?.beginAgain?.()
  }

  #goesOn(): void {
    const startedMs = this.segments.list.at(-1)?.startedMs ?? this.#options.clock.wallMs()
    if (this.#gaps.end(startedMs)) this.#options.listener.resumed(this)
    this.#segmentsChanged()
  }

  /** A file that ended before its time, and none after it: whoever writes has nothing to write. */
  #seeFlow(): void {
    const newest = this.segments.list.at(-1)
    const isShort = newest?.closed === true && (newest.durationMs ?? 0) < (this.writer?.shortBelowMs ?? 0)
    if (isShort) this.interrupt('stream_lost')
  }

  /** Of a camera that is there and gives nothing nobody hears; of MediaMTX's files another is seen to be missing. */
  #seePictures(): void {
    const { writer } = this
    if (this.#state !== 'recording' || writer?.kind !== 'ffmpeg') return
    const { clock, listener } = this.#options
    const [bytes, nowMs] = [this.segments.sizeBytes, clock.nowMs()]
    const silentMs = nowMs - this.#grown.atMs
    if (bytes === this.#grown.bytes) {
      const frameMs = MS_PER_SECOND / (writer.facts?.fps ?? 1)
      if (silentMs >= Math.max(SILENT_MS, SILENT_FRAMES * frameMs)) this.interrupt('no_pictures', clock.wallMs() - silentMs)
      return
    }
    this.#grown = { bytes, atMs: nowMs }
    if (this.#gaps.openReason !== 'no_pictures' || !this.#gaps.end(clock.wallMs())) return
    listener.resumed(this)
    this.#save()
  }

  /** All that was in them is missing; the next file begins at once. */
  #filesLost(lost: readonly Segment[]): void {
    // In any other gap the next file is on its way.
    if (this.#state !== 'recording' || (this.#gaps.isOpen && this.#gaps.openReason !== 'no_pictures')) return
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
    void this.#look().then(() => this.#seePictures())
    const { listener } = this.#options
    const jumpedMs = Math.abs(this.#offset() - this.#clockOffsetMs)
    if (jumpedMs > CLOCK_JUMP_MS && !this.#gaps.isOpen) {
      // Frames are dated by the wall clock: from here on in a new file.
      this.interrupt('clock_changed')
      void this.#restart()
      return
    }
    this.#writers.tick()
    this.#limitSize()
    if (!this.#gaps.isOpen) listener.progress(this)
  }

  #framesLost(missed: number): void {
    this.#gaps.point('frames_lost', this.#options.clock.wallMs())
    this.#options.logger.warn(
      { device: this.identity.device, missed },
      'the disk or the recorder was too slow: frames are missing',
    )
    if (this.#state === 'recording') this.#save()
  }

  #writerEnded(end: WriterEnd): void {
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
    else if (isDiskFailure(end)) await this.#storageFailed()
    else {
      this.interrupt(end.cause === 'changed' ? 'camera_changed' : end.cause === 'server' ? 'mediamtx_lost' : 'writer_failed')
      await this.#restart()
    }
  }

  async #moveAway(): Promise<boolean> {
    const fromMs = this.#options.clock.wallMs()
    if (this.#state !== 'recording' || !(await this.#options.toFallback())) return false
    this.#inFallback = true
    if (this.#state !== 'recording') return true
    this.interrupt('storage_failed', fromMs)
    await this.segments.prepare().catch(() => undefined)
    // One that was ended meanwhile is noted as over: noted anew it would go on with the next start.
    if (this.#state !== 'recording') return true
    this.#save()
    await this.#restart()
    return true
  }

  async #storageFailed(): Promise<void> {
    if (!(await this.moveAway()) && this.#state === 'recording') this.#finish('storage_failed')
  }

  #limitSize(): void {
    const newest = this.segments.list.at(-1)
    if (newest === undefined || newest.closed || newest.sizeBytes < this.#options.maxFileBytes) return
    if (this.#gaps.isOpen || !this.#writers.mayFollow) return
    if (this.writer?.kind === 'mediamtx') {
      this.interrupt('file_full')
      void this.#restart()
    } else this.#writers.handOver(this.segments.list.length)
  }

  /** A new writer into new files. Never rejects. */
  #restart(): Promise<void> {
    return this.#writers.restart()
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
    const endedMs = this.#gaps.openSinceMs ?? clock.wallMs()
    await this.#writers.stop()
    await this.#looking.catch(() => undefined)
    // What the writer finished only now.
    await this.segments.look().catch(() => undefined)
    await this.segments.closeAll(reason !== undefined && FAILURES.has(reason))
    await this.segments.clean()
    this.#state = 'ended'
    const { device, format, startedMs } = this.identity
    // As answered at the start: another file may have had the name that was asked for.
    const filename = this.name
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
