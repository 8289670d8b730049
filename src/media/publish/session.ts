/** One ffmpeg from its start to its end: fed, watched, and given pictures while its camera has none. */

import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { endChild, goesAfterUs } from '../../base/child.js'
import type { Clock } from '../../base/clock.js'
import { errorText, ServiceError } from '../../base/errors.js'
import { CAMERA_GONE, type CameraFeedHandle, CHILD_GONE, type FeedPipe } from './feeds.js'
import { greyH264 } from './grey-h264.js'
import { greyJpeg } from './grey-jpeg.js'
import { type Progress, ProgressReader } from './progress.js'
import { StandIn } from './stand-in.js'

export interface SessionOptions {
  readonly ffmpeg: string
  readonly args: readonly string[]
  /** The whole environment of the child. */
  readonly environment: Readonly<Record<string, string>>
  /** Of a child that publishes nothing: the same without secrets. */
  readonly picturesOnly: Readonly<Record<string, string>>
  /** Closed by the caller. */
  readonly feed: CameraFeedHandle
  /** Another feed of the same camera, into the pipe of this one. */
  readonly reopen: (into: FeedPipe) => Promise<CameraFeedHandle>
  /** How long a camera that was unplugged is stood in for. */
  readonly absentKeepMs: number
  readonly clock: Clock
  /** Called once, when the first frame is encoded. */
  readonly onRunning: () => void
}

/** ffmpeg stuck: the camera delivers and nothing is encoded for this long. */
const STALL_MS = 5_000
/** The same before its first frame: a program that is being loaded by a slow or busy machine is not stuck. */
const FIRST_FRAME_MS = 15_000
/** A camera that gives nothing for so long is stood in for; MediaMTX would drop the stream after 10 s. */
const SILENT_MS = 3_000
const WATCH_MS = 500
const STOP_GRACE_MS = 2_000
const MAX_COMPLAINT_CHARS = 2_000

export class PublishSession {
  readonly #options: SessionOptions
  readonly #reader = new ProgressReader()
  #child: ChildProcess | undefined
  #standIn: StandIn | undefined
  #startedWallMs: number | undefined
  #absentMs: number | undefined
  /** The one that ended went on with this. */
  #later: CameraFeedHandle | undefined
  /** Ends when nothing is being opened into the pipe any more. */
  #comingBack: Promise<void> = Promise.resolve()
  #over = false
  #reason: string | undefined

  constructor(options: SessionOptions) {
    this.#options = options
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  get startedWallMs(): number | undefined {
    return this.#startedWallMs
  }

  get progress(): Progress {
    return this.#reader.progress
  }

  /** The camera was unplugged and is stood in for. */
  get absent(): boolean {
    return this.#absentMs !== undefined
  }

  /** Resolves with why the child ended. Rejects when it could not be started, or with the signal's reason before that. */
  async run(signal: AbortSignal): Promise<string> {
    const { feed, ffmpeg, picturesOnly } = this.#options
    const { width, height } = feed
    const picture = async () =>
      feed.codec === 'jpeg' ? greyJpeg(width, height) : greyH264({ ffmpeg, environment: picturesOnly, width, height })
    this.#standIn = await StandIn.open(feed.readFd, picture)
    const onAbort = () => this.end('not wanted any more')
    try {
      signal.throwIfAborted()
      const ended = this.#spawn()
      feed.onEnded((why) => this.#feedEnded(why))
      signal.addEventListener('abort', onAbort, { once: true })
      const cancelWatch = this.#watch()
      try {
        return await ended
      } finally {
        cancelWatch()
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#over = true
      this.#later?.close()
      const standIn = this.#standIn
      // Not before: a camera takes its time to open, and then this number would be another file's. Nobody who waits for the end waits for it.
      void this.#comingBack.then(() => standIn.close())
    }
  }

  /** A camera that was stood in for is there again: who watches sees it go on. */
  cameraBack(): void {
    this.#comingBack = this.#comingBack.then(() => this.#comeBack())
  }

  /** Never throws. */
  async #comeBack(): Promise<void> {
    const standIn = this.#standIn
    if (this.#over || this.#absentMs === undefined || standIn === undefined) return
    // The time of the absence begins anew: opening the camera may take a moment.
    this.#absentMs = this.#options.clock.nowMs()
    const { codec } = this.#options.feed
    // Of H.264 the child has seen only the old parameter sets, and half a picture.
    if (codec !== 'jpeg') {
      this.end('the camera is back')
      return
    }
    try {
      const feed = await this.#options.reopen({ fd: standIn.fd, codec })
      if (this.#over) {
        feed.close()
        return
      }
      this.#later?.close()
      this.#later = feed
      this.#absentMs = undefined
      feed.onEnded((why) => this.#feedEnded(why))
    } catch (thrown) {
      this.end(`the camera is back and cannot be opened: ${errorText(thrown)}`)
    }
  }

  /** Asks the child to end; the first reason counts. */
  end(reason: string, graceMs = STOP_GRACE_MS): void {
    this.#reason ??= reason
    if (this.#child !== undefined) void endChild(this.#child, { clock: this.#options.clock, signal: 'SIGTERM', graceMs })
  }

  #spawn(): Promise<string> {
    const { ffmpeg, args, environment, feed, clock, onRunning } = this.#options
    const child = spawn(ffmpeg, args, {
      stdio: [feed.readFd, 'ignore', 'pipe', 'pipe'],
      env: environment,
      // Its own group: ended as a whole, and untouched by a Ctrl-C meant for us.
      detached: true,
    })
    goesAfterUs(child)
    feed.spawned()
    this.#child = child
    this.#startedWallMs = clock.wallMs()
    let complaint = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-MAX_COMPLAINT_CHARS)
    })
    let running = false
    // A child that got no file descriptors has no pipes either; its end tells the reason.
    const pipe = child.stdio?.[3] as Readable | undefined
    pipe?.setEncoding('utf8').on('data', (text: string) => {
      this.#reader.push(text)
      if (running || this.#reader.progress.frames === 0) return
      running = true
      onRunning()
    })
    return new Promise((resolve, reject) => {
      child.once('error', (error) => reject(cannotStart(error)))
      child.once('close', (code, killedBy) =>
        resolve(this.#reason ?? (withoutSecrets(complaint.trim()) || `ffmpeg ended (${killedBy ?? code})`)),
      )
    })
  }

  /** An unplugged camera may be back in a moment; readers see a dark picture until then. */
  #feedEnded(why: string): void {
    // The child closed its end: it is about to say why itself.
    if (why === CHILD_GONE) return
    if (why !== CAMERA_GONE || this.#reader.progress.frames === 0) {
      this.end(`feed ended: ${why}`)
      return
    }
    this.#absentMs = this.#options.clock.nowMs()
    this.#standIn?.show()
  }

  #watch(): () => void {
    const { absentKeepMs, clock } = this.#options
    let framesOut = -1
    let framesIn: number | undefined
    let outMs = clock.nowMs()
    let inMs = clock.nowMs()
    return clock.every(WATCH_MS, () => {
      const nowMs = clock.nowMs()
      const fed = (this.#later ?? this.#options.feed).stats()?.frames
      if (fed === undefined || fed !== framesIn) inMs = nowMs
      if (this.#reader.progress.frames !== framesOut || fed === framesIn) outMs = nowMs
      framesIn = fed
      framesOut = this.#reader.progress.frames
      if (this.#absentMs !== undefined && nowMs - this.#absentMs >= absentKeepMs) this.end('the camera was unplugged')
      else if (this.#absentMs !== undefined || (framesOut > 0 && nowMs - inMs >= SILENT_MS)) this.#standIn?.show()
      else if (nowMs - outMs >= (framesOut > 0 ? STALL_MS : FIRST_FRAME_MS))
        this.end('ffmpeg does not encode what the camera delivers', 0)
    })
  }
}

/** ffmpeg names addresses as it uses them. */
function withoutSecrets(complaint: string): string {
  return complaint.replace(/(\w+:\/\/)[^\s/@]*@/g, '$1')
}

function cannotStart(error: Error): ServiceError {
  const detail = `ffmpeg cannot be started: ${error.message}`
  return new ServiceError('DEPENDENCY_FAILED', { data: { dependency: 'FFmpeg', detail }, details: detail, cause: error })
}
