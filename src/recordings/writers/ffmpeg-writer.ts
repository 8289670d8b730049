/** The writer that needs nothing but ffmpeg: one child that copies every frame of the hub into files. */

import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { endChild, goesAfterUs } from '../../base/child.js'
import type { Clock } from '../../base/clock.js'
import { errorText, ServiceError } from '../../base/errors.js'
import type { RecordingFeed } from '../cameras.js'
import { parseListLine, recorderArgs } from './ffmpeg-args.js'
import type { Writer, WriterEnd, WriterEvents, WriterFacts } from './writer.js'

export interface FfmpegWriterOptions {
  readonly openFeed: () => Promise<RecordingFeed>
  readonly ffmpeg: string
  /** The whole environment of the child. */
  readonly environment: Readonly<Record<string, string>>
  /** Exists already. */
  readonly dir: string
  /** Of the numbered files, so that two runs in one folder do not meet. */
  readonly prefix: string
  readonly format: 'mp4' | 'mkv'
  readonly segmentMs: number
  readonly clock: Clock
  readonly events: WriterEvents
}

/** At the end of its input ffmpeg finishes the file by itself; a slow disk may take so long. */
const FINISH_MS = 5_000
const KILL_MS = 1_000
const MAX_COMPLAINT_CHARS = 2_000
/** What ffmpeg says of a disk that takes nothing more. */
const DISK_COMPLAINT = /No space left on device|Disk quota exceeded|Read-only file system|Input\/output error/

export class FfmpegWriter implements Writer {
  readonly kind = 'ffmpeg'
  readonly shortBelowMs = 0
  readonly extension: string
  readonly #options: FfmpegWriterOptions
  #feed: RecordingFeed | undefined
  #child: ChildProcess | undefined
  #closed: Promise<void> = Promise.resolve()
  #stopping = false
  #end: WriterEnd | undefined
  #complaint = ''

  constructor(options: FfmpegWriterOptions) {
    this.#options = options
    this.extension = options.format
  }

  get facts(): WriterFacts | undefined {
    const feed = this.#feed
    return feed && { codec: feed.codec, width: feed.width, height: feed.height, fps: feed.fps }
  }

  async start(): Promise<void> {
    const feed = await this.#options.openFeed()
    this.#feed = feed
    feed.onGap(({ missed }) => this.#options.events.onGap(missed))
    feed.onEnded((reason) => {
      this.#end ??= endOf(reason)
      void this.#endIfStuck()
    })
    if (this.#stopping) {
      feed.close()
      throw new ServiceError('INVALID_STATE', { data: { state: 'STOPPING' }, details: 'the recording was stopped meanwhile' })
    }
    try {
      await this.#spawn(feed)
    } catch (thrown) {
      feed.close()
      throw thrown
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true
    // The child reads what is still in the pipe, sees its end, and closes the file.
    this.#feed?.close()
    await this.#endIfStuck()
  }

  #spawn(feed: RecordingFeed): Promise<void> {
    const { ffmpeg, environment, dir, prefix, format, segmentMs, events } = this.#options
    const child = spawn(ffmpeg, recorderArgs(feed, format, segmentMs, prefix), {
      cwd: dir,
      stdio: [feed.readFd, 'pipe', 'pipe'],
      env: environment,
      // Its own group: a Ctrl-C meant for us must not cut a file short.
      detached: true,
    })
    goesAfterUs(child)
    feed.spawned()
    this.#child = child
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-MAX_COMPLAINT_CHARS)
    })
    let line = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (line + text).split('\n')
      line = lines.pop() ?? ''
      for (const finished of lines) {
        const entry = parseListLine(finished)
        if (entry !== undefined) events.onSegment({ file: join(dir, entry.name), durationMs: entry.durationMs })
      }
    })
    this.#closed = new Promise((resolve) => {
      child.once('close', (code, killedBy) => {
        feed.close()
        resolve()
        if (this.#stopping) return
        const detail = this.#complaint.trim() || `ffmpeg ended (${killedBy ?? code})`
        events.onEnded(this.#end ?? { cause: 'writer', detail })
      })
      child.once('error', () => resolve())
    })
    return new Promise((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', (error) => reject(cannotStart(error)))
    })
  }

  async #endIfStuck(): Promise<void> {
    const { clock } = this.#options
    const cancel = clock.after(FINISH_MS, () => {
      const child = this.#child
      if (child !== undefined) void endChild(child, { clock, signal: 'SIGTERM', graceMs: KILL_MS })
    })
    await this.#closed
    cancel()
  }
}

/** What a failure of a writer was about, for the caller who waits for the first bytes. */
export function writerFailure(end: WriterEnd): ServiceError {
  if (end.cause === 'camera') {
    return new ServiceError('INVALID_STATE', {
      data: { state: 'DISCONNECTED', allowed_states: ['CONNECTED'] },
      details: 'the camera was unplugged',
      suggestion: 'plug the camera in and call again',
    })
  }
  const dependency = DISK_COMPLAINT.test(end.detail) ? 'storage' : end.cause === 'server' ? 'MediaMTX' : 'FFmpeg'
  return new ServiceError('DEPENDENCY_FAILED', { data: { dependency, detail: end.detail }, details: end.detail })
}

/** The disk's fault and nobody else's. */
export function isDiskFailure(end: WriterEnd): boolean {
  return end.cause === 'writer' && DISK_COMPLAINT.test(end.detail)
}

function endOf(reason: string): WriterEnd {
  if (reason === 'camera_gone') return { cause: 'camera', detail: reason }
  return reason === 'mode_changed'
    ? { cause: 'changed', detail: reason }
    : { cause: 'writer', detail: `the feed ended: ${reason}` }
}

function cannotStart(error: Error): ServiceError {
  const detail = `ffmpeg cannot be started: ${errorText(error)}`
  return new ServiceError('DEPENDENCY_FAILED', {
    data: { dependency: 'FFmpeg', detail },
    details: detail,
    suggestion: 'install ffmpeg or set ffmpeg.binary',
    cause: error,
  })
}
