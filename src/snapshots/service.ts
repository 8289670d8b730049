/** Takes snapshots: newest frame of a camera into a file that appears whole or not at all. */

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, timestamp } from '../base/clock.js'
import { errorText, ServiceError } from '../base/errors.js'
import { TypedEvents } from '../base/events.js'
import type { Service } from '../base/lifecycle.js'
import type { Logger } from '../base/logger.js'
import { captureError, type Lease, nativeCode } from '../cameras/index.js'
import type { Core } from '../native/index.js'
import {
  candidateName,
  fillPattern,
  planSnapshot,
  type SnapshotFormat,
  type SnapshotPlan,
  type TakeSnapshotParams,
  withExtension,
} from './plan.js'
import { ConversionPool } from './pool.js'
import { StorageGuard, storageFull } from './storage.js'
import { removeLeftovers } from './temporary.js'

export interface SnapshotsOptions {
  /** Where frames come from. */
  readonly cameras: { lease(device: string): Promise<Lease> }
  readonly core: Core
  readonly clock: Clock
  readonly logger: Logger
  readonly dir: string
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
}

export type SnapshotEvents = {
  taken: { readonly device: string; readonly filename: string; readonly resolution: string }
  failed: { readonly device: string; readonly error: string }
}

/** A frame at most so old is good enough: what is on the hub now, for a running camera. */
const MAX_AGE_MS = 200
/** Names tried when others take them at the same moment. */
const MAX_NAMES = 1_000
/** Made names whose number of pictures is remembered: one per camera and second. */
const MAX_REMEMBERED = 256
const CONVERSION_QUEUE = 256

interface Placed {
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
    this.#pool = new ConversionPool({ threads: options.workerThreads, maxQueue: CONVERSION_QUEUE })
    this.#storage = new StorageGuard(options)
    this.events = new TypedEvents((thrown, event) =>
      options.logger.error({ event, error: String(thrown) }, 'a listener of snapshot events failed'),
    )
  }

  async start(): Promise<void> {
    await mkdir(this.#options.dir, { recursive: true }).catch((thrown: unknown) => {
      this.#options.logger.warn({ dir: this.#options.dir, error: errorText(thrown) }, 'snapshots cannot be stored')
    })
    await removeLeftovers(this.#options.dir)
  }

  async stop(): Promise<void> {
    await this.#pool.stop()
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
      this.events.emit('taken', { device, filename: placed.filename, resolution: `${placed.width}x${placed.height}` })
      return {
        device,
        filename: placed.filename,
        status: 'SUCCESS',
        timestamp: timestamp(placed.capturedWallMs),
        file_size: placed.sizeBytes,
        file_path: placed.file,
      }
    } catch (thrown) {
      const error = toServiceError(thrown)
      const clientsFault = error.code === 'INVALID_PARAMS' || error.code === 'CAMERA_NOT_FOUND'
      if (!clientsFault && !signal.aborted) this.events.emit('failed', { device: params.device, error: error.details })
      throw error
    }
  }

  async #take(params: TakeSnapshotParams, signal: AbortSignal): Promise<Placed> {
    const { cameras, clock, deviceSubdirs } = this.#options
    const dir = deviceSubdirs ? join(this.#options.dir, params.device) : this.#options.dir
    const lease = await cameras.lease(params.device)
    try {
      const plan = planSnapshot(params, lease.info, this.#options)
      await this.#storage.prepare(dir)
      signal.throwIfAborted()
      const made = plan.filename === undefined
      const filename =
        plan.filename ?? withExtension(fillPattern(this.#options.filePattern, params.device, clock.wallMs()), plan.format)
      // A name that the caller chose may have become free again, so it is always tried first.
      const first = made ? (this.#searchFrom.get(join(dir, filename)) ?? 1) : 1
      const { attempt, placed } = await this.#place(lease.source, plan, dir, filename, first, signal)
      if (made) this.#remember(join(dir, filename), attempt + 1)
      return placed
    } catch (thrown) {
      this.#storage.forget(dir)
      throw thrown
    } finally {
      lease.release()
    }
  }

  /** Writes under the first free name from try `first` on; somebody else may take a name between our look and our write. */
  async #place(
    source: string,
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
        return { attempt, placed: { filename, ...(await this.#write(source, plan, dir, filename, signal)) } }
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

  #remember(name: string, next: number): void {
    const known = this.#searchFrom.get(name) ?? 1
    // Deleted first, so that the names in use stay the newest.
    this.#searchFrom.delete(name)
    this.#searchFrom.set(name, Math.max(known, next))
    const [oldest] = this.#searchFrom.keys()
    if (this.#searchFrom.size > MAX_REMEMBERED && oldest !== undefined) this.#searchFrom.delete(oldest)
  }

  #write(source: string, plan: SnapshotPlan, dir: string, name: string, signal: AbortSignal): Promise<Omit<Placed, 'filename'>> {
    const { core } = this.#options
    const wish = { maxAgeMs: MAX_AGE_MS, timeoutMs: this.#options.timeoutMs }
    const { conversion } = plan
    if (conversion === undefined) return core.saveFrame(source, wish, dir, name)
    return this.#pool.convert({ coreId: core.id, source, wish, conversion, dir, name }, signal)
  }
}

function isNameTaken(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    (('code' in thrown && thrown.code === 'EEXIST') || ('errno' in thrown && Math.abs(Number(thrown.errno)) === EEXIST))
  )
}

const EEXIST = 17
/** What a folder can do to a writer. A name that is taken is handled before; here EEXIST is a file where the folder should be. */
const STORAGE_CODES = new Set([
  'ENOENT',
  'EACCES',
  'EPERM',
  'EROFS',
  'EEXIST',
  'ENOTDIR',
  'EISDIR',
  'EIO',
  'EDQUOT',
  'EMFILE',
  'ELOOP',
  'ENAMETOOLONG',
])

function toServiceError(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  if (code === 'DISK_FULL' || code === 'ENOSPC') return storageFull('no space is left on the disk')
  if (nativeCode(thrown) === 'IO' || STORAGE_CODES.has(code)) {
    const detail = `the snapshot could not be written: ${errorText(thrown)}`
    return new ServiceError('DEPENDENCY_FAILED', {
      data: { dependency: 'storage', detail },
      details: detail,
      suggestion: 'check mediamtx.snapshots_path: the service must be able to write there',
      cause: thrown,
    })
  }
  return captureError(thrown)
}
