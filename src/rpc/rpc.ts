/** The JSON-RPC service where the services are: sessions in, replies and notifications out. Knows no socket. */

import { Rendered } from '../base/rendered.js'
import { summed } from '../base/tally.js'
import { bindHere, bindNear } from './bind.js'
import type { CostlyRates } from './costly-rates.js'
import { openRpcDocument } from './describe.js'
import type { LogSnapshot } from './event-log.js'
import type { Payload } from './filters.js'
import { type HomeCall, HomeCalls, type HomeStats } from './home.js'
import type { StateOfNow } from './method.js'
import { methodsFor } from './methods/index.js'
import type { Services } from './services.js'
import { type OpenSession, type RpcStats, type SessionRequest, type SessionRules, Sessions } from './sessions.js'
import { Subscriptions } from './subscriptions.js'
import { DEFAULT_WORK_LIMITS } from './workload.js'

export interface RpcOptions extends SessionRules {
  readonly services: Services
  /** There is so much to do that nothing costly is begun. Default: never. */
  readonly overloaded?: () => boolean
  /** How often what costs much may be asked for. Default: as often as anybody likes. */
  readonly costly?: CostlyRates
}

/** The part that connections need. */
export interface SessionSource {
  openSession(request: SessionRequest): OpenSession
}

export interface Rpc extends SessionSource {
  /** Tells an event to all who subscribed to it. */
  publish(topic: string, payload: Payload): void
  /** The OpenRPC document; its JSON is made once. */
  openRpc(): Rendered
  stats(): RpcStats
  /** For threads that have connections and no services. */
  readonly home: HomeDesk
}

export interface HomeDesk {
  /** `signal` is asked for when it is needed. Rejects with ServiceError. */
  call(call: HomeCall, signal: () => AbortSignal): Promise<Rendered>
  /** How things are, for a client that has to look afresh. */
  state(linkHost: string): StateOfNow
  stats(): HomeStats
  /** The events told so far, for a thread that hears those to come. */
  log(): LogSnapshot
  /** Each event, as it was told to the subscribers here. The function returned ends it. */
  onEvent(listener: (topic: string, payload: Payload) => void): () => void
}

export function createRpc(options: RpcOptions): Rpc {
  const { services, tokens, clock, extraMembers = false, serverInfoRole = 'viewer', workLimits = DEFAULT_WORK_LIMITS } = options
  const { cameras } = services
  const { costly } = options
  const logger = options.logger.child({ component: 'rpc' })
  const subscriptions = new Subscriptions({ clock, cameras })
  let document: Rendered | undefined
  const openRpc = (): Rendered => {
    document ??= new Rendered(openRpcDocument(methods))
    return document
  }
  const listeners = new Set<(topic: string, payload: Payload) => void>()
  const publish = (topic: string, payload: Payload): void => {
    const told = subscriptions.publish(topic, payload)
    for (const listener of listeners) listener(topic, told)
  }
  const onTrouble = (error: string): void => publish('system.error', { error })
  const methods = methodsFor(serverInfoRole)
  const whole = {
    counts: () => subscriptions.counts(),
    state: (linkHost: string) => stateOfNow(services, subscriptions, linkHost),
  }
  const near = { cameras, tokens, subscriptions, whole, extraMembers }
  const here = { services, extraMembers, openRpc }
  const bound = methods.map((method) => (method.near ? bindNear(method, near) : bindHere(method, here, costly)))
  const calls = new HomeCalls(methods, here, { clock, logger, workLimits, costly, onTrouble })
  let opened = 0
  const nextClient = (): number => {
    opened += 1
    return opened
  }
  const ready = (): boolean => services.system.ready()
  const stopping = (): boolean => services.system.stopping?.() ?? false
  const sessions = new Sessions({ ...options, logger, methods: bound, subscriptions, ready, stopping, onTrouble, nextClient })
  return {
    openSession: (request) => sessions.open(request),
    publish,
    openRpc,
    stats: () => ({ ...sessions.stats, limited: summed([sessions.stats.limited, costly?.counts ?? {}]) }),
    home: {
      call: (call, signal) => calls.call(call, signal),
      state: whole.state,
      stats: () => calls.stats,
      log: () => subscriptions.logSnapshot(),
      onEvent(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
  }
}

function stateOfNow(services: Services, subscriptions: Subscriptions, linkHost: string): StateOfNow {
  const { cameras } = services.cameras.list(linkHost).value
  return {
    cameras,
    recordings: cameras.flatMap(({ device }) => services.recordings.status(device) ?? []),
    health: subscriptions.states('system.health').at(-1) ?? null,
  }
}
