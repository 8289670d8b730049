/** Watches the room on the disks of recordings and snapshots: refuses at the limit, tells when a limit is passed. */

import { access, constants, mkdir } from 'node:fs/promises'
import type { Clock } from '../base/clock.js'
import { type DiskRoom, diskRoom, noRoom, storageFull } from '../base/disk-room.js'
import { errorText, ServiceError } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { FileIndex } from './index-store/client.js'

export type StorageState = 'ok' | 'low' | 'full'

export interface StorageWatchOptions {
  /** The first is the one that `info` is about. */
  readonly dirs: readonly [string, ...string[]]
  readonly index: FileIndex
  readonly limits: { readonly warnPercent: number; readonly blockPercent: number }
  readonly clock: Clock
  readonly logger: Logger
  /** Whether something is recorded now. */
  readonly busy: () => boolean
  readonly onChange: (state: StorageState, usedPercent: number) => void
}

export interface StorageInfo {
  readonly total_space: number
  readonly used_space: number
  readonly available_space: number
  readonly usage_percentage: number
  readonly recordings_size: number
  readonly snapshots_size: number
  readonly low_space_warning: boolean
}

/** While something is recorded, and otherwise. */
const LOOK_MS = 1_000
const IDLE_LOOK_MS = 3_000
/** In the order of `dirs`. */
const FOLDERS = ['recordings', 'snapshots']

export class StorageWatch {
  readonly #options: StorageWatchOptions
  #state: StorageState = 'ok'
  #fault: string | undefined
  #cancel: () => void = () => undefined
  #looking = false

  constructor(options: StorageWatchOptions) {
    this.#options = options
  }

  /** The worst of all disks. */
  get state(): StorageState {
    return this.#state
  }

  /** Which folder cannot be written to and why; undefined when all can. */
  get fault(): string | undefined {
    return this.#fault
  }

  start(): void {
    void this.#look()
    const { clock, busy } = this.#options
    const again = (): void => {
      this.#cancel = clock.after(busy() ? LOOK_MS : IDLE_LOOK_MS, () => {
        void this.#look()
        again()
      })
    }
    again()
  }

  stop(): void {
    this.#cancel()
  }

  /** Rejects with INVALID_STATE (`STORAGE_FULL`), and DEPENDENCY_FAILED when the folder cannot be used. */
  async check(dir: string): Promise<void> {
    const full = noRoom(await this.#roomIn(dir), this.#options.limits.blockPercent)
    if (full !== undefined) throw storageFull(full)
  }

  /** Rejects with DEPENDENCY_FAILED when the disk cannot be looked at. */
  async info(): Promise<StorageInfo> {
    const { dirs, index, limits } = this.#options
    const [room, totals] = await Promise.all([this.#roomIn(dirs[0]), index.totals()])
    return {
      total_space: room.totalBytes,
      used_space: room.usedBytes,
      available_space: room.availableBytes,
      usage_percentage: Math.round(room.usedPercent * 100) / 100,
      recordings_size: totals.recording.bytes,
      snapshots_size: totals.snapshot.bytes,
      low_space_warning: room.usedPercent >= limits.warnPercent,
    }
  }

  async #roomIn(dir: string): Promise<DiskRoom> {
    try {
      await mkdir(dir, { recursive: true })
      return await diskRoom(dir)
    } catch (thrown) {
      const detail = `the folder cannot be used: ${errorText(thrown)}`
      throw new ServiceError('DEPENDENCY_FAILED', {
        data: { dependency: 'storage', detail },
        details: detail,
        suggestion: 'check mediamtx.recordings_path and mediamtx.snapshots_path',
        cause: thrown,
      })
    }
  }

  async #look(): Promise<void> {
    // A disk that hangs is asked once, not once a second.
    if (this.#looking) return
    this.#looking = true
    try {
      const { dirs, limits } = this.#options
      const { blockPercent, warnPercent } = limits
      const rooms = await Promise.all(dirs.map((dir) => diskRoom(dir).catch(() => undefined)))
      const known = rooms.filter((room) => room !== undefined)
      const usedPercent = Math.max(0, ...known.map((room) => room.usedPercent))
      const full = known.some((room) => noRoom(room, blockPercent) !== undefined)
      this.#set(full ? 'full' : usedPercent >= warnPercent ? 'low' : 'ok', usedPercent)
      this.#setFault(
        (await Promise.all(dirs.map((dir, order) => faultOf(dir, FOLDERS[order])))).find((fault) => fault !== undefined),
      )
    } finally {
      this.#looking = false
    }
  }

  #set(state: StorageState, usedPercent: number): void {
    if (state === this.#state) return
    this.#state = state
    const facts = { state, usedPercent: Math.round(usedPercent) }
    if (state === 'ok') this.#options.logger.info(facts, 'the disk has room again')
    else
      this.#options.logger.warn(facts, state === 'full' ? 'the disk is full: nothing new is written' : 'the disk is getting full')
    this.#options.onChange(state, usedPercent)
  }

  #setFault(fault: string | undefined): void {
    if (fault === this.#fault) return
    this.#fault = fault
    const { logger } = this.#options
    if (fault === undefined) logger.info({}, 'the folders of recordings and snapshots can be written to again')
    else logger.error({ fault }, 'a folder cannot be written to: nothing is stored there until it can')
  }
}

/** `what` is all that strangers may hear of the folder. */
async function faultOf(dir: string, what = 'files'): Promise<string | undefined> {
  try {
    await access(dir, constants.W_OK | constants.X_OK)
    return undefined
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown)
    // One that is not there is made when it is needed.
    return code === 'ENOENT' ? undefined : `the folder of ${what} cannot be written to (${code})`
  }
}
