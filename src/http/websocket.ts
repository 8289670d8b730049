/** One WebSocket connection: limits, deadlines and the bounded way out. What frames mean, the session knows. */

import type { OpenSession, Peer } from '../rpc/index.js'
import { type FrameSink, Outbound, type OutboundLimits } from './outbound.js'

/** The part of a WebSocket that is used. */
export interface Socket extends FrameSink {
  ping(): number
  /** Close frame, then the end; what the socket's buffer holds goes out before it. */
  end(code: number, reason: string): void
}

export interface ConnectionLimits extends OutboundLimits {
  /** Largest message before login; after it the server's own limit rules. */
  readonly anonymousMessageBytes: number
  readonly pingIntervalMs: number
  /** Time for the first login; 0: no limit. */
  readonly loginMs: number
  /** Time to log in again once the token has ended; 0: no limit. */
  readonly renewalMs: number
  /** Longest time in which a reader takes nothing while something waits. */
  readonly stallMs: number
}

/** Close codes (4xxx are ours). */
export const CLOSE = {
  goingAway: 1001,
  tooBig: 1009,
  loginLate: 4001,
  slowReader: 4008,
  expired: 4010,
} as const

interface Deferred {
  readonly bytes: ArrayBuffer
  readonly binary: boolean
}

export class Connection implements Peer {
  readonly #socket: Socket
  readonly #limits: ConnectionLimits
  readonly #out: Outbound
  readonly #onLogin: () => void
  readonly #openedAtMs: number
  #session: OpenSession | undefined
  #loggedIn = false
  #closing = false
  #closeCode: number | undefined
  #pingedAtMs: number
  #progressAtMs: number
  /** Requests that came while too many replies wait: uWebSockets.js cannot stop reading a WebSocket, so they wait unread. */
  #deferred: Deferred[] = []
  #deferredBytes = 0

  /** `onLogin` is called once, after the first successful login was seen. */
  constructor(socket: Socket, limits: ConnectionLimits, nowMs: number, onLogin: () => void) {
    this.#socket = socket
    this.#limits = limits
    this.#out = new Outbound(socket, limits)
    this.#onLogin = onLogin
    this.#openedAtMs = nowMs
    this.#pingedAtMs = nowMs
    this.#progressAtMs = nowMs
  }

  get loggedIn(): boolean {
    return this.#loggedIn
  }

  get coalesced(): number {
    return this.#out.coalesced
  }

  /** Of our decision to close; undefined as long as there was none. */
  get closeCode(): number | undefined {
    return this.#closeCode
  }

  get inFlight(): number {
    return this.#session?.inFlight ?? 0
  }

  /** Bytes of this connection held in memory. */
  get pendingBytes(): number {
    return this.#closing ? 0 : this.#out.pendingBytes + this.#deferredBytes
  }

  attach(session: OpenSession): void {
    this.#session = session
  }

  /** One frame came in. `bytes` are only valid during the call. */
  receive(bytes: ArrayBuffer, binary: boolean): void {
    if (this.#closing) return
    if (!this.#loggedIn && !this.#seeLogin() && bytes.byteLength > this.#limits.anonymousMessageBytes) {
      this.close(CLOSE.tooBig, 'message too big before login')
      return
    }
    if (this.#out.congested || this.#deferred.length > 0) this.#defer(bytes, binary)
    else this.#session?.receive(bytes, binary)
  }

  send(payload: string | Uint8Array, binary: boolean): void {
    // The reply to a login makes room for the next who has not logged in.
    if (!this.#loggedIn) this.#seeLogin()
    if (!this.#closing) this.#push(payload, binary, false, undefined)
  }

  notify(payload: Uint8Array, binary: boolean, key: string | undefined): void {
    if (!this.#closing) this.#push(payload, binary, true, key)
  }

  /** The socket's buffer has shrunk. */
  drained(nowMs: number): void {
    this.#progressAtMs = nowMs
    this.#out.drained()
    while (this.#deferred.length > 0 && !this.#closing && !this.#out.congested) {
      const next = this.#deferred.shift()
      if (next === undefined) break
      this.#deferredBytes -= next.bytes.byteLength
      this.#session?.receive(next.bytes, next.binary)
    }
  }

  /** Called about once a second: what is overdue is done. */
  sweep(nowMs: number, wallMs: number): void {
    if (this.#closing) return
    if (!this.#loggedIn && !this.#seeLogin() && isOver(nowMs - this.#openedAtMs, this.#limits.loginMs)) {
      this.close(CLOSE.loginLate, 'no login in time')
      return
    }
    const expiresAtMs = this.#session?.expiresAtMs
    if (expiresAtMs !== undefined && isOver(wallMs - expiresAtMs, this.#limits.renewalMs)) {
      this.close(CLOSE.expired, 'token expired')
      return
    }
    if (nowMs - this.#pingedAtMs >= this.#limits.pingIntervalMs) {
      this.#pingedAtMs = nowMs
      this.#socket.ping()
    }
    this.#watchProgress(nowMs)
  }

  /** Our decision: no data frame after it, and the reason for the peer to read when it reads on. */
  close(code: number, reason: string): void {
    if (this.#closing) return
    this.#closeCode = code
    this.gone()
    this.#socket.end(code, reason)
  }

  /** The socket has gone, or is about to. */
  gone(): void {
    if (this.#closing) return
    this.#closing = true
    this.#out.clear()
    this.#deferred = []
    this.#deferredBytes = 0
    this.#session?.close()
  }

  #push(payload: string | Uint8Array, binary: boolean, notification: boolean, key: string | undefined): void {
    if (!this.#out.push(payload, binary, notification, key)) this.close(CLOSE.slowReader, 'slow reader')
  }

  #defer(lent: ArrayBuffer, binary: boolean): void {
    this.#deferred.push({ bytes: lent.slice(0), binary })
    this.#deferredBytes += lent.byteLength
    if (this.pendingBytes > this.#limits.hardBytes) this.close(CLOSE.slowReader, 'slow reader')
  }

  /** A login may have been finished since the last look; the session cannot call, since it knows no connection. */
  #seeLogin(): boolean {
    if (this.#session?.expiresAtMs === undefined) return false
    this.#loggedIn = true
    this.#onLogin()
    return true
  }

  #watchProgress(nowMs: number): void {
    if (!this.#out.blocked) this.#out.look()
    // A later frame can have emptied the buffer, and then no event tells of it.
    if (this.#out.blocked && this.#socket.getBufferedAmount() === 0) this.drained(nowMs)
    if (!this.#out.blocked) this.#progressAtMs = nowMs
    else if (nowMs - this.#progressAtMs > this.#limits.stallMs) this.close(CLOSE.slowReader, 'slow reader')
  }
}

/** Whether `elapsedMs` passes a limit; 0 is none. */
function isOver(elapsedMs: number, limitMs: number): boolean {
  return limitMs > 0 && elapsedMs > limitMs
}
