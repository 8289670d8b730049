/** The sessions of one thread: frames in, replies out. Knows no socket. */

import { OwnRates, type RateLimit, type Rates, type Role } from '../auth/index.js'
import type { Audit } from '../base/audit-log.js'
import type { Clock } from '../base/clock.js'
import type { Durations } from '../base/histogram.js'
import type { Logger } from '../base/logger.js'
import type { Counts } from '../base/tally.js'
import type { Codec } from './codec.js'
import { createJsonCodec } from './codec-json.js'
import { msgpackCodec } from './codec-msgpack.js'
import { type BoundMethod, Dispatcher, type DispatcherStats } from './dispatcher.js'
import type { TokenVerifier } from './method.js'
import { type Peer, Session } from './session.js'
import type { Subscriptions } from './subscriptions.js'
import { DEFAULT_WORK_LIMITS, type WorkLimits } from './workload.js'

/** What sessions are told, wherever the services are. */
export interface SessionRules {
  readonly tokens: TokenVerifier
  /** The limit of one connection. */
  readonly rateLimit: RateLimit
  /** Of one identity on all its connections. Default: so much that nobody notices. */
  readonly identityRates?: Rates
  /** How much may be worked on at once. */
  readonly workLimits?: WorkLimits
  /** A token among the parameters of any call logs a connection in that is not. Default: it does not. */
  readonly tokensInCalls?: boolean
  /** A refusal for want of a login says `auth_required` in its message, too. Default: in its data only. */
  readonly authRequiredInMessage?: boolean
  /** Results have the members that older suites look for beyond the documented ones. Default: they have not. */
  readonly extraMembers?: boolean
  /** Lowest role that may call get_server_info. Default: viewer. */
  readonly serverInfoRole?: Role
  /** As in `DispatcherOptions`. */
  readonly audit?: Audit
  readonly clock: Clock
  readonly logger: Logger
}

export interface SessionRequest {
  /** Encoding of notifications and of binary frames. */
  readonly codec: 'json' | 'msgpack'
  /** Name under which the client reached us, for links. */
  readonly linkHost: string
  /** The client is a program of this machine. */
  readonly local: boolean
  /** Of the client, for the counting of failed logins. */
  readonly address?: string
  readonly peer: Peer
}

/** One connection, from the side of its socket. */
export interface OpenSession {
  readonly clientId: string
  /** Handles one frame; replies go to the peer. `bytes` are only valid during the call. Never throws. */
  receive(bytes: ArrayBuffer, binary: boolean): void
  /** When the right to be served ends, wall-clock milliseconds; undefined before the first login. */
  readonly expiresAtMs: number | undefined
  /** Calls not answered yet. */
  readonly inFlight: number
  /** The connection has gone. Twice does no harm. */
  close(): void
}

export interface RpcStats extends DispatcherStats {
  readonly sessions: number
  /** Notifications handed to connections, by name, since the start. */
  readonly notifications: Counts
  /** From an event to the last of its subscribers here. */
  readonly fanout: Durations
  /** Subscriptions with numbers, by how they began: `replay` or `resync`. */
  readonly resumes: Counts
}

export interface SessionsOptions extends SessionRules {
  readonly methods: readonly BoundMethod[]
  readonly subscriptions: Subscriptions
  /** False until every component of the service is up. */
  readonly ready: () => boolean
  /** The end has begun: nothing costly is begun any more. */
  readonly stopping?: () => boolean
  /** As in `DispatcherOptions`. */
  readonly overloaded?: () => boolean
  /** As in `DispatcherOptions`. */
  readonly onTrouble?: (error: string) => void
  /** N of the next `client_N`. */
  readonly nextClient: () => number
}

const NO_RATE = { requests: 1_000_000_000, windowMs: 1_000 }

export class Sessions {
  readonly #options: SessionsOptions
  readonly #dispatcher: Dispatcher
  readonly #jsonCodec: Codec
  readonly #shared: Shared
  #open = 0

  constructor(options: SessionsOptions) {
    const { tokensInCalls = false, authRequiredInMessage = false, workLimits = DEFAULT_WORK_LIMITS } = options
    const methods = new Map(options.methods.map((method) => [method.name, method]))
    this.#options = options
    const { identityRates = new OwnRates({ rate: NO_RATE, clock: options.clock }) } = options
    this.#dispatcher = new Dispatcher({ ...options, identityRates, methods, tokensInCalls, authRequiredInMessage, workLimits })
    this.#jsonCodec = createJsonCodec(methods.keys())
    const closed = (session: Session): void => {
      options.subscriptions.drop(session)
      this.#open -= 1
    }
    this.#shared = { dispatcher: this.#dispatcher, jsonCodec: this.#jsonCodec, closed }
  }

  get stats(): RpcStats {
    return { sessions: this.#open, ...this.#dispatcher.stats, ...this.#options.subscriptions.stats }
  }

  open({ codec: wanted, linkHost, local, address, peer }: SessionRequest): OpenSession {
    const { nextClient, rateLimit } = this.#options
    const codec = wanted === 'msgpack' ? msgpackCodec() : this.#jsonCodec
    const clientId = `client_${nextClient()}`
    this.#open += 1
    return new Opened(new Session({ clientId, linkHost, local, address, codec, peer, rate: rateLimit.fresh() }), this.#shared)
  }
}

interface Shared {
  readonly dispatcher: Dispatcher
  readonly jsonCodec: Codec
  readonly closed: (session: Session) => void
}

/** A class, since there are thousands: functions of its own would cost each as much as all the rest. */
class Opened implements OpenSession {
  readonly #session: Session
  readonly #shared: Shared

  constructor(session: Session, shared: Shared) {
    this.#session = session
    this.#shared = shared
  }

  get clientId(): string {
    return this.#session.clientId
  }

  get expiresAtMs(): number | undefined {
    return this.#session.identity?.expiresAtMs
  }

  get inFlight(): number {
    return this.#session.inFlight
  }

  receive(bytes: ArrayBuffer, binary: boolean): void {
    const { dispatcher, jsonCodec } = this.#shared
    // Without the subprotocol a binary frame holds JSON too, and is answered in text.
    const spoken = binary ? this.#session.codec : jsonCodec
    this.#session.reply(dispatcher.handle(this.#session, spoken, spoken.decode(bytes)), spoken.binary)
  }

  close(): void {
    if (this.#session.closed) return
    this.#session.close()
    this.#shared.closed(this.#session)
  }
}
