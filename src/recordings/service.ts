/** The recordings of all cameras: starts, stops, what an earlier run left, and what is told of it. */

import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { timestamp } from '../base/clock.js'
import { errorText, ServiceError } from '../base/errors.js'
import { TypedEvents } from '../base/events.js'
import type { Service } from '../base/lifecycle.js'
import { makeFolder } from '../base/make-folder.js'
import { RecordingBuilder, safeName } from './builder.js'
import type { RecordedCamera } from './cameras.js'
import { Cleaner } from './cleaner.js'
import { Files } from './files.js'
import { Holds } from './holds.js'
import { FileIndex } from './index-store/client.js'
import { Journal, type JournalEntry } from './journal.js'
import { checkBaseName } from './names.js'
import type { RecordingsOptions } from './options.js'
import type { Recording } from './recording.js'
import type { RecordingIdentity, RecordingListener } from './recording-options.js'
import { Records } from './records.js'
import { Recovery, removeUnknown } from './recovery.js'
import { alreadyRecording, noMediamtx, notRecording, onlyFmp4, stopping, storageFault, unplugged } from './refusals.js'
import { StorageWatch } from './storage.js'
import {
  type EndReason,
  FAILURES,
  type RecordingEvents,
  type RecordingFact,
  type RecordingStatus,
  type StartedRecording,
  type StartParams,
  type StoppedRecording,
} from './types.js'
import type { Writer } from './writers/writer.js'

const DEFAULT_FORMAT = 'fmp4'
/** How clients are told. */
const WORDS = { starting: 'STARTING', recording: 'RECORDING', stopping: 'STOPPING', ended: 'STOPPING' } as const

export class Recordings implements Service {
  readonly name = 'recordings'
  readonly events: TypedEvents<RecordingEvents>
  readonly files: Files
  readonly cleaner: Cleaner
  readonly storage: StorageWatch
  readonly #options: RecordingsOptions
  readonly #index: FileIndex
  readonly #records: Records
  readonly #builder: RecordingBuilder
  readonly #active = new Map<string, Recording>()
  readonly #starting = new Set<Promise<unknown>>()
  /** What is still synced and noted after its end was answered. */
  readonly #closing = new Set<Promise<unknown>>()
  readonly #abort = new AbortController()
  #ends: (() => void)[] = []

  constructor(options: RecordingsOptions) {
    this.#options = options
    const { stateDir, standsIn = false, recordingsDir, snapshotsDir, fallbacks, clock, logger } = options
    this.events = new TypedEvents((thrown, event) =>
      logger.error({ event, error: String(thrown) }, 'a listener of recording events failed'),
    )
    const holds = new Holds()
    const builder = new RecordingBuilder(options, holds)
    this.#builder = builder
    const roots = { recording: recordingsDir, snapshot: snapshotsDir }
    this.#index = new FileIndex({
      ...{ file: join(stateDir, standsIn ? 'files-fallback.db' : 'files.db'), roots, clock, logger },
      ...(fallbacks && { fallbacks }),
      ...(options.openThread === undefined ? {} : { openThread: options.openThread }),
    })
    const journal = standsIn ? 'recordings-under-way-fallback.json' : 'recordings-under-way.json'
    this.#records = new Records({
      index: this.#index,
      journal: new Journal({ file: join(stateDir, journal), logger }),
      clock,
      logger,
    })
    this.files = new Files({
      ...{ index: this.#index, holds, roots, measure: (file) => builder.measure(file) },
      ...(fallbacks && { fallbacks }),
    })
    this.storage = new StorageWatch({
      ...{ dirs: [recordingsDir, snapshotsDir], index: this.#index, clock, logger, limits: options.storage },
      busy: () => this.activeCount > 0,
      ...(fallbacks && {
        fallback: { dir: fallbacks.recording, onFull: () => this.#endAll(true), onNeeded: () => this.#moveAll() },
      }),
      onChange: (state, usedPercent) => this.#storageChanged(state, usedPercent),
    })
    this.cleaner = new Cleaner({
      ...{ index: this.#index, files: this.files, file: join(stateDir, 'retention.json'), clock, logger },
      ...{ policy: options.retention, auto: options.autoCleanup, intervalMs: options.cleanupIntervalMs },
      ...(options.snapshotLimits === undefined ? {} : { snapshots: options.snapshotLimits }),
    })
  }

  async start(): Promise<void> {
    const { recordingsDir, logger, cameras } = this.#options
    await makeFolder(recordingsDir).catch((thrown: unknown) => {
      logger.warn({ dir: recordingsDir, error: errorText(thrown) }, 'recordings cannot be stored')
    })
    const orphans = await this.#builder.killRecorders('others')
    if (orphans > 0) logger.warn({ orphans }, 'recorders of an earlier run were still there')
    this.#ends = [cameras.onGone((device) => this.#gone(device))]
    await this.cleaner.start()
    this.storage.start()
    await this.#recover()
    this.#openIndex()
  }

  async stop(): Promise<void> {
    this.#abort.abort(stopping())
    for (const end of this.#ends) end()
    this.#ends = []
    await this.cleaner.stop()
    this.storage.stop()
    const active = [...this.#active.values()]
    for (const recording of active) recording.cancel(stopping())
    await Promise.allSettled([...this.#starting])
    await Promise.allSettled([...this.#active.values()].map((recording) => this.#end(recording, 'service_stopped')))
    await Promise.allSettled([...this.#closing])
    await this.#index.close()
    await this.#builder.killRecorders('ours')
  }

  /**
   * Resolves when the first pictures are on the disk under the name answered. Rejects with CAMERA_NOT_FOUND, INVALID_STATE
   * (recording already, unplugged, disk full), INVALID_PARAMS, DEPENDENCY_FAILED; then nothing is left of it.
   */
  async startRecording(params: StartParams): Promise<StartedRecording> {
    const { cameras, clock } = this.#options
    const { device } = params
    this.#mustBeFree(device)
    const camera = cameras.get(device)
    const named = params.filename !== undefined
    const startedMs = clock.wallMs()
    const filename = named ? checkBaseName(params.filename) : this.#builder.nameAt(device, startedMs)
    const maxMs = this.#options.maxDurationMs
    const lengthMs = params.duration === undefined ? maxMs : Math.min(maxMs, params.duration * 1_000)
    const wanted = {
      id: `${safeName(device)}-${startedMs.toString(36)}-${randomBytes(4).toString('hex')}`,
      ...{ device, identity: camera.identity, format: params.format ?? DEFAULT_FORMAT, filename, named, startedMs },
      deadlineMs: startedMs + lengthMs,
    }
    const kinds = this.#writersFor(wanted, camera)
    const inFallback = await this.#builder.isAway()
    // Somebody else may have come first meanwhile.
    this.#mustBeFree(device)
    const identity: RecordingIdentity = { ...wanted, inFallback }
    const starting = this.#begin(identity, kinds).finally(() => this.#starting.delete(starting))
    this.#starting.add(starting)
    return await starting
  }

  /** Rejects with CAMERA_NOT_FOUND, INVALID_STATE (not recording). */
  async stopRecording(device: string): Promise<StoppedRecording> {
    const recording = this.#active.get(device)
    if (recording === undefined || recording.state === 'stopping') {
      // An unknown camera is another mistake than an idle one; an unplugged one is idle.
      if (recording === undefined) this.#checkKnown(device)
      throw notRecording(recording)
    }
    if (recording.state === 'starting') {
      recording.cancel(
        new ServiceError('INVALID_STATE', {
          data: { state: 'STOPPED', allowed_states: ['IDLE'] },
          details: 'stopped while starting',
        }),
      )
      throw notRecording(recording)
    }
    return await this.#end(recording)
  }

  /** Recordings under way. */
  get activeCount(): number {
    return this.#active.size
  }

  /** What is being recorded of a camera; undefined when nothing is. */
  status(device: string): RecordingStatus | undefined {
    const recording = this.#active.get(device)
    if (recording === undefined) return undefined
    const { id, startedMs } = recording.identity
    return {
      device,
      recording_id: id,
      filename: recording.name,
      start_time: timestamp(startedMs),
      duration: recording.elapsedSeconds,
      status: WORDS[recording.state],
    }
  }

  /** Name of the file that is being written; undefined when the camera is not recorded. */
  currentFile(device: string): string | undefined {
    return this.#active.get(device)?.currentName
  }

  #mustBeFree(device: string): void {
    this.#abort.signal.throwIfAborted()
    const running = this.#active.get(device)
    if (running !== undefined) throw alreadyRecording(running)
  }

  async #begin(identity: RecordingIdentity, kinds: readonly Writer['kind'][]): Promise<StartedRecording> {
    const { device } = identity
    for (const [order, kind] of kinds.entries()) {
      const recording = this.#builder.make(identity, kind, this.#listener)
      this.#active.set(device, recording)
      this.storage.watch()
      try {
        if (order === 0) await this.storage.check(this.#builder.rootOf(identity))
        const started = await recording.begin()
        this.#records.note(recording)
        this.events.emit('started', this.#fact(recording))
        return { ...started, filename: recording.name }
      } catch (thrown) {
        this.#active.delete(device)
        await this.#records.forget(identity.id).catch(() => undefined)
        const last = order === kinds.length - 1
        const code = thrown instanceof ServiceError ? thrown.code : undefined
        if (last || code !== 'DEPENDENCY_FAILED' || this.#abort.signal.aborted) throw storageFault(thrown)
        this.#options.logger.warn({ device, error: errorText(thrown) }, 'MediaMTX did not record; ffmpeg does')
      }
    }
    throw new ServiceError('INTERNAL')
  }

  readonly #listener: RecordingListener<Recording> = {
    changed: (entry) => this.#records.keep(entry),
    segmentsChanged: (recording) => this.#records.note(recording),
    interrupted: (recording, reason) => this.#failed(recording, reason),
    resumed: (recording) => this.events.emit('started', this.#fact(recording, 'resumed')),
    progress: (recording) => this.#progress(recording),
    ended: (recording, result, reason) => this.#ended(recording, result, reason),
  }

  #progress(recording: Recording): void {
    const { device } = recording.identity
    if (!this.#isThere(device)) {
      this.#gone(device)
      return
    }
    const { sizeBytes: file_size, list } = recording.segments
    this.events.emit('progress', { device, filename: recording.currentName, duration: recording.elapsedSeconds, file_size })
    // The writer knows the file by the name it had under way: the kernel tells the old folder that it grows, not the new one.
    const current = list.at(-1)
    if (current !== undefined) this.#index.put(current.place).catch(() => undefined)
  }

  async #end(recording: Recording, reason?: EndReason): Promise<StoppedRecording> {
    const result = await recording.stop(reason)
    this.#ended(recording, result, reason)
    return result
  }

  /** Once per recording, whoever ended it. */
  #ended(recording: Recording, result: StoppedRecording, reason: EndReason | undefined): void {
    const { device } = recording.identity
    if (this.#active.get(device) !== recording) return
    this.#active.delete(device)
    const fact = this.#fact(recording, reason)
    const duration = result.duration
    if (reason !== undefined && FAILURES.has(reason)) this.events.emit('failed', { ...fact, duration, reason })
    else this.events.emit('stopped', { ...fact, duration })
    this.#options.logger.info({ device, filename: result.filename, duration, reason }, 'recording ended')
    this.#untilDone(this.#records.close(recording, reason))
  }

  /** The end of the service waits for it. */
  #untilDone(work: Promise<unknown>): void {
    const closing = work.finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }

  #failed(recording: Recording, reason: string): void {
    this.events.emit('failed', { ...this.#fact(recording), duration: recording.elapsedSeconds, reason })
  }

  #fact(recording: Recording, reason?: string): RecordingFact {
    const { device, startedMs } = recording.identity
    const { name, currentName: filename, writer } = recording
    const fact = { device, filename, name, startedMs, writer: writer?.kind ?? 'ffmpeg' }
    return reason === undefined ? fact : { ...fact, reason }
  }

  #gone(device: string): void {
    const recording = this.#active.get(device)
    if (recording === undefined) return
    if (recording.state === 'recording') void this.#end(recording, 'device_disconnected')
    if (recording.state === 'starting') recording.cancel(unplugged())
  }

  /** A stream that was removed says nothing; an unplugged camera has told it. */
  #isThere(device: string): boolean {
    try {
      this.#options.cameras.get(device)
      return true
    } catch {
      return false
    }
  }

  #storageChanged(state: 'ok' | 'low' | 'full', usedPercent: number): void {
    this.events.emit('storageChanged', { state, usedPercent })
    if (state === 'full') this.#endAll(false)
  }

  /** The disk of their folder takes no more. */
  #endAll(inFallback: boolean): void {
    for (const recording of this.#active.values()) {
      if (recording.state !== 'recording' || recording.inFallback !== inFallback) continue
      void this.#end(recording, 'storage_full')
    }
  }

  /** Whoever writes may not have said yet that their folder cannot be written. */
  #moveAll(): void {
    for (const recording of this.#active.values()) void recording.moveAway()
  }

  /** What was under way when the service ended goes on, or is closed and listed. */
  async #recover(): Promise<void> {
    const { clock, cameras, logger } = this.#options
    const entries = await this.#records.load()
    await removeUnknown(this.#builder.underWay, new Set(entries.map(({ id }) => id)))
    const recovery = new Recovery({ clock, cameras, logger, signal: this.#abort.signal })
    for (const entry of entries) {
      const identity = { ...entry, inFallback: entry.inFallback === true }
      const recording = this.#builder.make(identity, this.#kindOf(entry), this.#listener, entry)
      this.#active.set(entry.device, recording)
      this.storage.watch()
      const giveUp = () => this.#end(recording, 'service_restarted')
      this.#untilDone(recovery.recover(recording, giveUp))
    }
  }

  #kindOf(entry: JournalEntry): Writer['kind'] {
    return entry.writer === 'mediamtx' && this.#options.media !== undefined ? 'mediamtx' : 'ffmpeg'
  }

  /** In the order in which they are tried. Throws INVALID_PARAMS, DEPENDENCY_FAILED. */
  #writersFor(
    { format, device }: Pick<RecordingIdentity, 'format' | 'device'>,
    { hasHub }: RecordedCamera,
  ): readonly Writer['kind'][] {
    const isUp = this.#options.media?.state === 'up'
    // MediaMTX that is up is not yet one that can write where we read.
    if (hasHub) return format === 'fmp4' && isUp ? ['mediamtx', 'ffmpeg'] : ['ffmpeg']
    if (format !== 'fmp4') throw onlyFmp4(device)
    if (!isUp) throw noMediamtx()
    return ['mediamtx']
  }

  #checkKnown(device: string): void {
    try {
      this.#options.cameras.get(device)
    } catch (thrown) {
      if (thrown instanceof ServiceError && thrown.code === 'CAMERA_NOT_FOUND') throw thrown
    }
  }

  /** In the background when there is something to compare; else the first question opens it. */
  #openIndex(): void {
    const { recordingsDir, snapshotsDir, fallbacks } = this.#options
    const looks = [recordingsDir, snapshotsDir, ...Object.values(fallbacks ?? {})].map((dir) => readdir(dir).catch(() => []))
    void Promise.all(looks).then((lists) => {
      if (lists.some((names) => names.some((name) => !name.startsWith('.')))) this.#index.open()
    })
  }
}
