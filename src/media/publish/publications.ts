/** One publisher per camera, running while its path is wanted and the camera is there. */

import type { Clock } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import type { RuntimePath } from '../api/wire.js'
import { Demand } from './demand.js'
import type { EncoderChoice } from './encoder-choice.js'
import type { CameraFeeds } from './feeds.js'
import type { CodecOptions } from './ffmpeg-args.js'
import type { GuardedAddress } from './guard.js'
import { Publisher } from './publisher.js'

export interface PublicationsOptions {
  readonly ffmpeg: string
  readonly codec: CodecOptions
  readonly feeds: CameraFeeds
  readonly environment: Readonly<Record<string, string>>
  readonly closeAfterMs: number
  /** How long a publisher goes on without its camera. */
  readonly absentKeepMs: number
  readonly encoders: EncoderChoice
  /** Every camera is wanted all the time. */
  readonly always: () => boolean
  readonly target: (path: string) => GuardedAddress | undefined
  readonly notifiers: (path: string) => number
  /** Renews the runtime list. */
  readonly look: () => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}

export interface Publication {
  readonly publisher: Publisher
  /** Wall clock since when it is wanted. */
  readonly sinceWallMs: number
}

export class Publications {
  readonly demand: Demand
  readonly #options: PublicationsOptions
  readonly #running = new Map<string, Publication>()
  readonly #stopping = new Set<Promise<void>>()
  /** Cameras that left while they were published, with what cancels the end of their time. */
  readonly #leaving = new Map<string, () => void>()
  #cameras = new Set<string>()
  #closed = false

  constructor(options: PublicationsOptions) {
    this.#options = options
    this.demand = new Demand({
      clock: options.clock,
      closeAfterMs: options.closeAfterMs,
      onChange: (path) => void this.#demandChanged(path),
    })
  }

  /** The publication of a path, while it is wanted or still ending. */
  get(path: string): Publication | undefined {
    return this.#running.get(path)
  }

  /** Cameras that can be fed now. A publisher that waits for one that came back goes on at once. */
  setCameras(devices: readonly string[]): void {
    const before = this.#cameras
    this.#cameras = new Set(devices)
    for (const device of before) if (!this.#cameras.has(device)) this.#left(device)
    for (const device of new Set([...devices, ...this.#running.keys()])) {
      const publisher = this.#running.get(device)?.publisher
      if (this.#cameras.has(device)) {
        this.#leaving.get(device)?.()
        this.#leaving.delete(device)
      }
      this.settle(device)
      if (!this.#cameras.has(device) || before.has(device)) continue
      publisher?.cameraBack()
      publisher?.wake()
    }
  }

  /** Takes over who reads what. Paths that are gone have no readers. */
  setReaders(paths: ReadonlyMap<string, RuntimePath>): void {
    for (const path of this.#cameras) this.#update(path, paths.get(path)?.readers.length ?? 0)
  }

  /** Notifiers of this path came or went. */
  setNotifiers(path: string, readers: number): void {
    if (this.#cameras.has(path)) this.#update(path, readers)
  }

  /** A recording of this camera begins or ends. */
  setRecorded(path: string, recorded: boolean): void {
    this.demand.record(path, recorded)
  }

  /** A server is up: publishers that wait for one go on, and where all are wanted all the time, all start. */
  serverUp(): void {
    for (const device of this.#cameras) this.settle(device)
    for (const { publisher } of this.#running.values()) publisher.wake()
  }

  /** Makes the publisher of `path` what demand says. Idempotent. */
  settle(path: string): void {
    const known = this.#running.get(path)
    const there = this.#cameras.has(path) || (this.#leaving.has(path) && known !== undefined)
    const wanted = !this.#closed && there && (this.#options.always() || this.demand.wanted(path))
    if (wanted && known?.publisher.wanted !== true) {
      const publisher = known?.publisher ?? this.#create(path)
      this.#running.set(path, { publisher, sinceWallMs: this.#options.clock.wallMs() })
      publisher.start()
    }
    if (!wanted && known?.publisher.wanted === true) this.#end(path, known.publisher)
  }

  /** Resolves when the publisher of `path`, if it is ending, has ended. */
  async ended(path: string): Promise<void> {
    const known = this.#running.get(path)
    if (known !== undefined && !known.publisher.wanted) await known.publisher.stop()
  }

  /** Resolves when no child is left. */
  async close(): Promise<void> {
    this.#closed = true
    this.demand.clear()
    for (const cancel of this.#leaving.values()) cancel()
    for (const path of this.#running.keys()) this.settle(path)
    await Promise.all(this.#stopping)
  }

  #left(device: string): void {
    if (this.#running.get(device)?.publisher.status().state !== 'running') return
    const end = this.#options.clock.after(this.#options.absentKeepMs, () => {
      this.#leaving.delete(device)
      this.settle(device)
    })
    this.#leaving.set(device, end)
  }

  #update(path: string, readers: number): void {
    this.demand.update(path, { notifiers: this.#options.notifiers(path), readers })
  }

  /** Whoever came while nobody was looking would be dropped by a stop: the list is read once more before. */
  async #demandChanged(path: string): Promise<void> {
    if (!this.demand.wanted(path) && this.#running.get(path)?.publisher.status().state === 'running') await this.#options.look()
    this.settle(path)
  }

  #create(path: string): Publisher {
    const { absentKeepMs, ffmpeg, codec, encoders, feeds, environment, clock, logger, target } = this.#options
    return new Publisher({
      device: path,
      ffmpeg,
      codec,
      encoders,
      absentKeepMs,
      feeds,
      environment,
      clock,
      logger,
      target: () => target(path),
      onChange: () => undefined,
    })
  }

  #end(path: string, publisher: Publisher): void {
    const stopping = publisher.stop().then(() => {
      this.#stopping.delete(stopping)
      if (!publisher.wanted && this.#running.get(path)?.publisher === publisher) this.#running.delete(path)
    })
    this.#stopping.add(stopping)
  }
}
