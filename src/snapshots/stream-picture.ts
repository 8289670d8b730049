/** Stills of a stream that MediaMTX hands out: the newest key frame of one that runs, the first one of one that has to be started. */

import { type ChildProcess, spawn } from 'node:child_process'
import { goesAfterUs } from '../base/child.js'
import type { Clock } from '../base/clock.js'
import { ServiceError } from '../base/errors.js'
import { isWholeJpeg, jpegSize } from './jpeg.js'

/** The tiers of the contract that make sense here: a camera's own frames are always nearer. */
export type StreamTier =
  | { readonly tier: 2; readonly method: 'rtsp_immediate' }
  | { readonly tier: 3; readonly method: 'rtsp_activation' }

export interface StreamPicture {
  readonly jpeg: Buffer
  readonly width: number
  readonly height: number
  readonly capturedWallMs: number
  readonly used: StreamTier
  /** From the call to the picture. */
  readonly elapsedMs: number
}

export interface StreamPicturesOptions {
  readonly streams: {
    has(device: string): boolean
    /** Whether it can be read without being started first. */
    isReady(device: string): boolean
    /** Where it is read, without secrets: it is an argument of a program. Throws DEPENDENCY_FAILED without MediaMTX. */
    address(device: string): string
  }
  readonly ffmpeg: { readonly binary: string; readonly searchPath: string }
  readonly clock: Clock
  /** Of a stream that runs: until its next key frame. */
  readonly readyTimeoutMs?: number
  /** Of one that does not: until its source is connected, too. */
  readonly activationTimeoutMs?: number
}

const READY_TIMEOUT_MS = 5_000
const ACTIVATION_TIMEOUT_MS = 10_000
const MAX_PICTURE_BYTES = 64 * 1024 * 1024
const MAX_COMPLAINT_CHARS = 1_000
/** What ffmpeg says of a picture of which a part is missing. */
const TORN = /corrupt decoded frame/

export class StreamPictures {
  readonly #options: StreamPicturesOptions

  constructor(options: StreamPicturesOptions) {
    this.#options = options
  }

  has(device: string): boolean {
    return this.#options.streams.has(device)
  }

  /** Rejects with DEPENDENCY_FAILED, naming the ways tried. */
  async take(device: string, signal: AbortSignal): Promise<StreamPicture> {
    const { streams, clock, readyTimeoutMs = READY_TIMEOUT_MS, activationTimeoutMs = ACTIVATION_TIMEOUT_MS } = this.#options
    const address = streams.address(device)
    const startedMs = clock.nowMs()
    const tried: string[] = []
    let complaint = ''
    const tiers: (StreamTier & { readonly timeoutMs: number })[] = [
      ...(streams.isReady(device) ? [{ tier: 2 as const, method: 'rtsp_immediate' as const, timeoutMs: readyTimeoutMs }] : []),
      { tier: 3, method: 'rtsp_activation', timeoutMs: activationTimeoutMs },
    ]
    for (const { timeoutMs, ...used } of tiers) {
      signal.throwIfAborted()
      tried.push(used.method)
      try {
        const jpeg = await this.#readWhole(address, timeoutMs, signal)
        const size = jpegSize(jpeg)
        if (size !== undefined)
          return { jpeg, ...size, capturedWallMs: clock.wallMs(), used, elapsedMs: clock.nowMs() - startedMs }
        complaint = 'ffmpeg made no whole picture'
      } catch (thrown) {
        signal.throwIfAborted()
        complaint = thrown instanceof Error ? thrown.message : String(thrown)
      }
    }
    throw new ServiceError('DEPENDENCY_FAILED', {
      data: { dependency: 'MediaMTX', detail: complaint, methods_tried: tried },
      details: `no picture of ${device} could be had by ${tried.join(' or ')}: ${complaint}`,
      suggestion: 'check that the source of the stream is there: get_external_streams tells when it was seen last',
    })
  }

  /** A stream that is joined in the middle of a key frame begins with a torn picture: then the next one is read. */
  async #readWhole(address: string, timeoutMs: number, signal: AbortSignal): Promise<Buffer> {
    const untilMs = this.#options.clock.nowMs() + timeoutMs
    for (;;) {
      const leftMs = Math.max(1, Math.round(untilMs - this.#options.clock.nowMs()))
      try {
        return await this.#read(address, leftMs, signal)
      } catch (thrown) {
        const isTorn = thrown instanceof Error && TORN.test(thrown.message)
        if (!isTorn || signal.aborted || this.#options.clock.nowMs() >= untilMs) throw thrown
      }
    }
  }

  #read(address: string, timeoutMs: number, signal: AbortSignal): Promise<Buffer> {
    const { binary, searchPath } = this.#options.ffmpeg
    return new Promise((resolve, reject) => {
      const child = spawn(binary, readArguments(address, timeoutMs), {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: searchPath, LANG: 'C.UTF-8' },
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        signal,
      })
      goesAfterUs(child)
      const parts = collect(child)
      child.once('error', (error) => reject(new Error(`ffmpeg cannot be started: ${error.message}`)))
      child.once('close', (code, killedBy) => {
        const picture = Buffer.concat(parts.bytes)
        if (code === 0 && isWholeJpeg(picture)) resolve(picture)
        else if (killedBy !== null) reject(new Error(`nothing came within ${timeoutMs / 1000} s`))
        else reject(new Error(lastLine(parts.complaint) || `ffmpeg made no picture (${code})`))
      })
    })
  }
}

/** Only key frames are decoded: what depends on frames that were not seen is grey. What is missing is an error, not grey either. */
function readArguments(address: string, timeoutMs: number): readonly string[] {
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-xerror', '-threads', '1'],
    ...['-protocol_whitelist', 'rtsp,rtp,tcp', '-rtsp_transport', 'tcp', '-timeout', String(timeoutMs * 1000)],
    ...['-analyzeduration', '1000000', '-probesize', '1000000', '-fflags', 'nobuffer', '-skip_frame', 'nokey'],
    ...['-i', address, '-an', '-frames:v', '1', '-vf', 'scale=out_range=full,format=yuvj420p'],
    ...['-c:v', 'mjpeg', '-threads', '1', '-q:v', '2', '-f', 'mjpeg', 'pipe:1'],
  ]
}

interface Parts {
  readonly bytes: Buffer[]
  complaint: string
}

function collect(child: ChildProcess): Parts {
  const parts: Parts = { bytes: [], complaint: '' }
  let count = 0
  child.stdout?.on('data', (part: Buffer) => {
    count += part.length
    if (count > MAX_PICTURE_BYTES) child.kill('SIGKILL')
    else parts.bytes.push(part)
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    parts.complaint = (parts.complaint + text).slice(-MAX_COMPLAINT_CHARS)
  })
  return parts
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? ''
