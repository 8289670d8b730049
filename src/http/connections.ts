/** All WebSocket connections: opening, deadlines, the memory they may hold together, and their end at stop. */

import { type Clock, wait } from '../base/clock.js'
import { type Counts, Tally } from '../base/tally.js'
import type { SessionSource } from '../rpc/index.js'
import { type Admission, OwnAdmission } from './admission.js'
import type { ConnectionCounts } from './connection-counts.js'
import type { Refusal } from './handshake.js'
import type { HttpServerSettings } from './settings.js'
import { CLOSE, Connection, type Socket } from './websocket.js'

/** Known of a client from its upgrade request. */
export interface Client {
  readonly address: string
  readonly linkHost: string
  /** A program of this machine. */
  readonly local: boolean
  readonly codec: 'json' | 'msgpack'
}

export interface ConnectionFigures {
  readonly authenticated: number
  readonly anonymous: number
  /** Held in memory for all of them. */
  readonly pendingBytes: number
  /** Notifications that a newer one took the place of, since the start. */
  readonly coalesced: number
  /** Upgrades refused, by the words of the answer. */
  readonly refusals: Counts
  /** Connections that ended, by our close code; `peer` when the decision was not ours. */
  readonly closes: Counts
}

/** For a thread that is not the only one on its port. */
export interface SharedPort {
  readonly counts: ConnectionCounts
  /** Of this thread. */
  readonly row: number
}

/** When the total is passed, holders are closed until this share of it is left. */
const SHED_TO = 0.75
const FLUSH_MS = 2_000
const POLL_MS = 20
/** Pace of closing at stop, so that not everyone comes back at the same moment. */
const CLOSE_BATCH = 100
const CLOSE_PAUSE_MS = 10
const LONGEST_CLOSING_MS = 5_000

export class Connections {
  readonly #rpc: SessionSource
  readonly #clock: Clock
  readonly #settings: HttpServerSettings
  readonly #shared: SharedPort | undefined
  readonly #admission: Admission
  /** With the address each comes from. */
  readonly #open = new Map<Connection, string>()
  readonly #refusals = new Tally()
  readonly #closes = new Tally()
  #coalesced = 0
  #stopping = false

  constructor(rpc: SessionSource, clock: Clock, settings: HttpServerSettings, shared: SharedPort | undefined) {
    this.#rpc = rpc
    this.#clock = clock
    this.#settings = settings
    this.#shared = shared
    this.#admission = shared?.counts.admission(shared.row, settings) ?? new OwnAdmission(settings)
  }

  get count(): number {
    return this.#open.size
  }

  get figures(): ConnectionFigures {
    let [anonymous, pendingBytes, coalesced] = [0, 0, this.#coalesced]
    for (const connection of this.#open.keys()) {
      if (!connection.loggedIn) anonymous += 1
      pendingBytes += connection.pendingBytes
      coalesced += connection.coalesced
    }
    const authenticated = this.#open.size - anonymous
    const { counts: refusals } = this.#refusals
    return { authenticated, anonymous, pendingBytes, coalesced, refusals, closes: this.#closes.counts }
  }

  /** Why a connection from `address` is refused now; undefined: it is admitted, and `open` has to follow. */
  admit(address: string): Refusal | undefined {
    const refusal = this.#stopping
      ? { status: '503 Service Unavailable', text: 'Service is stopping' }
      : this.#admission.admit(address)
    if (refusal !== undefined) this.#refusals.add(refusal.text)
    return refusal
  }

  open(socket: Socket, client: Client): Connection {
    const onLogin = (): void => this.#admission.loggedIn(client.address)
    const connection = new Connection(socket, this.#settings, this.#clock.nowMs(), onLogin)
    connection.attach(this.#rpc.openSession({ ...client, peer: connection }))
    this.#open.set(connection, client.address)
    return connection
  }

  /** The socket of `connection` has gone. */
  closed(connection: Connection): void {
    const address = this.#open.get(connection)
    if (address === undefined) return
    this.#open.delete(connection)
    this.#coalesced += connection.coalesced
    this.#closes.add(String(connection.closeCode ?? 'peer'))
    this.#admission.closed(address, connection.loggedIn)
    connection.gone()
  }

  /** Looks at every deadline, and at the bytes held by all. */
  sweep(): void {
    const nowMs = this.#clock.nowMs()
    const wallMs = this.#clock.wallMs()
    for (const connection of this.#open.keys()) connection.sweep(nowMs, wallMs)
    this.#shed()
  }

  /** Nobody new is let in. */
  close(): void {
    this.#stopping = true
  }

  /** Resolves when nothing is under way any more, or after the deadline. */
  settled(): Promise<void> {
    return this.#waitUntil((connection) => connection.inFlight === 0, this.#settings.drainMs)
  }

  /** Answers what is under way, then says goodbye to everyone. Resolves when nobody is left; bounded by the deadlines. */
  async drain(): Promise<void> {
    this.close()
    await this.settled()
    await this.#waitUntil((connection) => connection.pendingBytes === 0, FLUSH_MS)
    const batch = Math.max(CLOSE_BATCH, Math.ceil((this.#open.size * CLOSE_PAUSE_MS) / LONGEST_CLOSING_MS))
    let closed = 0
    for (const connection of this.#open.keys()) {
      connection.close(CLOSE.goingAway, 'service is stopping')
      closed += 1
      if (closed % batch === 0) await wait(this.#clock, CLOSE_PAUSE_MS)
    }
  }

  async #waitUntil(settled: (connection: Connection) => boolean, limitMs: number): Promise<void> {
    const endMs = this.#clock.nowMs() + limitMs
    while (this.#clock.nowMs() < endMs && ![...this.#open.keys()].every(settled)) await wait(this.#clock, POLL_MS)
  }

  #shed(): void {
    const holders = [...this.#open.keys()].filter((connection) => connection.pendingBytes > 0)
    let heldBytes = holders.reduce((sum, holder) => sum + holder.pendingBytes, 0)
    const { totalBytes } = this.#settings
    const byAll = this.#shared?.counts.held(this.#shared.row, heldBytes) ?? heldBytes
    if (byAll <= totalBytes) return
    // Each thread gives up its part of what is too much.
    const goal = heldBytes * ((totalBytes * SHED_TO) / byAll)
    holders.sort((a, b) => b.pendingBytes - a.pendingBytes)
    for (const holder of holders) {
      if (heldBytes <= goal) return
      heldBytes -= holder.pendingBytes
      holder.close(CLOSE.slowReader, 'slow reader')
    }
  }
}
