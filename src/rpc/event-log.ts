/**
 * Numbers events and keeps the newest, so that a client that was cut can have what it missed (reliability-security §1.1). A stream is
 * what goes out under one name: its numbers go up by one for each event, whether anybody listens or not. Of what must not be lost, a
 * ring is kept; of what tells a state, the newest of each device, since an older one says nothing any more.
 */

import { randomBytes } from 'node:crypto'
import type { Payload } from './filters.js'
import { Ring } from './ring.js'
import { isNumbered, namesOf, tellsState } from './topics.js'

/** Events of one stream that a client can be behind. */
const RING_EVENTS = 1024
/** Devices whose state is kept. */
const MAX_STATES = 1024
const EPOCH_BYTES = 9

/** One event of one stream. */
export interface LoggedEvent {
  readonly seq: number
  /** Place among the events of all streams; the same under every name. */
  readonly order: number
  readonly topic: string
  readonly payload: Payload
}

/** All of a log as plain data, for another thread that goes on from there. */
export interface LogSnapshot {
  readonly epoch: string
  readonly order: number
  readonly streams: readonly StreamSnapshot[]
}

interface StreamSnapshot {
  readonly name: string
  readonly last: number
  /** Events up to this number are kept no more, whatever else is. */
  readonly forgotten: number
  readonly events: readonly LoggedEvent[]
}

interface Stream {
  last: number
  readonly kept: Kept
}

interface Kept {
  readonly forgotten: number
  add(event: LoggedEvent): void
  all(): readonly LoggedEvent[]
  /** Undefined: it no longer reaches back so far. */
  after(seq: number, last: number): readonly LoggedEvent[] | undefined
}

export class EventLog {
  /** New with each start: numbers of another epoch mean nothing here. */
  readonly epoch: string
  readonly #streams = new Map<string, Stream>()
  #order: number

  /** Empty, or the same as the log of another thread. */
  constructor(from?: LogSnapshot) {
    this.epoch = from?.epoch ?? randomBytes(EPOCH_BYTES).toString('base64url')
    this.#order = from?.order ?? 0
    for (const { name, last, forgotten, events } of from?.streams ?? []) {
      const kept = tellsState(name) ? new NewestStates(forgotten) : new EventRing()
      for (const event of events) kept.add(event)
      this.#streams.set(name, { last, kept })
    }
  }

  snapshot(): LogSnapshot {
    const streams = [...this.#streams].map(([name, { last, kept }]) => ({
      ...{ name, last },
      forgotten: kept.forgotten,
      events: kept.all(),
    }))
    return { epoch: this.epoch, order: this.#order, streams }
  }

  /** Keeps the event in the streams of all its names. */
  append(topic: string, payload: Payload): void {
    this.#order += 1
    for (const name of namesOf(topic)) {
      if (!isNumbered(name)) continue
      const stream = this.#stream(name)
      stream.last += 1
      stream.kept.add({ seq: stream.last, order: this.#order, topic, payload })
    }
  }

  /** Number of the newest event of a stream; 0 before the first, undefined for a name whose events have no numbers. */
  last(name: string): number | undefined {
    return isNumbered(name) ? (this.#streams.get(name)?.last ?? 0) : undefined
  }

  /** The newest events of a stream that tells states, one of each device. */
  states(name: string): readonly LoggedEvent[] {
    return this.#stream(name).kept.after(0, 0) ?? []
  }

  /** What came after number `seq`, oldest first; undefined when that can no longer be told. */
  after(name: string, seq: number): readonly LoggedEvent[] | undefined {
    const last = this.last(name)
    if (last === undefined || seq > last) return undefined
    return seq === last ? [] : this.#stream(name).kept.after(seq, last)
  }

  #stream(name: string): Stream {
    const known = this.#streams.get(name)
    if (known !== undefined) return known
    const made = { last: 0, kept: tellsState(name) ? new NewestStates() : new EventRing() }
    this.#streams.set(name, made)
    return made
  }
}

class EventRing implements Kept {
  readonly forgotten = 0
  readonly #ring = new Ring<LoggedEvent>(RING_EVENTS)

  all(): readonly LoggedEvent[] {
    return this.#ring.newest(this.#ring.size)
  }

  add(event: LoggedEvent): void {
    this.#ring.push(event)
  }

  after(seq: number, last: number): readonly LoggedEvent[] | undefined {
    const missed = last - seq
    return missed > this.#ring.size ? undefined : this.#ring.newest(missed)
  }
}

class NewestStates implements Kept {
  /** By device, the one told longest ago first. */
  readonly #states = new Map<string, LoggedEvent>()
  #forgotten: number

  constructor(forgotten = 0) {
    this.#forgotten = forgotten
  }

  get forgotten(): number {
    return this.#forgotten
  }

  all(): readonly LoggedEvent[] {
    return [...this.#states.values()]
  }

  add(event: LoggedEvent): void {
    const key = stateKey(event.payload)
    this.#states.delete(key)
    this.#states.set(key, event)
    if (this.#states.size <= MAX_STATES) return
    const [oldest] = this.#states
    if (oldest === undefined) return
    this.#states.delete(oldest[0])
    this.#forgotten = oldest[1].seq
  }

  after(seq: number): readonly LoggedEvent[] | undefined {
    if (seq < this.#forgotten) return undefined
    return [...this.#states.values()].filter((event) => event.seq > seq)
  }
}

/** What a state is of: a newer one of the same replaces it. */
export function stateKey(payload: Payload): string {
  return typeof payload.device === 'string' ? payload.device : ''
}
