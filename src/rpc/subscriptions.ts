/** Who wants to hear what, and the delivery of events: one message each, encoded once per name and encoding. */

import { type Clock, timestamp } from '../base/clock.js'
import { invalidParam } from '../base/errors.js'
import { type Durations, Histogram } from '../base/histogram.js'
import { type Counts, Tally } from '../base/tally.js'
import { type LeftOff, type MissedEvent, missedEvents } from './catch-up.js'
import { type EventCameras, EventEncoder, type EventNumber } from './event-encoder.js'
import { EventLog, type LogSnapshot, stateKey } from './event-log.js'
import { compileFilter, type Filter, type Payload } from './filters.js'
import type { Session } from './session.js'
import { isTopicName, namesOf, type Topic, tellsState } from './topics.js'

interface Subscription {
  readonly names: Set<string>
  readonly filter: Filter | undefined
  /** Its messages carry `seq` and `epoch`. */
  readonly numbered: boolean
}

/** What a client that asked for numbers starts from. */
export interface Position {
  readonly epoch: string
  /** Of the newest event of each topic that has numbers. */
  readonly seq: Readonly<Record<string, number>>
  /** What was missed cannot be told: the client has to look at everything afresh. */
  readonly resync: boolean
}

/** A client that is so far behind is better off with the state of now. */
const MAX_REPLAY_BYTES = 512 * 1024

/** Each client is told another time to come back, so that not all of them come at the same moment (reliability-security §2.6). */
const JITTERED: Topic = 'system.shutdown'
const COME_BACK_MS = { from: 1_000, to: 5_000 }

export interface SubscriptionCounts {
  readonly total_subscriptions: number
  readonly active_clients: number
  readonly topic_counts: Readonly<Record<string, number>>
}

export class Subscriptions {
  readonly #clock: Clock
  readonly #cameras: EventCameras
  readonly #log: EventLog
  readonly #notifications = new Tally()
  readonly #fanout = new Histogram()
  readonly #resumes = new Tally()
  readonly #bySession = new Map<Session, Subscription>()
  readonly #byName = new Map<string, Map<Session, Subscription>>()

  /** `log`: that of another thread, to go on from. */
  constructor(options: { readonly clock: Clock; readonly cameras: EventCameras; readonly log?: LogSnapshot }) {
    this.#log = new EventLog(options.log)
    this.#clock = options.clock
    this.#cameras = options.cameras
  }

  /** Replaces what the session was subscribed to (C-20). The topics, each once. Throws INVALID_PARAMS, then nothing changes. */
  subscribe(session: Session, topics: readonly string[], filters: Payload): readonly string[] {
    this.#replace(session, topics, filters, false)
    return this.topicsOf(session)
  }

  /** As `subscribe`, with numbers. What the client has missed since it left off follows the reply, unless it has to look afresh. */
  resume(session: Session, topics: readonly string[], filters: Payload, leftOff: LeftOff): Position {
    const { names, filter } = this.#replace(session, topics, filters, true)
    const missed = missedEvents(this.#log, names, filter, leftOff)
    const frames = missed && this.#framesOf(session, missed)
    if (frames !== undefined) {
      session.afterReply(() => {
        // As replies: they are as many as the client asked for, and no reason to give it up.
        for (const frame of frames) session.peer.send(frame, session.codec.binary)
      })
    }
    this.#resumes.add(frames === undefined ? 'resync' : 'replay')
    const seq: Record<string, number> = {}
    for (const name of names) {
      const last = this.#log.last(name)
      if (last !== undefined) seq[name] = last
    }
    return { epoch: this.#log.epoch, seq, resync: frames === undefined }
  }

  get stats(): { readonly notifications: Counts; readonly resumes: Counts; readonly fanout: Durations } {
    return { notifications: this.#notifications.counts, resumes: this.#resumes.counts, fanout: this.#fanout.durations }
  }

  /** The newest events of a stream that tells states, one of each device. */
  states(name: string): readonly Payload[] {
    return this.#log.states(name).map(({ payload }) => payload)
  }

  #replace(session: Session, topics: readonly string[], filters: Payload, numbered: boolean): Subscription {
    const names = new Set(topics)
    const unknown = topics.find((topic) => !isTopicName(topic))
    if (unknown !== undefined) {
      throw invalidParam(
        'topics',
        'known topics',
        'send topics of the manual',
        `there is no topic ${JSON.stringify(unknown.slice(0, 64))}`,
      )
    }
    const filter = compileFilter(filters)
    const subscription = { names, filter, numbered }
    this.drop(session)
    // Its login may have been checked while it went; who is kept here then is kept for ever.
    if (session.closed) return subscription
    this.#bySession.set(session, subscription)
    for (const name of names) {
      const sessions = this.#byName.get(name) ?? new Map<Session, Subscription>()
      this.#byName.set(name, sessions.set(session, subscription))
    }
    return subscription
  }

  /** Without `topics`, all. The topics that were removed. */
  unsubscribe(session: Session, topics?: readonly string[]): readonly string[] {
    const names = this.#bySession.get(session)?.names ?? new Set<string>()
    const removed = [...new Set(topics ?? names)].filter((name) => names.has(name))
    for (const name of removed) {
      names.delete(name)
      this.#forget(session, name)
    }
    if (names.size === 0) this.#bySession.delete(session)
    return removed
  }

  /** The connection has gone. */
  drop(session: Session): void {
    this.unsubscribe(session)
  }

  /** Numbers and events kept so far. */
  logSnapshot(): LogSnapshot {
    return this.#log.snapshot()
  }

  topicsOf(session: Session): readonly string[] {
    return [...(this.#bySession.get(session)?.names ?? [])]
  }

  counts(): SubscriptionCounts {
    const topicCounts = Object.fromEntries([...this.#byName].map(([name, sessions]) => [name, sessions.size]))
    const total = Object.values(topicCounts).reduce((sum, count) => sum + count, 0)
    return { total_subscriptions: total, active_clients: this.#bySession.size, topic_counts: topicCounts }
  }

  /**
   * Tells an event to everyone who may and wants to hear it, under the name subscribed to; a client that knows the event by
   * several names hears it once. `payload` gets a `timestamp` when it has none: what was told is answered.
   */
  publish(topic: string, payload: Payload): Payload {
    const wallMs = this.#clock.wallMs()
    const stamped = 'timestamp' in payload ? payload : { ...payload, timestamp: timestamp(wallMs) }
    this.#log.append(topic, stamped)
    const names = namesOf(topic).filter((name) => this.#byName.has(name))
    if (names.length === 0) return stamped
    const begunMs = this.#clock.nowMs()
    const encoder = new EventEncoder(topic, stamped, this.#cameras)
    const isJittered = topic === JITTERED
    names.forEach((name, order) => {
      const key = tellsState(name) ? `${name} ${stateKey(stamped)}` : undefined
      const seq = this.#log.last(name)
      const number = seq === undefined ? undefined : { seq, epoch: this.#log.epoch }
      const earlier = names.slice(0, order)
      let told = 0
      for (const [session, subscription] of this.#byName.get(name) ?? []) {
        if (session.rankAt(wallMs) === 0) continue
        if (order > 0 && earlier.some((other) => subscription.names.has(other))) continue
        if (subscription.filter?.(topic, stamped) === false) continue
        const encoded = (isJittered ? jittered(topic, stamped, this.#cameras) : encoder).encode(
          name,
          session,
          subscription.numbered ? number : undefined,
        )
        if (encoded === undefined) continue
        session.peer.notify(encoded, session.codec.binary, key)
        told += 1
      }
      if (told > 0) this.#notifications.add(name, told)
    })
    this.#fanout.add(this.#clock.nowMs() - begunMs)
    return stamped
  }

  /** Undefined: together they are too much. */
  #framesOf(session: Session, missed: readonly MissedEvent[]): readonly Uint8Array[] | undefined {
    const frames: Uint8Array[] = []
    let bytes = 0
    for (const { name, event } of missed) {
      const number: EventNumber = { seq: event.seq, epoch: this.#log.epoch }
      const encoder = new EventEncoder(event.topic, event.payload, this.#cameras)
      const frame = encoder.encode(name, session, number)
      if (frame === undefined) continue
      bytes += frame.byteLength
      if (bytes > MAX_REPLAY_BYTES) return undefined
      frames.push(frame)
    }
    return frames
  }

  #forget(session: Session, name: string): void {
    const sessions = this.#byName.get(name)
    sessions?.delete(session)
    if (sessions?.size === 0) this.#byName.delete(name)
  }
}

function jittered(topic: string, payload: Payload, cameras: EventCameras): EventEncoder {
  const { from, to } = COME_BACK_MS
  return new EventEncoder(topic, { ...payload, retry_after_ms: Math.round(from + Math.random() * (to - from)) }, cameras)
}
