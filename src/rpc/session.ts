/** Who is behind one connection, and what it has under way. */

import { setMaxListeners } from 'node:events'
import { type Identity, isExpired, type RatePlace, type RateState, type Role } from '../auth/index.js'
import type { Codec, Payload } from './codec.js'

/** The connection as the session sees it. */
export interface Peer {
  /** Queues one frame. Never throws, also after the connection has gone. */
  send(payload: Payload, binary: boolean): void
  /** As `send`, for a notification. With a `key`, a newer one may take the place of one that still waits. */
  notify(payload: Uint8Array, binary: boolean, key: string | undefined): void
  close(code: number, reason: string): void
  /** The session's right ends at another moment than before. Never throws, also after the connection has gone. */
  rightChanged(): void
}

export interface SessionOptions {
  readonly clientId: string
  /** Name under which the client reached us, for links. */
  readonly linkHost: string
  /** The client is a program of this machine. */
  readonly local: boolean
  /** Of the client; undefined where it cannot be told from others. */
  readonly address: string | undefined
  /** Encoding of notifications, and of binary frames when it is binary. */
  readonly codec: Codec
  readonly peer: Peer
  readonly rate: RateState
}

/** Rank of a role; 0 is nobody. Each role includes the lower ones. */
export const RANK: Readonly<Record<Role | 'none', number>> = { none: 0, viewer: 1, operator: 2, admin: 3 }

export class Session {
  readonly clientId: string
  readonly linkHost: string
  readonly local: boolean
  readonly address: string | undefined
  readonly codec: Codec
  readonly peer: Peer
  /** State of the connection's rate limit. */
  readonly rate: RateState
  /** The rate of the identity, from its first call on. */
  identityRate: RatePlace | undefined
  /** Calls that have not been answered yet. */
  inFlight = 0
  #identity: Identity | undefined
  /** Of what becomes of the identity. */
  #endListening: (() => void) | undefined
  #legacy = false
  #abort: AbortController | undefined
  #closed = false
  #afterReply: (() => void) | undefined
  #refusalsSinceMs = 0
  #refusals = 0

  constructor(options: SessionOptions) {
    this.clientId = options.clientId
    this.linkHost = options.linkHost
    this.local = options.local
    this.address = options.address
    this.codec = options.codec
    this.peer = options.peer
    this.rate = options.rate
  }

  /** The login, expired or not. */
  get identity(): Identity | undefined {
    return this.#identity
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Aborts when the connection goes. */
  get signal(): AbortSignal {
    this.#abort ??= unlimited(new AbortController())
    if (this.#closed) this.#abort.abort()
    return this.#abort.signal
  }

  /** The last login was spelt in the legacy way. */
  get legacy(): boolean {
    return this.#legacy
  }

  login(identity: Identity, spelling: 'legacy' | 'present' = 'present'): void {
    this.#endListening?.()
    // A login that was under way when the connection went is nobody's: nothing may hold on to the session.
    this.#endListening = this.#closed ? undefined : identity.onRevoked?.(() => this.peer.rightChanged())
    this.#identity = identity
    this.peer.rightChanged()
    this.identityRate = undefined
    this.#legacy = spelling === 'legacy'
  }

  /** Rank of the role held at `wallMs`: 0 before login and from the token's end on. */
  rankAt(wallMs: number): number {
    const identity = this.#identity
    return identity === undefined || isExpired(identity, wallMs) ? 0 : RANK[identity.role]
  }

  /** Counts one refused call; the number of those within the last `windowMs`, restarted with each window. */
  countRefusal(nowMs: number, windowMs: number): number {
    if (this.#refusals === 0 || nowMs - this.#refusalsSinceMs > windowMs) {
      this.#refusalsSinceMs = nowMs
      this.#refusals = 0
    }
    this.#refusals += 1
    return this.#refusals
  }

  /** What follows the reply to the call that runs now. */
  afterReply(action: () => void): void {
    this.#afterReply = action
  }

  /** Sends a reply, undefined when there is none to send, and what is to follow it. */
  reply(payload: Payload | undefined, binary: boolean): void {
    const follow = this.#afterReply
    this.#afterReply = undefined
    if (this.#closed) return
    if (payload !== undefined) this.peer.send(payload, binary)
    follow?.()
  }

  close(): void {
    this.#closed = true
    this.#endListening?.()
    this.#endListening = undefined
    this.#abort?.abort()
  }
}

/** Every call under way listens, and that is no leak to warn of. */
function unlimited(controller: AbortController): AbortController {
  setMaxListeners(0, controller.signal)
  return controller
}
