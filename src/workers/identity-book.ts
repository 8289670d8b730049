/** Identities that other threads were told of, so that they can be told when a right is shortened. */

import type { Identity } from '../auth/index.js'
import type { Clock } from '../base/clock.js'
import type { IdentityFacts } from './protocol.js'

interface Entry {
  readonly id: number
  readonly forget: () => void
}

/** How many there are before those that are over are looked for. */
const TIDY_AT = 256

export class IdentityBook {
  readonly #clock: Pick<Clock, 'wallMs'>
  readonly #onShortened: (id: number, expiresAtMs: number) => void
  readonly #entries = new Map<Identity, Entry>()
  #lastId = 0
  #tidyAt = TIDY_AT
  #isClosed = false

  constructor(clock: Pick<Clock, 'wallMs'>, onShortened: (id: number, expiresAtMs: number) => void) {
    this.#clock = clock
    this.#onShortened = onShortened
  }

  /** The same identity has the same id each time. */
  factsOf(identity: Identity): IdentityFacts {
    const { userId, role, expiresAtMs, localOnly } = identity
    const facts = { userId, role, expiresAtMs, ...(localOnly === undefined ? {} : { localOnly }) }
    return { ...facts, id: identity.onRevoked === undefined || this.#isClosed ? undefined : this.#idOf(identity) }
  }

  /** Nobody is left to be told. */
  close(): void {
    this.#isClosed = true
    for (const { forget } of this.#entries.values()) forget()
    this.#entries.clear()
  }

  #idOf(identity: Identity): number {
    const known = this.#entries.get(identity)
    if (known !== undefined) return known.id
    if (this.#entries.size >= this.#tidyAt) this.#tidy()
    this.#lastId += 1
    const id = this.#lastId
    const forget = identity.onRevoked?.(() => this.#onShortened(id, identity.expiresAtMs)) ?? (() => undefined)
    this.#entries.set(identity, { id, forget })
    return id
  }

  #tidy(): void {
    const wallMs = this.#clock.wallMs()
    for (const [identity, { forget }] of this.#entries) {
      if (identity.expiresAtMs > wallMs) continue
      forget()
      this.#entries.delete(identity)
    }
    this.#tidyAt = Math.max(TIDY_AT, 2 * this.#entries.size)
  }
}

interface Right {
  expiresAtMs: number
  readonly listeners: Set<() => void>
}

/** The other side: identities as they were told, and what becomes of them. */
export class FarIdentities {
  readonly #known = new Map<number, Right>()
  readonly #clock: Pick<Clock, 'wallMs'>
  #tidyAt = TIDY_AT

  constructor(clock: Pick<Clock, 'wallMs'>) {
    this.#clock = clock
  }

  /** The same id is the same identity: what ends it ends it for all its sessions. */
  identityFrom({ id, ...facts }: IdentityFacts): Identity {
    if (id === undefined) return facts
    if (this.#known.size >= this.#tidyAt) this.#tidy()
    const right = this.#known.get(id) ?? { expiresAtMs: facts.expiresAtMs, listeners: new Set() }
    this.#known.set(id, right)
    return {
      ...facts,
      get expiresAtMs() {
        return right.expiresAtMs
      },
      onRevoked(listener) {
        right.listeners.add(listener)
        return () => right.listeners.delete(listener)
      },
    }
  }

  shortened(id: number, expiresAtMs: number): void {
    const right = this.#known.get(id)
    if (right === undefined) return
    right.expiresAtMs = expiresAtMs
    for (const listener of [...right.listeners]) listener()
  }

  #tidy(): void {
    const wallMs = this.#clock.wallMs()
    for (const [id, { expiresAtMs }] of this.#known) if (expiresAtMs <= wallMs) this.#known.delete(id)
    this.#tidyAt = Math.max(TIDY_AT, 2 * this.#known.size)
  }
}
