/** All WebSocket connections: opening, deadlines, the memory they may hold together, and their end at stop. */

import { type Clock, wait } from '../base/clock.js'
import { type Counts, Tally } from '../base/tally.js'
import type { SessionSource } from '../rpc/index.js'
import { AddressRates, type SharedAddressRates } from './address-rates.js'
import { type Admission, OwnAdmission } from './admission.js'
import type { ConnectionCounts } from './connection-counts.js'
import { DueList } from './due-list.js'
import type { Refusal } from './handshake.js'
import type { HttpServerSettings } from './settings.js'
import { CLOSE, Connection, type Holder, type Socket } from './websocket.js'

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
  /** Since the start. */
  readonly accepted: number
  /** Upgrades refused, by the words of the answer. */
  readonly refusals: Counts
  /** Connections that ended, by our close code; `peer` when the decision was not ours. */
  readonly closes: Counts
}

/** For a thread that is not the only one on its port. */
export interface SharedPort {
  readonly counts: ConnectionCounts
  readonly rates: SharedAddressRates
  /** Of this thread. */
  readonly row: number
}

const OVERLOADED: Refusal = {
  status: '503 Service Unavailable',
  text: 'Service is overloaded',
  headers: { 'Retry-After': '2' },
}

/** When the total is passed, holders are closed until this share of it is left. */
const SHED_TO = 0.75
const POLL_MS = 20
/** Pace of closing at stop, so that not everyone comes back at the same moment. */
const CLOSE_BATCH = 100
const CLOSE_PAUSE_MS = 10
const LONGEST_CLOSING_MS = 5_000
/** Steps of it, round and round, leave no two places of a circle much emptier than others, however many were made. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2
/** The wall clock was set, not corrected, when it went so much more or less than time did from one sweep to the next. */
const CLOCK_SET_MS = 500
/** As in `system.shutdown`. */
const COME_BACK_MS = { from: 1_000, to: 5_000 }

export interface ConnectionsOptions {
  readonly rpc: SessionSource
  readonly clock: Clock
  readonly settings: HttpServerSettings
  readonly shared: SharedPort | undefined
  /** From stage 1 on nobody new is let in; at stage 2 those without a login are let go. */
  readonly load: () => number
}

export class Connections {
  readonly #rpc: SessionSource
  readonly #clock: Clock
  readonly #settings: HttpServerSettings
  readonly #shared: SharedPort | undefined
  readonly #load: () => number
  readonly #admission: Admission
  readonly #rates: AddressRates
  /** With the address each comes from. */
  readonly #open = new Map<Connection, string>()
  readonly #due = new DueList<Connection>()
  /** Of one sweep. */
  readonly #toPing: Connection[] = []
  /** One for all: an idle connection costs little. */
  readonly #holder: Holder
  readonly #refusals = new Tally()
  readonly #closes = new Tally()
  #coalesced = 0
  #accepted = 0
  #heldBytes = 0
  #stopping = false
  /** Of the wall clock, at the last sweep. */
  #wallAheadMs = 0
  #stopSweeping: (() => void) | undefined
  /** Of the next connection: its share of an interval. */
  #pingPhase = 0

  constructor({ rpc, clock, settings, shared, load }: ConnectionsOptions) {
    this.#rpc = rpc
    this.#clock = clock
    this.#holder = {
      onLogin: (connection) => {
        const address = this.#open.get(connection)
        if (address !== undefined) this.#admission.loggedIn(address)
      },
      onLeaving: (connection) => this.#left(connection),
      hasten: (connection) => this.#due.hasten(connection),
      onPingDue: (connection) => this.#toPing.push(connection),
      clock,
    }
    this.#settings = settings
    this.#shared = shared
    this.#load = load
    this.#rates = new AddressRates(settings, clock, shared?.rates)
    this.#admission = shared?.counts.admission(shared.row, settings) ?? new OwnAdmission(settings)
  }

  get count(): number {
    return this.#open.size
  }

  /** Of all threads, as of the last sweep. */
  get heldBytes(): number {
    return this.#heldBytes
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
    return { authenticated, anonymous, pendingBytes, coalesced, accepted: this.#accepted, refusals, closes: this.#closes.counts }
  }

  /** Whether a connection that came from `address` may stay; before it asks for anything. */
  accepts(address: string): boolean {
    // With nobody there, no sweep has.
    if (this.#stopSweeping === undefined) this.#rates.refresh()
    if (this.#rates.accepts(address)) return true
    this.#refusals.add('Too many connections in a short time')
    return false
  }

  /** Why an upgrade for `address` is refused now; undefined: it is admitted, and `open` has to follow. */
  admit(address: string): Refusal | undefined {
    const refusal = this.#closedDoor() ?? this.#rates.upgrade(address) ?? this.#admission.admit(address)
    if (refusal !== undefined) this.#refusals.add(refusal.text)
    return refusal
  }

  open(socket: Socket, client: Client): Connection {
    const nowMs = this.#clock.nowMs()
    const connection = new Connection(socket, this.#settings, nowMs, this.#holder, nowMs - this.#pingAheadMs())
    const { address, linkHost, local, codec } = client
    connection.attach(this.#rpc.openSession({ address, linkHost, local, codec, peer: connection }))
    this.#open.set(connection, client.address)
    this.#due.add(connection)
    this.#accepted += 1
    // With nobody there, nothing wakes the process.
    this.#stopSweeping ??= this.#clock.every(this.#settings.sweepMs, () => this.#sweep())
    return connection
  }

  /** By how much a new connection is pinged before its time: who came together is not pinged together, each interval anew. */
  #pingAheadMs(): number {
    const aheadMs = this.#pingPhase * this.#settings.pingIntervalMs
    this.#pingPhase = (this.#pingPhase + GOLDEN_RATIO) % 1
    return aheadMs
  }

  /** The socket of `connection` has gone. */
  closed(connection: Connection): void {
    connection.gone()
    this.#left(connection)
  }

  /** It counts for nothing any more. */
  #left(connection: Connection): void {
    const address = this.#open.get(connection)
    if (address === undefined) return
    this.#open.delete(connection)
    this.#due.remove(connection)
    this.#coalesced += connection.coalesced
    this.#closes.add(String(connection.closeCode ?? 'peer'))
    this.#admission.closed(address, connection.loggedIn)
  }

  /** Looks at the deadlines that are due, and at the bytes held: by those whose readers are slow, who are due each time. */
  #sweep(): void {
    const nowMs = this.#clock.nowMs()
    const wallMs = this.#clock.wallMs()
    this.#rates.refresh()
    this.#seeClock(wallMs - nowMs)
    let heldBytes = 0
    this.#due.look(nowMs, (connection) => {
      const dueMs = connection.sweep(nowMs, wallMs)
      heldBytes += connection.pendingBytes
      return dueMs
    })
    // One right after another: each costs a sixth less than between the looks, which fill the processor's caches with other things.
    for (const connection of this.#toPing) connection.ping()
    this.#toPing.length = 0
    if (this.#load() > 1) this.#closeAnonymous()
    this.#shed(heldBytes)
    if (this.#open.size === 0) this.#endSweeping()
  }

  /** Rights end by the wall clock: once it was set, nothing is known of when anybody is due. */
  #seeClock(wallAheadMs: number): void {
    if (Math.abs(wallAheadMs - this.#wallAheadMs) > CLOCK_SET_MS) this.#due.hastenAll()
    this.#wallAheadMs = wallAheadMs
  }

  #closeAnonymous(): void {
    for (const connection of this.#open.keys()) {
      if (!connection.loggedIn) connection.close(CLOSE.overloaded, withHint('service is overloaded'))
    }
  }

  #endSweeping(): void {
    this.#stopSweeping?.()
    this.#stopSweeping = undefined
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
    await this.#waitUntil((connection) => connection.pendingBytes === 0, this.#settings.cleanupMs)
    const batch = Math.max(CLOSE_BATCH, Math.ceil((this.#open.size * CLOSE_PAUSE_MS) / LONGEST_CLOSING_MS))
    let closed = 0
    for (const connection of this.#open.keys()) {
      connection.close(CLOSE.goingAway, withHint('service is stopping'))
      closed += 1
      if (closed % batch === 0) await wait(this.#clock, CLOSE_PAUSE_MS)
    }
    this.#endSweeping()
  }

  #closedDoor(): Refusal | undefined {
    if (this.#stopping) return { status: '503 Service Unavailable', text: 'Service is stopping' }
    return this.#load() > 0 ? OVERLOADED : undefined
  }

  async #waitUntil(settled: (connection: Connection) => boolean, limitMs: number): Promise<void> {
    const endMs = this.#clock.nowMs() + limitMs
    while (this.#clock.nowMs() < endMs && ![...this.#open.keys()].every(settled)) await wait(this.#clock, POLL_MS)
  }

  #shed(heldBytes: number): void {
    const { totalBytes } = this.#settings
    const byAll = this.#shared?.counts.held(this.#shared.row, heldBytes) ?? heldBytes
    this.#heldBytes = byAll
    if (byAll <= totalBytes) return
    // Each thread gives up its part of what is too much.
    const goal = heldBytes * ((totalBytes * SHED_TO) / byAll)
    const holders = [...this.#open.keys()].filter((connection) => connection.pendingBytes > 0)
    holders.sort((a, b) => b.pendingBytes - a.pendingBytes)
    let leftBytes = heldBytes
    for (const holder of holders) {
      if (leftBytes <= goal) return
      leftBytes -= holder.pendingBytes
      holder.close(CLOSE.slowReader, 'slow reader')
    }
  }
}

/** When to come back: another time for each, so that not everyone does at the same moment. */
function withHint(reason: string): string {
  const { from, to } = COME_BACK_MS
  return `${reason}, retry_after_ms=${Math.round(from + Math.random() * (to - from))}`
}
