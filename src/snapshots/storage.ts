/** Is the folder there, with room for another file? Looked up at most once a second, so that a burst of snapshots costs one look. */

import type { Clock } from '../base/clock.js'
import { type DiskRoom, diskRoom, noRoom, storageFull } from '../base/disk-room.js'
import { makeFolder } from '../base/make-folder.js'

const FRESH_MS = 1_000

export class StorageGuard {
  readonly #limits: { readonly blockPercent: number }
  readonly #clock: Clock
  readonly #looks = new Map<string, { readonly atMs: number; readonly room: Promise<DiskRoom> }>()

  constructor(options: { readonly blockPercent: number; readonly clock: Clock }) {
    this.#limits = options
    this.#clock = options.clock
  }

  /**
   * Makes `dir` when it is missing. Throws INVALID_STATE (`STORAGE_FULL`) when its file system is used beyond the limit, and what
   * the system says when it cannot be looked at: the next call looks again.
   */
  async prepare(dir: string): Promise<void> {
    const nowMs = this.#clock.nowMs()
    let look = this.#looks.get(dir)
    if (look === undefined || nowMs - look.atMs > FRESH_MS) {
      look = { atMs: nowMs, room: roomIn(dir) }
      this.#looks.set(dir, look)
      look.room.catch(() => this.#looks.delete(dir))
    }
    const full = noRoom(await look.room, this.#limits.blockPercent)
    if (full !== undefined) throw storageFull(full)
  }

  /** A write failed: what was seen of the folder no longer holds. */
  forget(dir: string): void {
    this.#looks.delete(dir)
  }
}

async function roomIn(dir: string): Promise<DiskRoom> {
  await makeFolder(dir)
  return diskRoom(dir)
}
