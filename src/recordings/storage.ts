/** Watches the room on the disks of recordings and snapshots: refuses at the limit, tells when a limit is passed. */

import { access, constants } from 'node:fs/promises'
import { type Clock, wait } from '../base/clock.js'
import { type DiskRoom, diskRoom, noRoom, storageFull } from '../base/disk-room.js'
import { errorText, ServiceError } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import { makeFolder } from '../base/make-folder.js'
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
  /**
   * Looked at while something is recorded; told each time that it is full, or that the folder of recordings cannot be written. It is no
   * part of the state.
   */
  readonly fallback?: { readonly dir: string; readonly onFull: () => void; readonly onNeeded: () => void }
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

/** While something is recorded; otherwise the disks are looked at when somebody asks, and nothing wakes up for them. */
const LOOK_MS = 1_000
/** What was seen last is answered then: a disk may hang. */
const PATIENCE_MS = 500
/** In the order of `dirs`. */
const FOLDERS = ['recordings', 'snapshots']

export class StorageWatch {
  readonly #options: StorageWatchOptions
  #state: StorageState = 'ok'
  #fault: string | undefined
  #cancel: (() => void) | undefined
  #looking = false
  #lookedAtMs = Number.NEGATIVE_INFINITY
  #stopped = false

  constructor(options: StorageWatchOptions) {
    this.#options = options
  }

  /** The worst of all disks. */
  get state(): StorageState {
    return this.#state
  }

  /** Which folder cannot be written to and why, as of the last look; undefined when all can. */
  get fault(): string | undefined {
    return this.#fault
  }

  /** The same as of a second ago at most. Never rejects. */
  async faultNow(): Promise<string | undefined> {
    const { clock } = this.#options
    if (!this.#looking && clock.nowMs() - this.#lookedAtMs >= LOOK_MS) {
      const seen = new AbortController()
      const look = this.#look().finally(() => seen.abort())
      await Promise.race([look, wait(clock, PATIENCE_MS, seen.signal).catch(() => undefined)])
    }
    return this.#fault
  }

  start(): void {
    void this.#look()
  }

  /** Something is recorded from now on: looks each second until nothing is. */
  watch(): void {
    if (this.#stopped) return
    const { clock, busy } = this.#options
    this.#cancel ??= clock.after(LOOK_MS, () => {
      this.#cancel = undefined
      void this.#look()
      if (busy()) this.watch()
    })
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
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
      await makeFolder(dir)
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
    this.#lookedAtMs = this.#options.clock.nowMs()
    try {
      const { dirs, limits } = this.#options
      const { blockPercent, warnPercent } = limits
      const rooms = await Promise.all(dirs.map((dir) => diskRoom(dir).catch(() => undefined)))
      const known = rooms.filter((room) => room !== undefined)
      const usedPercent = Math.max(0, ...known.map((room) => room.usedPercent))
      const full = known.some((room) => noRoom(room, blockPercent) !== undefined)
      this.#set(full ? 'full' : usedPercent >= warnPercent ? 'low' : 'ok', usedPercent)
      const faults = await Promise.all(dirs.map((dir, order) => faultOf(dir, FOLDERS[order])))
      this.#setFault(faults.find((fault) => fault !== undefined))
      if (faults[0] !== undefined) this.#options.fallback?.onNeeded()
      await this.#lookAtFallback()
    } finally {
      this.#looking = false
    }
  }

  async #lookAtFallback(): Promise<void> {
    const { fallback, busy, limits } = this.#options
    if (fallback === undefined || !busy()) return
    const room = await diskRoom(fallback.dir).catch(() => undefined)
    if (room !== undefined && noRoom(room, limits.blockPercent) !== undefined) fallback.onFull()
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
