/**
 * Checks keys of an older edition against their bcrypt hashes, each a quarter of a second of work: in the library's thread, one at a
 * time, with few waiting. A key that fits is kept by a fast hash from then on, so that this is done once.
 */

import { ServiceError } from '../../base/errors.js'
import { digestOf } from './secret.js'

/** Older keys have 32 letters and digits; anything else is none of them. */
const OLDER_KEY = /^[A-Za-z0-9]{32}$/
const MAX_WAITING = 32
/** Keys that fitted nowhere, so that whoever repeats one costs nothing. */
const MAX_REMEMBERED = 1024
const BUSY_RETRY_MS = 2_000

export interface SlowHash {
  readonly id: string
  readonly hash: string
}

export class SlowHashes {
  #queue: Promise<unknown> = Promise.resolve()
  readonly #underWay = new Map<string, Promise<string | undefined>>()
  readonly #misses = new Set<string>()

  mayFit(key: string): boolean {
    return OLDER_KEY.test(key)
  }

  /** Id of the hash that `key` fits, among those that `hashes` gives in its turn. Rejects with RATE_LIMITED while too many wait. */
  find(key: string, hashes: () => readonly SlowHash[]): Promise<string | undefined> {
    const name = digestOf(key).toString('base64')
    if (this.#misses.has(name)) return Promise.resolve(undefined)
    const same = this.#underWay.get(name)
    if (same !== undefined) return same
    if (this.#underWay.size >= MAX_WAITING) {
      return Promise.reject(
        new ServiceError('RATE_LIMITED', {
          data: { retry_after_ms: BUSY_RETRY_MS },
          details: 'too many keys of the older kind are being checked',
        }),
      )
    }
    const found = this.#queue.then(() => firstFit(key, hashes()))
    this.#queue = found.catch(() => undefined)
    const settled = found
      .then((id) => {
        if (id === undefined) this.#remember(name)
        return id
      })
      .finally(() => this.#underWay.delete(name))
    this.#underWay.set(name, settled)
    return settled
  }

  /** Other hashes are there now: what fitted nowhere may fit. */
  forgetMisses(): void {
    this.#misses.clear()
  }

  #remember(name: string): void {
    if (this.#misses.size >= MAX_REMEMBERED) this.#misses.delete(this.#misses.values().next().value ?? '')
    this.#misses.add(name)
  }
}

async function firstFit(key: string, hashes: readonly SlowHash[]): Promise<string | undefined> {
  const { compare } = await import('bcrypt')
  for (const { id, hash } of hashes) {
    // Some makers write 2y for what others call 2b.
    if (await compare(key, hash.replace(/^\$2[xy]\$/, '$2b$'))) return id
  }
  return undefined
}
