/** Who logged in with an API key. It ends for all its sessions at once: they ask it at each call how long it is good. */

import type { Identity } from '../claims.js'
import type { KeyRecord } from './record.js'

/** For keys that never expire: the last moment that the wire can write. */
const FOREVER_MS = Date.UTC(9999, 11, 31, 23, 59, 59)

export class KeyIdentity implements Identity {
  readonly userId: string
  readonly role: Identity['role']
  #expiresAtMs: number
  readonly #listeners = new Set<() => void>()

  constructor({ id, role, expiresMs }: KeyRecord) {
    this.userId = `api-key:${id}`
    this.role = role
    this.#expiresAtMs = expiresMs ?? FOREVER_MS
  }

  get expiresAtMs(): number {
    return this.#expiresAtMs
  }

  /** Calls `listener` when the key is taken back before its time; the function returned ends that. */
  onRevoked(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  revoke(wallMs: number): void {
    if (this.#expiresAtMs <= wallMs) return
    this.#expiresAtMs = wallMs
    for (const listener of [...this.#listeners]) listener()
  }
}
