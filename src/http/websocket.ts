/** One WebSocket connection: limits, deadlines and the bounded way out. What frames mean, the session knows. */

import type { Clock } from '../base/clock.js'
import type { OpenSession, Peer } from '../rpc/index.js'
import type { Listed } from './due-list.js'
import { type FrameSink, Outbound, type OutboundLimits } from './outbound.js'

/** What the library answers when the kernel has taken all. */
const SENT = 1

/** The part of a WebSocket that is used. */
export interface Socket extends FrameSink {
  /** As `send`. */
  ping(): number
  /** Close frame, then the end; what the socket's buffer holds goes out before it. */
  end(code: number, reason: string): void
  /** The end, at once. */
  close(): void
}

/** What a connection asks of whoever holds it. */
export interface Holder {
  /** Called once, after the first successful login was seen. */
  onLogin(connection: Connection): void
  /** Called once when the end is decided and the socket stays a while. */
  onLeaving(connection: Connection): void
  /** It is to be swept with the next sweep, whatever its last one answered. */
  hasten(connection: Connection): void
  /** `ping` is to be called once this sweep has seen all. */
  onPingDue(connection: Connection): void
  readonly clock: Pick<Clock, 'nowMs' | 'after'>
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
  overloaded: 1013,
  loginLate: 4001,
  slowReader: 4008,
  expired: 4010,
} as const

/** For a reader that is given up to take what lies before the close frame. */
const CUT_MS = 1_000

/** The time for a login may be changed while it runs: that is seen within this time. */
const DEADLINE_SEEN_MS = 5_000

interface Leaving {
  readonly code: number
  readonly reason: string
  readonly cancelCut: () => void
}

interface Deferred {
  readonly bytes: ArrayBuffer
  readonly binary: boolean
}

export class Connection implements Peer, Listed {
  /** In the list of its holder. */
  place = 0
  readonly #socket: Socket
  readonly #limits: ConnectionLimits
  readonly #out: Outbound
  readonly #holder: Holder
  readonly #openedAtMs: number
  #session: OpenSession | undefined
  #loggedIn = false
  #closing = false
  #closeCode: number | undefined
  #leaving: Leaving | undefined
  #pingedAtMs: number
  /** Since when the reader has taken nothing; undefined when nothing waits for it. */
  #progressAtMs: number | undefined
  /** Requests that came while too many replies wait: uWebSockets.js cannot stop reading a WebSocket, so they wait unread. */
  #deferred: Deferred[] = []
  #deferredBytes = 0

  /** `pingedAtMs`: from then on the first ping is waited for. */
  constructor(socket: Socket, limits: ConnectionLimits, nowMs: number, holder: Holder, pingedAtMs = nowMs) {
    this.#socket = socket
    this.#limits = limits
    this.#out = new Outbound(socket, limits)
    this.#holder = holder
    this.#openedAtMs = nowMs
    this.#pingedAtMs = pingedAtMs
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

  rightChanged(): void {
    this.#holder.hasten(this)
  }

  /** The socket's buffer has shrunk. */
  drained(nowMs: number): void {
    if (this.#leaving !== undefined) this.#leave(this.#leaving)
    if (this.#closing) return
    this.#out.drained()
    this.#progressAtMs = undefined
    if (this.#out.blocked) this.#watch(nowMs)
    while (this.#deferred.length > 0 && !this.#closing && !this.#out.congested) {
      const next = this.#deferred.shift()
      if (next === undefined) break
      this.#deferredBytes -= next.bytes.byteLength
      this.#session?.receive(next.bytes, next.binary)
    }
  }

  /** The library answered a ping of the client's: the answer may wait. */
  wasPinged(): void {
    this.#look()
  }

  /** Does what is overdue. Answers when to call again, unless `hasten` is called before. */
  sweep(nowMs: number, wallMs: number): number {
    if (this.#closing) return Number.POSITIVE_INFINITY
    const { loginMs, renewalMs, pingIntervalMs } = this.#limits
    let dueMs = Number.POSITIVE_INFINITY
    if (!this.#loggedIn && !this.#seeLogin()) {
      const leftMs = loginMs > 0 ? this.#openedAtMs + loginMs - nowMs : dueMs
      if (leftMs < 0) return this.#over(CLOSE.loginLate, 'no login in time')
      dueMs = Math.min(leftMs, DEADLINE_SEEN_MS)
    }
    const expiresAtMs = this.#session?.expiresAtMs
    if (expiresAtMs !== undefined && renewalMs > 0) {
      const leftMs = expiresAtMs + renewalMs - wallMs
      if (leftMs < 0) return this.#over(CLOSE.expired, 'token expired')
      dueMs = Math.min(dueMs, leftMs)
    }
    if (nowMs - this.#pingedAtMs >= pingIntervalMs) {
      this.#pingedAtMs = nowMs
      this.#holder.onPingDue(this)
    }
    dueMs = Math.min(dueMs, this.#pingedAtMs + pingIntervalMs - nowMs)
    this.#watchProgress(nowMs)
    return this.#out.blocked ? nowMs : nowMs + dueMs
  }

  ping(): void {
    // What the kernel has not taken waits now.
    if (!this.#closing && this.#socket.ping() !== SENT) this.#look()
  }

  /**
   * Our decision: no data frame after it. The reason follows what the peer has yet to read; one that does not read that either is cut off.
   */
  close(code: number, reason: string): void {
    if (this.#closing) return
    this.#closeCode = code
    this.#end()
    if (this.#socket.getBufferedAmount() === 0) {
      this.#socket.end(code, reason)
      return
    }
    // Ended now, the library would keep the socket, out of our reach, until the peer reads or counts as dead.
    this.#leaving = { code, reason, cancelCut: this.#holder.clock.after(CUT_MS, () => this.#socket.close()) }
    this.#holder.onLeaving(this)
  }

  /** The socket has gone. */
  gone(): void {
    this.#leaving?.cancelCut()
    this.#leaving = undefined
    this.#end()
  }

  #leave({ code, reason, cancelCut }: Leaving): void {
    if (this.#socket.getBufferedAmount() > 0) return
    this.#leaving = undefined
    cancelCut()
    this.#socket.end(code, reason)
  }

  #end(): void {
    if (this.#closing) return
    this.#closing = true
    this.#out.clear()
    this.#deferred = []
    this.#deferredBytes = 0
    this.#session?.close()
  }

  #over(code: number, reason: string): number {
    this.close(code, reason)
    return Number.POSITIVE_INFINITY
  }

  #push(payload: string | Uint8Array, binary: boolean, notification: boolean, key: string | undefined): void {
    if (!this.#out.push(payload, binary, notification, key)) this.close(CLOSE.slowReader, 'slow reader')
    else if (this.#out.blocked) this.#watch()
  }

  /** Sees what the library has sent by itself. */
  #look(): void {
    this.#out.look()
    if (this.#out.blocked) this.#watch()
  }

  #watch(nowMs?: number): void {
    if (this.#progressAtMs !== undefined) return
    this.#progressAtMs = nowMs ?? this.#holder.clock.nowMs()
    this.#holder.hasten(this)
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
    this.#holder.onLogin(this)
    return true
  }

  #watchProgress(nowMs: number): void {
    // A later frame can have emptied the buffer, and then no event tells of it.
    if (this.#out.blocked && this.#socket.getBufferedAmount() === 0) this.drained(nowMs)
    if (this.#progressAtMs !== undefined && nowMs - this.#progressAtMs > this.#limits.stallMs)
      this.close(CLOSE.slowReader, 'slow reader')
  }
}
