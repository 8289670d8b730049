/** Who wants to hear what, and the delivery of events: one message each, encoded once per name and encoding. */

import { type Clock, timestamp } from '../base/clock.js'
import { invalidParam } from '../base/errors.js'
import type { Codec } from './codec.js'
import { compileFilter, type Filter, type Payload } from './filters.js'
import { legacyParams } from './legacy-events.js'
import type { CameraPort } from './services.js'
import type { Session } from './session.js'
import { isTopicName, namesOf, tellsState } from './topics.js'

interface Subscription {
  readonly names: Set<string>
  readonly filter: Filter | undefined
}

export interface SubscriptionCounts {
  readonly total_subscriptions: number
  readonly active_clients: number
  readonly topic_counts: Readonly<Record<string, number>>
}

export class Subscriptions {
  readonly #clock: Clock
  readonly #cameras: Pick<CameraPort, 'status'>
  readonly #bySession = new Map<Session, Subscription>()
  readonly #byName = new Map<string, Set<Session>>()

  constructor(options: { readonly clock: Clock; readonly cameras: Pick<CameraPort, 'status'> }) {
    this.#clock = options.clock
    this.#cameras = options.cameras
  }

  /** Replaces what the session was subscribed to (C-20). The topics, each once. Throws INVALID_PARAMS, then nothing changes. */
  subscribe(session: Session, topics: readonly string[], filters: Payload): readonly string[] {
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
    this.drop(session)
    this.#bySession.set(session, { names, filter })
    for (const name of names) {
      const sessions = this.#byName.get(name) ?? new Set()
      this.#byName.set(name, sessions.add(session))
    }
    return [...names]
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
   * several names hears it once. `payload` gets a `timestamp` when it has none.
   */
  publish(topic: string, payload: Payload): void {
    const names = namesOf(topic).filter((name) => this.#byName.has(name))
    if (names.length === 0) return
    const wallMs = this.#clock.wallMs()
    const stamped = 'timestamp' in payload ? payload : { ...payload, timestamp: timestamp(wallMs) }
    const encoder = new EventEncoder(topic, stamped, this.#cameras)
    const device = typeof stamped.device === 'string' ? stamped.device : ''
    names.forEach((name, order) => {
      const key = tellsState(name) ? `${name} ${device}` : undefined
      for (const session of this.#byName.get(name) ?? []) {
        const subscription = this.#bySession.get(session)
        if (subscription === undefined || session.rankAt(wallMs) === 0) continue
        if (names.slice(0, order).some((earlier) => subscription.names.has(earlier))) continue
        if (subscription.filter?.(topic, stamped) === false) continue
        const encoded = encoder.encode(name, session.codec, session.linkHost)
        if (encoded !== undefined) session.peer.notify(encoded, session.codec.binary, key)
      }
    })
  }

  #forget(session: Session, name: string): void {
    const sessions = this.#byName.get(name)
    sessions?.delete(session)
    if (sessions?.size === 0) this.#byName.delete(name)
  }
}

/** One event on its way out: each form of it is made once. */
class EventEncoder {
  readonly #topic: string
  readonly #payload: Payload
  readonly #cameras: Pick<CameraPort, 'status'>
  readonly #made = new Map<string, Uint8Array | undefined>()

  constructor(topic: string, payload: Payload, cameras: Pick<CameraPort, 'status'>) {
    this.#topic = topic
    this.#payload = payload
    this.#cameras = cameras
  }

  /** Undefined when the event has nothing to say under this name. */
  encode(name: string, codec: Codec, linkHost: string): Uint8Array | undefined {
    // Only the camera update holds links, so only it differs by host.
    const form = name === 'camera_status_update' ? `${codec.name} ${name} ${linkHost}` : `${codec.name} ${name}`
    if (!this.#made.has(form)) {
      const params = legacyParams(name, this.#topic, this.#payload, (device) => this.#cameras.status(device, linkHost).value)
      this.#made.set(form, params === undefined ? undefined : codec.notification(name, params))
    }
    return this.#made.get(form)
  }
}
