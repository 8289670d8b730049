/** Is the folder there, with room for another file? Looked up at most once a second, so that a burst of snapshots costs one look. */

import { mkdir, statfs } from 'node:fs/promises'
import type { Clock } from '../base/clock.js'
import { ServiceError } from '../base/errors.js'

const FRESH_MS = 1_000
/** Number of older editions for the same failure (contract §12.5). */
const LEGACY_STORAGE_CRITICAL = -1010

export class StorageGuard {
  readonly #blockPercent: number
  readonly #clock: Clock
  readonly #looks = new Map<string, { readonly atMs: number; readonly usedPercent: Promise<number> }>()

  constructor(options: { readonly blockPercent: number; readonly clock: Clock }) {
    this.#blockPercent = options.blockPercent
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
      look = { atMs: nowMs, usedPercent: usedPercent(dir) }
      this.#looks.set(dir, look)
      look.usedPercent.catch(() => this.#looks.delete(dir))
    }
    const used = await look.usedPercent
    if (used >= this.#blockPercent) {
      throw storageFull(`the disk is ${used.toFixed(1)} % full, the limit is ${this.#blockPercent} %`)
    }
  }

  /** A write failed: what was seen of the folder no longer holds. */
  forget(dir: string): void {
    this.#looks.delete(dir)
  }
}

export function storageFull(details: string): ServiceError {
  return new ServiceError('INVALID_STATE', {
    data: { state: 'STORAGE_FULL', allowed_states: ['STORAGE_AVAILABLE'], legacy_code: LEGACY_STORAGE_CRITICAL },
    details,
    suggestion: 'delete files or raise storage.block_percent',
  })
}

async function usedPercent(dir: string): Promise<number> {
  await mkdir(dir, { recursive: true })
  const { blocks, bavail, bfree } = await statfs(dir)
  // As df counts: blocks reserved for root are neither used nor available.
  const used = blocks - bfree
  return used + bavail === 0 ? 0 : (used / (used + bavail)) * 100
}
