/** Keeps one ffmpeg publishing one camera for as long as it is wanted: starts it, watches it, starts it again. */

import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { backoffMs } from '../../base/backoff.js'
import { endChild } from '../../base/child.js'
import type { Clock } from '../../base/clock.js'
import { errorText, ServiceError } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import { Pauser } from '../../base/pauser.js'
import type { CameraFeedHandle, CameraFeeds } from './feeds.js'
import { type CodecOptions, displayCommand, publisherArgs } from './ffmpeg-args.js'
import type { GuardedAddress } from './guard.js'
import { type Progress, ProgressReader } from './progress.js'

export interface PublisherOptions {
  readonly device: string
  readonly ffmpeg: string
  readonly codec: CodecOptions
  readonly feeds: Pick<CameraFeeds, 'open'>
  /** Where to publish; `undefined` while there is no server. */
  readonly target: () => GuardedAddress | undefined
  /** The whole environment of the child, besides what the target adds. */
  readonly environment: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly logger: Logger
  /** Called after each change of `status().state`. */
  readonly onChange: () => void
}

/** `waiting`: failed, tries again in a moment, or there is no server. */
export type PublisherState = 'idle' | 'starting' | 'running' | 'waiting' | 'stopping'

export interface PublisherStatus {
  readonly state: PublisherState
  readonly pid: number | undefined
  /** Wall clock of the running child's start. */
  readonly startedWallMs: number | undefined
  readonly progress: Progress
  /** Command for display, without secrets; of the latest child. */
  readonly command: string
  /** Why the latest child ended or could not start; `undefined` once one runs. */
  readonly failure: string | undefined
  /** The same, when it is the camera or the program and not a matter of trying again soon. */
  readonly refusal: ServiceError | undefined
}

const BACKOFF = { firstMs: 500, maxMs: 30_000, jitter: 0.5 }
/** A child that ran this long was well: the next failure counts as the first. */
const HEALTHY_MS = 10_000
/** RECORD is refused when the path changes during the handshake, a window of milliseconds: retried at once, this often. */
const IMMEDIATE_RETRIES = 3
/** What ffmpeg makes of a 400 to ANNOUNCE, and of any refusal of RECORD. */
const HANDSHAKE_REFUSED = /Could not write header[^\n]*(?:400 Bad Request|Invalid data found)/
/** ffmpeg stuck: the camera delivers and nothing is encoded for this long. */
const STALL_MS = 10_000
const WATCH_MS = 1_000
const STOP_GRACE_MS = 2_000
const MAX_COMPLAINT_CHARS = 2_000

export class Publisher {
  readonly #options: PublisherOptions
  #state: PublisherState = 'idle'
  #abort: AbortController | undefined
  #run: Promise<void> = Promise.resolve()
  readonly #pauser: Pauser
  #child: ChildProcess | undefined
  #startedWallMs: number | undefined
  #reader = new ProgressReader()
  #command = ''
  #failure: string | undefined
  #refusal: ServiceError | undefined
  #told: string | undefined

  constructor(options: PublisherOptions) {
    this.#options = options
    this.#pauser = new Pauser(options.clock)
  }

  get wanted(): boolean {
    return this.#abort !== undefined
  }

  status(): PublisherStatus {
    return {
      state: this.#state,
      pid: this.#child?.pid,
      startedWallMs: this.#startedWallMs,
      progress: this.#reader.progress,
      command: this.#command,
      failure: this.#failure,
      refusal: this.#refusal,
    }
  }

  /** Idempotent. Returns at once; progress is told through `onChange`. */
  start(): void {
    if (this.#abort !== undefined) return
    const abort = new AbortController()
    this.#abort = abort
    this.#failure = undefined
    this.#refusal = undefined
    this.#told = undefined
    this.#set('starting')
    const before = this.#run
    this.#run = before.then(() => this.#loop(abort.signal))
  }

  /** Idempotent. Resolves when the child is gone. */
  async stop(): Promise<void> {
    const abort = this.#abort
    this.#abort = undefined
    if (abort !== undefined) {
      this.#set('stopping')
      abort.abort(new Error('not wanted any more'))
    }
    await this.#run
    if (this.#abort === undefined) this.#set('idle')
  }

  /** Ends a pause at once: the server is back. */
  wake(): void {
    this.#pauser.wake()
  }

  async #loop(signal: AbortSignal): Promise<void> {
    let failures = 0
    let immediate = 0
    while (!signal.aborted) {
      const target = this.#options.target()
      if (target === undefined) {
        this.#set('waiting')
        await this.#pauser.wait(undefined, signal)
        continue
      }
      const startedMs = this.#options.clock.nowMs()
      const failure = await this.#publish(target, signal)
      if (signal.aborted) return
      this.#failure = failure
      const lastedMs = this.#options.clock.nowMs() - startedMs
      if (lastedMs >= HEALTHY_MS) {
        failures = 0
        immediate = 0
      }
      this.#tell(failure, lastedMs)
      if (HANDSHAKE_REFUSED.test(failure) && immediate++ < IMMEDIATE_RETRIES) continue
      this.#set('waiting')
      // The first failure after good health is repaired at once, while readers still wait.
      if (failures++ > 0) await this.#pauser.wait(backoffMs(failures - 2, { ...BACKOFF, random: Math.random }), signal)
    }
  }

  /** Runs one child to its end. Returns why it ended; never throws. */
  async #publish(target: GuardedAddress, signal: AbortSignal): Promise<string> {
    this.#set('starting')
    this.#refusal = undefined
    let feed: CameraFeedHandle | undefined
    try {
      feed = await this.#options.feeds.open(this.#options.device, signal)
      return await this.#runChild(feed, target, signal)
    } catch (thrown) {
      if (thrown instanceof ServiceError) this.#refusal = thrown
      return errorText(thrown)
    } finally {
      feed?.close()
      this.#child = undefined
      this.#startedWallMs = undefined
    }
  }

  async #runChild(feed: CameraFeedHandle, target: GuardedAddress, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted()
    const args = publisherArgs(feed, this.#options.codec, target.url)
    this.#command = displayCommand('ffmpeg', args)
    const child = spawn(this.#options.ffmpeg, args, {
      stdio: [feed.readFd, 'ignore', 'pipe', 'pipe'],
      env: { ...this.#options.environment, ...target.environment },
      // Its own group: ended as a whole, and untouched by a Ctrl-C meant for us.
      detached: true,
    })
    feed.spawned()
    this.#child = child
    this.#startedWallMs = this.#options.clock.wallMs()
    const reader = new ProgressReader()
    this.#reader = reader
    let complaint = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-MAX_COMPLAINT_CHARS)
    })
    const pipe = child.stdio[3] as Readable
    pipe.setEncoding('utf8').on('data', (text: string) => {
      reader.push(text)
      if (this.#state === 'starting' && reader.progress.frames > 0) {
        this.#failure = undefined
        this.#refusal = undefined
        this.#options.logger.info({ device: this.#options.device, codec: feed.codec === 'h264' ? 'copy' : 'h264' }, 'publishing')
        this.#set('running')
      }
    })
    let reason: string | undefined
    const end = (why: string, grace: number) => {
      reason ??= why
      void endChild(child, { clock: this.#options.clock, signal: 'SIGTERM', graceMs: grace })
    }
    feed.onEnded((why) => end(`feed ended: ${why}`, STOP_GRACE_MS))
    const onAbort = () => end('not wanted any more', STOP_GRACE_MS)
    signal.addEventListener('abort', onAbort, { once: true })
    const cancelWatch = this.#watch(feed, reader, () => end('ffmpeg does not encode what the camera delivers', 0))
    try {
      return await new Promise<string>((resolve, reject) => {
        child.once('error', (error) => reject(cannotStart(error)))
        child.once('close', (code, killedBy) => resolve(reason ?? (complaint.trim() || `ffmpeg ended (${killedBy ?? code})`)))
      })
    } finally {
      cancelWatch()
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** Looks once a second whether frames go in and none come out. */
  #watch(feed: CameraFeedHandle, reader: ProgressReader, onStall: () => void): () => void {
    const { clock } = this.#options
    let framesOut = -1
    let framesIn = 0
    let sinceMs = clock.nowMs()
    return clock.every(WATCH_MS, () => {
      const fed = feed.stats()?.frames ?? 0
      if (reader.progress.frames !== framesOut || fed === framesIn) {
        framesOut = reader.progress.frames
        framesIn = fed
        sinceMs = clock.nowMs()
      } else if (clock.nowMs() - sinceMs >= STALL_MS) onStall()
    })
  }

  /** Said once, then on change. */
  #tell(failure: string, lastedMs: number): void {
    const { device, logger } = this.#options
    const facts = { device, failure, lastedMs: Math.round(lastedMs) }
    if (failure === this.#told && lastedMs < HEALTHY_MS) logger.debug(facts, 'publisher ended')
    else logger.warn(facts, 'publisher ended')
    this.#told = failure
  }

  #set(state: PublisherState): void {
    if (this.#state === state) return
    this.#state = state
    this.#options.onChange()
  }
}

function cannotStart(error: Error): ServiceError {
  const detail = `ffmpeg cannot be started: ${error.message}`
  return new ServiceError('DEPENDENCY_FAILED', { data: { dependency: 'FFmpeg', detail }, details: detail, cause: error })
}
