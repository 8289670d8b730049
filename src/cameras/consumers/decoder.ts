/**
 * JPEGs of cameras that give H.264: a decoder child per source, only while somebody waits for pictures. The frames pass through
 * pipes between the core and the child, never through JavaScript.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { backoffMs } from '../../base/backoff.js'
import { goesAfterUs } from '../../base/child.js'
import type { Clock } from '../../base/clock.js'
import { errorText } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { Core, Feed, NativeEvent } from '../../native/index.js'

export interface DecodersOptions {
  readonly core: Pick<Core, 'openFeed' | 'closeReadEnd' | 'closeFeed'>
  readonly ffmpeg: string
  /** The whole environment of the children. */
  readonly environment: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly logger: Logger
  readonly random: () => number
}

/** A child that takes nothing for so long is replaced. */
const STALL_MS = 5_000
/** Viewers who come and go share one decoder; the next key frame may be a second away. */
const LINGER_MS = 5_000
const RETRY = { firstMs: 500, maxMs: 30_000, jitter: 0.2 }
/** A child that ran this long was well. */
const HEALTHY_MS = 10_000
const MAX_COMPLAINT_CHARS = 1_000

/** Looking at the first access unit is enough, each picture goes out at once, and one thread holds no picture back. */
const ARGS: readonly string[] = [
  ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error', '-protocol_whitelist', 'pipe'],
  ...['-probesize', '32', '-analyzeduration', '0', '-threads', '1', '-f', 'h264', '-i', 'pipe:0'],
  ...['-an', '-fps_mode', 'passthrough', '-vf', 'scale=out_range=full,format=yuvj420p'],
  ...['-c:v', 'mjpeg', '-threads', '1', '-huffman', 'default', '-q:v', '4'],
  ...['-f', 'mpjpeg', '-flush_packets', '1', 'pipe:1'],
]

interface Decoder {
  wanted: boolean
  feed: Feed | undefined
  child: ChildProcess | undefined
  startedMs: number
  failures: number
  /** Of the next try, or of the end when nobody waits any more. */
  cancelTimer: (() => void) | undefined
  told: string | undefined
}

function fresh(): Decoder {
  return { wanted: true, feed: undefined, child: undefined, startedMs: 0, failures: 0, cancelTimer: undefined, told: undefined }
}

export class Decoders {
  readonly #options: DecodersOptions
  /** By source; only while pictures are wanted, and the linger time. */
  readonly #decoders = new Map<string, Decoder>()
  #stopped = false

  constructor(options: DecodersOptions) {
    this.#options = options
  }

  /** Takes the core's events. */
  handle(events: readonly NativeEvent[]): void {
    // The core tells on until it has ended, and what was on its way: there are no children for that any more.
    if (this.#stopped) return
    for (const event of events) {
      if (event.type === 'jpeg_demand') this.#demand(event.source, event.wanted)
      if (event.type === 'feed_ended') this.#feedEnded(event.source, event.feed, event.reason)
      const over = event.type === 'capture' && ['failed', 'stopped', 'gone'].includes(event.state)
      if (over || event.type === 'gone') this.#end(event.source)
      if (event.type === 'resync') this.#lookAnew(new Set(event.devices.map(({ source }) => source)))
    }
  }

  /** Ends all children, for good. */
  stop(): void {
    this.#stopped = true
    for (const source of [...this.#decoders.keys()]) this.#end(source)
  }

  /** Events may have been lost. */
  #lookAnew(present: ReadonlySet<string>): void {
    for (const source of [...this.#decoders.keys()]) if (!present.has(source)) this.#end(source)
  }

  #demand(source: string, wanted: boolean): void {
    const known = this.#decoders.get(source)
    if (known !== undefined) known.wanted = wanted
    if (!wanted) {
      if (known !== undefined) this.#arm(known, LINGER_MS, () => this.#lingered(source, known))
      return
    }
    if (known?.child !== undefined) {
      known.cancelTimer?.()
      known.cancelTimer = undefined
      return
    }
    const decoder = known ?? fresh()
    this.#decoders.set(source, decoder)
    // A next try may be waited for already.
    if (decoder.cancelTimer === undefined) this.#start(source, decoder)
  }

  /** Somebody may have come back while no child ran: then this was the pause before the next try. */
  #lingered(source: string, decoder: Decoder): void {
    if (decoder.wanted) this.#start(source, decoder)
    else this.#end(source)
  }

  #start(source: string, decoder: Decoder): void {
    const { core, ffmpeg, environment, clock } = this.#options
    decoder.startedMs = clock.nowMs()
    let feed: Feed
    try {
      feed = core.openFeed(source, { stallMs: STALL_MS, codec: 'h264', decodes: true })
    } catch (thrown) {
      this.#failed(source, decoder, errorText(thrown))
      return
    }
    decoder.feed = feed
    let child: ChildProcess
    try {
      child = spawn(ffmpeg, ARGS, {
        stdio: [feed.readFd, feed.writeFd ?? 'ignore', 'pipe'],
        env: environment,
        // Its own group: a Ctrl-C meant for us does not reach it.
        detached: true,
      })
    } catch (thrown) {
      // Without descriptors or memory there is not even a child that could end.
      this.#release(decoder)
      this.#failed(source, decoder, `ffmpeg cannot be started: ${errorText(thrown)}`)
      return
    }
    goesAfterUs(child)
    core.closeReadEnd(feed.id)
    decoder.child = child
    let complaint = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-MAX_COMPLAINT_CHARS)
    })
    const ended = (why: string): void => {
      if (decoder.child !== child) return
      this.#release(decoder)
      this.#failed(source, decoder, why)
    }
    child.once('error', (error) => ended(`ffmpeg cannot be started: ${error.message}`))
    child.once('close', (code, signal) => ended(complaint.trim() || `ffmpeg ended (${signal ?? code})`))
  }

  /** The child may live on without its pipes; its end tells the reason. */
  #feedEnded(source: string, feed: number, reason: string): void {
    const decoder = this.#decoders.get(source)
    if (decoder?.feed?.id !== feed || reason === 'closed') return
    decoder.child?.kill('SIGKILL')
  }

  #failed(source: string, decoder: Decoder, reason: string): void {
    const { clock, logger, random } = this.#options
    if (this.#decoders.get(source) !== decoder) return
    if (!decoder.wanted) {
      this.#end(source)
      return
    }
    if (clock.nowMs() - decoder.startedMs >= HEALTHY_MS) decoder.failures = 0
    if (reason !== decoder.told) logger.warn({ source, reason }, 'decoder ended')
    decoder.told = reason
    this.#arm(decoder, backoffMs(decoder.failures, { ...RETRY, random }), () => this.#start(source, decoder))
    decoder.failures += 1
  }

  #arm(decoder: Decoder, delayMs: number, task: () => void): void {
    decoder.cancelTimer?.()
    decoder.cancelTimer = this.#options.clock.after(delayMs, () => {
      decoder.cancelTimer = undefined
      task()
    })
  }

  #end(source: string): void {
    const decoder = this.#decoders.get(source)
    if (decoder === undefined) return
    this.#decoders.delete(source)
    decoder.cancelTimer?.()
    this.#release(decoder)
  }

  #release(decoder: Decoder): void {
    const { feed, child } = decoder
    decoder.feed = undefined
    decoder.child = undefined
    if (feed !== undefined) {
      this.#options.core.closeReadEnd(feed.id)
      this.#options.core.closeFeed(feed.id)
    }
    child?.kill('SIGKILL')
  }
}
