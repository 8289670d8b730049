/** The JSON-RPC service: sessions in, replies and notifications out. Knows no socket. */

import type { RateLimit } from '../auth/index.js'
import type { Clock } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import { Rendered } from '../base/rendered.js'
import { createJsonCodec } from './codec-json.js'
import { msgpackCodec } from './codec-msgpack.js'
import { openRpcDocument } from './describe.js'
import { Dispatcher } from './dispatcher.js'
import type { Payload } from './filters.js'
import type { TokenVerifier } from './method.js'
import { METHODS } from './methods/index.js'
import type { Services } from './services.js'
import { type Peer, Session } from './session.js'
import { Subscriptions } from './subscriptions.js'

export interface RpcOptions {
  readonly services: Services
  readonly tokens: TokenVerifier
  /** The limit of one connection. */
  readonly rateLimit: RateLimit
  /** A token among the parameters of any call logs a connection in that is not. Default: it does not. */
  readonly tokensInCalls?: boolean
  /** A refusal for want of a login says `auth_required` in its message, too. Default: in its data only. */
  readonly authRequiredInMessage?: boolean
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

export interface Rpc {
  openSession(request: SessionRequest): OpenSession
  /** Tells an event to all who subscribed to it. */
  publish(topic: string, payload: Payload): void
  /** The OpenRPC document; its JSON is made once. */
  openRpc(): Rendered
  stats(): RpcStats
}

export interface RpcStats {
  readonly sessions: number
  /** Counted since the start. */
  readonly calls: number
  readonly failures: number
}

export function createRpc(options: RpcOptions): Rpc {
  const { services, tokens, rateLimit, tokensInCalls = false, authRequiredInMessage = false, clock } = options
  const logger = options.logger.child({ component: 'rpc' })
  const subscriptions = new Subscriptions({ clock, cameras: services.cameras })
  let document: Rendered | undefined
  const openRpc = (): Rendered => {
    document ??= new Rendered(openRpcDocument(METHODS))
    return document
  }
  const methods = new Map(METHODS.map((method) => [method.name, method]))
  const jsonCodec = createJsonCodec(methods.keys())
  const toolbox = { services, tokens, subscriptions, openRpc }
  const dispatcher = new Dispatcher({ methods, toolbox, rateLimit, tokensInCalls, authRequiredInMessage, clock, logger })
  let opened = 0
  let sessions = 0

  return {
    openSession({ codec: wanted, linkHost, local, address, peer }) {
      opened += 1
      sessions += 1
      const codec = wanted === 'msgpack' ? msgpackCodec() : jsonCodec
      const clientId = `client_${opened}`
      const session = new Session({ clientId, linkHost, local, address, codec, peer, rate: rateLimit.fresh() })
      return {
        clientId: session.clientId,
        receive(bytes, binary) {
          // Without the subprotocol a binary frame holds JSON too, and is answered in text.
          const spoken = binary ? codec : jsonCodec
          session.reply(dispatcher.handle(session, spoken, spoken.decode(bytes)), spoken.binary)
        },
        get expiresAtMs() {
          return session.identity?.expiresAtMs
        },
        get inFlight() {
          return session.inFlight
        },
        close() {
          if (session.closed) return
          session.close()
          subscriptions.drop(session)
          sessions -= 1
        },
      }
    },
    publish: (topic, payload) => subscriptions.publish(topic, payload),
    openRpc,
    stats: () => ({ sessions, ...dispatcher.stats }),
  }
}
