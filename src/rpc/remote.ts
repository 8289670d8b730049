/** The JSON-RPC service of a thread that has connections and no services: what it cannot answer itself it asks home. */

import { bindFar, bindNear } from './bind.js'
import type { LogSnapshot } from './event-log.js'
import type { Payload } from './filters.js'
import type { Home } from './home.js'
import { methodsFor } from './methods/index.js'
import type { SessionSource } from './rpc.js'
import type { CameraPort } from './services.js'
import { type RpcStats, type SessionRules, Sessions } from './sessions.js'
import { type SubscriptionCounts, Subscriptions } from './subscriptions.js'

export interface RemoteRpcOptions extends SessionRules {
  readonly home: Home
  /** Kept equal to those at home. */
  readonly cameras: CameraPort
  readonly ready: () => boolean
  /** The end has begun. */
  readonly stopping: () => boolean
  readonly overloaded: () => boolean
  /** As in `DispatcherOptions`. */
  readonly onTrouble: (error: string) => void
  /** N of the next `client_N`, counted over all threads. */
  readonly nextClient: () => number
  /** The events told before this thread began to hear them. */
  readonly log: LogSnapshot
}

export interface RemoteRpc extends SessionSource {
  /** An event that was told at home, as it was told there; in the same order. */
  hear(topic: string, payload: Payload): void
  /** Subscriptions of this thread's connections. */
  counts(): SubscriptionCounts
  stats(): RpcStats
}

export function createRemoteRpc(options: RemoteRpcOptions): RemoteRpc {
  const { home, cameras, tokens, clock, log, ready, nextClient, extraMembers = false, serverInfoRole = 'viewer' } = options
  const logger = options.logger.child({ component: 'rpc' })
  const subscriptions = new Subscriptions({ clock, cameras, log })
  const near = { cameras, tokens, subscriptions, whole: home, extraMembers }
  const methods = methodsFor(serverInfoRole).map((method) => (method.near ? bindNear(method, near) : bindFar(method, home)))
  const sessions = new Sessions({ ...options, logger, methods, subscriptions, ready, nextClient })
  return {
    openSession: (request) => sessions.open(request),
    hear: (topic, payload) => void subscriptions.publish(topic, payload),
    counts: () => subscriptions.counts(),
    stats: () => sessions.stats,
  }
}
