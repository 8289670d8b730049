/** Takes snapshots: newest frame of a camera into a file that appears whole or not at all. */

import { access } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { type Clock, timestamp } from '../base/clock.js'
import { errorText, ServiceError } from '../base/errors.js'
import { TypedEvents } from '../base/events.js'
import { candidateName, fillPattern } from '../base/file-pattern.js'
import type { Service } from '../base/lifecycle.js'
import type { Logger } from '../base/logger.js'
import { makeFolder } from '../base/make-folder.js'
import type { Lease } from '../cameras/index.js'
import type { Core } from '../native/index.js'
import { isCamerasFault, isFoldersFault, isNameTaken, toServiceError } from './failures.js'
import { planSnapshot, type SnapshotFormat, type SnapshotPlan, type TakeSnapshotParams, withExtension } from './plan.js'
import { ConversionPool, type PoolOptions } from './pool.js'
import { StorageGuard } from './storage.js'
import type { StreamPicture, StreamTier } from './stream-picture.js'
import { removeLeftovers } from './temporary.js'

export interface SnapshotsOptions {
  /** Where frames come from. */
  readonly cameras: {
    lease(device: string): Promise<Lease>
    /** For a camera that gives H.264: another function of the same device that gives pictures. */
    sibling(device: string): string | undefined
  }
  /** Streams that are no camera's. */
  readonly streams?: {
    has(device: string): boolean
    /** Rejects with DEPENDENCY_FAILED. */
    take(device: string, signal: AbortSignal): Promise<StreamPicture>
  }
  /** The program that makes pictures of H.264, and where it is looked for. */
  readonly ffmpeg: { readonly binary: string; readonly searchPath: string }
  readonly core: Core
  readonly clock: Clock
  readonly logger: Logger
  readonly dir: string
  /** Where they go while `dir` cannot be written. */
  readonly fallbackDir?: string
  /** A folder per camera below `dir`. */
  readonly deviceSubdirs: boolean
  readonly filePattern: string
  readonly format: SnapshotFormat
  readonly quality: number
  readonly maxWidthPx: number
  readonly maxHeightPx: number
  readonly enabled: boolean
  /** Longest wait for a frame. */
  readonly timeoutMs: number
  readonly workerThreads: number
  /** Makes the threads; piscina's when absent. */
  readonly openWorkers?: PoolOptions['open']
  readonly blockPercent: number
}

export interface SnapshotResult {
  readonly device: string
  readonly filename: string
  readonly status: 'SUCCESS'
  /** Capture time. */
  readonly timestamp: string
  readonly file_size: number
  readonly file_path: string
  /** Of cameras that give H.264, and of streams: where the picture came from. */
  readonly capture_method?: CaptureMethod
  /** Of streams: the tier of the contract, and how long it took. */
  readonly tier_used?: StreamTier['tier']
  readonly capture_time_ms?: number
}

export type CaptureMethod = 'mjpeg_sibling' | 'ffmpeg_decode' | StreamTier['method']

export type SnapshotEvents = {
  /** `file`: its place, absolute. */
  taken: { readonly device: string; readonly filename: string; readonly file: string; readonly resolution: string }
  failed: { readonly device: string; readonly error: string }
}

/** A frame at most so old is good enough: what is on the hub now, for a running camera. */
const MAX_AGE_MS = 200
/** Names tried when others take them at the same moment. */
const MAX_NAMES = 1_000
/** Made names whose number of pictures is remembered: one per camera and second. */
const MAX_REMEMBERED = 256
const CONVERSION_QUEUE = 256
/** For decoding and encoding, beyond the wait for a frame. */
const CONVERSION_MS = 10_000

/** What is told beside the picture when it did not come the plain way. */
type Way = Pick<SnapshotResult, 'capture_method' | 'tier_used' | 'capture_time_ms'>

/** A camera's frames, or a picture that is there already. */
interface Origin {
  readonly size: { readonly width: number; readonly height: number }
  readonly from: { readonly source: string; readonly decodes: boolean } | StreamPicture
  readonly way: Way
  release(): void
}

interface Placed {
  readonly way: Way
  readonly filename: string
  readonly file: string
  readonly sizeBytes: number
  readonly width: number
  readonly height: number
  readonly capturedWallMs: number
}

export class Snapshots implements Service {
  readonly name = 'snapshots'
  readonly events: TypedEvents<SnapshotEvents>
  readonly #options: SnapshotsOptions
  readonly #pool: ConversionPool
  readonly #storage: StorageGuard
  /** Files being written: names taken before they are visible. */
  readonly #reserved = new Set<string>()
  /** Where the search for a free one goes on, by made name: each try of a taken one costs a durable write. */
  readonly #searchFrom = new Map<string, number>()

  constructor(options: SnapshotsOptions) {
    this.#options = options
    this.#pool = new ConversionPool({
      threads: options.workerThreads,
      maxQueue: CONVERSION_QUEUE,
      jobMs: () => options.timeoutMs + CONVERSION_MS,
      ...(options.openWorkers === undefined ? {} : { open: options.openWorkers }),
    })
    this.#storage = new StorageGuard(options)
    this.events = new TypedEvents((thrown, event) =>
      options.logger.error({ event, error: String(thrown) }, 'a listener of snapshot events failed'),
    )
  }

  async start(): Promise<void> {
    await makeFolder(this.#options.dir).catch((thrown: unknown) => {
      this.#options.logger.warn({ dir: this.#options.dir, error: errorText(thrown) }, 'snapshots cannot be stored')
    })
    await removeLeftovers(this.#options.dir)
    if (this.#options.fallbackDir !== undefined) await removeLeftovers(this.#options.fallbackDir)
  }

  async stop(): Promise<void> {
    await this.#pool.stop()
  }

  /** Of the places for conversions that wait. */
  get queueUsedPercent(): number {
    return this.#pool.queueUsedPercent
  }

  /** How long the conversion that runs longest has been running. */
  get oldestJobMs(): number {
    return this.#pool.oldestJobMs
  }

  /**
   * Throws INVALID_PARAMS, CAMERA_NOT_FOUND, INVALID_STATE (unplugged, disk full), DEPENDENCY_FAILED (camera or storage),
   * RATE_LIMITED. Nothing is left behind on failure.
   */
  async take(params: TakeSnapshotParams, signal: AbortSignal): Promise<SnapshotResult> {
    if (!this.#options.enabled) throw new ServiceError('UNSUPPORTED', { data: { feature: 'snapshots' } })
    try {
      const placed = await this.#take(params, signal)
      const { device } = params
      const { filename, file, width, height } = placed
      this.events.emit('taken', { device, filename, file, resolution: `${width}x${height}` })
      return {
        device,
        filename,
        status: 'SUCCESS',
        timestamp: timestamp(placed.capturedWallMs),
        file_size: placed.sizeBytes,
        file_path: file,
        ...placed.way,
      }
    } catch (thrown) {
      const error = toServiceError(thrown)
      const clientsFault = error.code === 'INVALID_PARAMS' || error.code === 'CAMERA_NOT_FOUND'
      if (!clientsFault && !signal.aborted) this.events.emit('failed', { device: params.device, error: error.details })
      throw error
    }
  }

  async #take(params: TakeSnapshotParams, signal: AbortSignal): Promise<Placed> {
    const { cameras, streams } = this.#options
    if (streams?.has(params.device) === true) {
      return this.#takeFrom(pictureOrigin(await streams.take(params.device, signal)), params, signal)
    }
    const sibling = cameras.sibling(params.device)
    if (sibling !== undefined) {
      try {
        const lease = await cameras.lease(sibling)
        return await this.#takeFrom(cameraOrigin(lease, 'mjpeg_sibling'), params, signal)
      } catch (thrown) {
        // Held by somebody else, or too much for the bus: there is another way. A full disk is one on every way.
        if (!isCamerasFault(thrown)) throw thrown
      }
    }
    const lease = await cameras.lease(params.device)
    return this.#takeFrom(cameraOrigin(lease, lease.info.fourcc === H264 ? 'ffmpeg_decode' : undefined), params, signal)
  }

  async #takeFrom(origin: Origin, params: TakeSnapshotParams, signal: AbortSignal): Promise<Placed> {
    const { dir, fallbackDir, deviceSubdirs } = this.#options
    const below = (root: string) => (deviceSubdirs ? join(root, params.device) : root)
    try {
      const plan = planSnapshot(params, origin.size, this.#options)
      try {
        return await this.#takeInto(below(dir), origin, plan, params, signal)
      } catch (thrown) {
        if (fallbackDir === undefined || !isFoldersFault(thrown)) throw thrown
        this.#options.logger.warn({ dir, fallbackDir, error: errorText(thrown) }, 'a snapshot goes to storage.fallback_path')
        // When that fails too, the configured folder's error is the one to tell.
        return await this.#takeInto(below(fallbackDir), origin, plan, params, signal).catch(() => Promise.reject(thrown))
      }
    } finally {
      origin.release()
    }
  }

  async #takeInto(
    dir: string,
    origin: Origin,
    plan: SnapshotPlan,
    params: TakeSnapshotParams,
    signal: AbortSignal,
  ): Promise<Placed> {
    try {
      await this.#storage.prepare(dir)
      signal.throwIfAborted()
      const made = plan.filename === undefined
      const filename =
        plan.filename ??
        withExtension(fillPattern(this.#options.filePattern, params.device, this.#options.clock.wallMs()), plan.format)
      // A name that the caller chose may have become free again, so it is always tried first.
      const first = made ? (this.#searchFrom.get(join(dir, filename)) ?? 1) : 1
      const { attempt, placed } = await this.#place(origin, plan, dir, filename, first, signal)
      if (made) this.#remember(join(dir, filename), attempt + 1)
      return placed
    } catch (thrown) {
      this.#storage.forget(dir)
      throw thrown
    }
  }

  /** Writes under the first free name from try `first` on; somebody else may take a name between our look and our write. */
  async #place(
    origin: Origin,
    plan: SnapshotPlan,
    dir: string,
    wanted: string,
    first: number,
    signal: AbortSignal,
  ): Promise<{ readonly attempt: number; readonly placed: Placed }> {
    for (let attempt = first; attempt < first + MAX_NAMES; attempt += 1) {
      const filename = candidateName(wanted, attempt)
      const file = join(dir, filename)
      if (this.#reserved.has(file)) continue
      this.#reserved.add(file)
      try {
        if (await this.#isElsewhere(file)) continue
        return { attempt, placed: { filename, way: origin.way, ...(await this.#write(origin, plan, dir, filename, signal)) } }
      } catch (thrown) {
        if (!isNameTaken(thrown)) throw thrown
      } finally {
        this.#reserved.delete(file)
      }
    }
    throw new ServiceError('INVALID_PARAMS', {
      data: { param: 'filename', rule: 'a free name', hint: 'choose another name' },
      details: 'too many files of this name exist',
    })
  }

  /** Whether the name is taken in the folder that is not written to now. */
  async #isElsewhere(file: string): Promise<boolean> {
    const { dir, fallbackDir } = this.#options
    if (fallbackDir === undefined) return false
    const below = relative(dir, file)
    const other = below.startsWith('..') ? join(dir, relative(fallbackDir, file)) : join(fallbackDir, below)
    return access(other).then(
      () => true,
      () => false,
    )
  }

  #remember(name: string, next: number): void {
    const known = this.#searchFrom.get(name) ?? 1
    // Deleted first, so that the names in use stay the newest.
    this.#searchFrom.delete(name)
    this.#searchFrom.set(name, Math.max(known, next))
    const [oldest] = this.#searchFrom.keys()
    if (this.#searchFrom.size > MAX_REMEMBERED && oldest !== undefined) this.#searchFrom.delete(oldest)
  }

  #write(
    { from }: Origin,
    { conversion }: SnapshotPlan,
    dir: string,
    name: string,
    signal: AbortSignal,
  ): Promise<Omit<Placed, 'filename' | 'way'>> {
    const { core, ffmpeg, timeoutMs } = this.#options
    if ('jpeg' in from) return this.#pool.convert({ from, conversion, dir, name }, signal)
    const { source } = from
    const wish = { maxAgeMs: MAX_AGE_MS, timeoutMs }
    // While somebody watches such a camera its pictures are decoded anyway.
    const decodes = from.decodes && !this.#hasPictures(source)
    if (conversion === undefined && !decodes) return core.saveFrame(source, wish, dir, name)
    const decode = { ffmpeg: ffmpeg.binary, searchPath: ffmpeg.searchPath, timeoutMs }
    const frame = { coreId: core.id, source, wish, ...(decodes ? { decode } : {}) }
    return this.#pool.convert({ from: frame, conversion, dir, name }, signal)
  }

  #hasPictures(source: string): boolean {
    return (this.#options.core.captureStats(source, MAX_AGE_MS)?.retained ?? 0) > 0
  }
}

const H264 = 'H264'

function cameraOrigin(lease: Lease, method: CaptureMethod | undefined): Origin {
  return {
    size: lease.info,
    from: { source: lease.source, decodes: method === 'ffmpeg_decode' },
    way: method === undefined ? {} : { capture_method: method },
    release: () => lease.release(),
  }
}

function pictureOrigin(picture: StreamPicture): Origin {
  const { method, tier } = picture.used
  return {
    size: picture,
    from: picture,
    way: { capture_method: method, tier_used: tier, capture_time_ms: Math.round(picture.elapsedMs) },
    release: () => undefined,
  }
}
