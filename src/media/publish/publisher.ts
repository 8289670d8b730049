/** Keeps one ffmpeg publishing one camera for as long as it is wanted: starts it, watches it, starts it again. */

import { backoffMs } from '../../base/backoff.js'
import type { Clock } from '../../base/clock.js'
import { errorText, ServiceError } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import { Pauser } from '../../base/pauser.js'
import type { EncoderChoice } from './encoder-choice.js'
import { SOFTWARE } from './encoders.js'
import type { CameraFeedHandle, CameraFeeds } from './feeds.js'
import { type CodecOptions, displayCommand, encodeWish, publisherArgs } from './ffmpeg-args.js'
import type { GuardedAddress } from './guard.js'
import type { Progress } from './progress.js'
import { PublishSession } from './session.js'

export interface PublisherOptions {
  readonly device: string
  readonly ffmpeg: string
  readonly codec: CodecOptions
  readonly encoders: Pick<EncoderChoice, 'choose' | 'failed'>
  /** How long a camera that was unplugged is stood in for. */
  readonly absentKeepMs: number
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
  /** The camera was unplugged; readers are shown a dark picture. */
  readonly absent: boolean
  /** The same as `failure`, when it is the camera or the program and not a matter of trying again soon. */
  readonly refusal: ServiceError | undefined
}

const BACKOFF = { firstMs: 500, maxMs: 30_000, jitter: 0.5 }
/** A child that ran this long was well: the next failure counts as the first. */
const HEALTHY_MS = 10_000
/** RECORD is refused when the path changes during the handshake, a window of milliseconds: retried at once, this often. */
const IMMEDIATE_RETRIES = 3
/** What ffmpeg makes of a 400 to ANNOUNCE, and of any refusal of RECORD. */
const HANDSHAKE_REFUSED = /Could not write header[^\n]*(?:400 Bad Request|Invalid data found)/
const NO_PROGRESS: Progress = { frames: 0, fps: 0 }

export class Publisher {
  readonly #options: PublisherOptions
  #state: PublisherState = 'idle'
  #abort: AbortController | undefined
  #run: Promise<void> = Promise.resolve()
  readonly #pauser: Pauser
  #session: PublishSession | undefined
  #progress = NO_PROGRESS
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
      pid: this.#session?.pid,
      startedWallMs: this.#session?.startedWallMs,
      progress: this.#session?.progress ?? this.#progress,
      absent: this.#session?.absent === true,
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

  /** A camera that was stood in for is there again. */
  cameraBack(): void {
    this.#session?.cameraBack()
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
      return await this.#encode(feed, target, signal)
    } catch (thrown) {
      if (thrown instanceof ServiceError) this.#refusal = thrown
      return errorText(thrown)
    } finally {
      feed?.close()
      this.#progress = this.#session?.progress ?? NO_PROGRESS
      this.#session = undefined
    }
  }

  async #encode(feed: CameraFeedHandle, target: GuardedAddress, signal: AbortSignal): Promise<string> {
    const { absentKeepMs, clock, codec, device, encoders, environment, ffmpeg, logger } = this.#options
    const wish = encodeWish(feed, codec)
    const encoder = feed.codec === 'h264' ? SOFTWARE : await encoders.choose(wish)
    signal.throwIfAborted()
    const args = publisherArgs(feed, encoder, codec, target.url)
    this.#command = displayCommand('ffmpeg', args)
    const onRunning = () => {
      this.#failure = undefined
      this.#refusal = undefined
      logger.info({ device, codec: feed.codec === 'h264' ? 'copy' : encoder.word }, 'publishing')
      this.#set('running')
    }
    const session = new PublishSession({
      ...{ ffmpeg, args, feed, absentKeepMs, clock, onRunning },
      reopen: (into) => this.#options.feeds.open(device, signal, into),
      environment: { ...environment, ...target.environment },
      picturesOnly: environment,
    })
    this.#session = session
    const reason = await session.run(signal)
    if (session.progress.frames === 0 && !signal.aborted) encoders.failed(encoder, wish)
    return reason
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
