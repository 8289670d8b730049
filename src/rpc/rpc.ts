/** The JSON-RPC service where the services are: sessions in, replies and notifications out. Knows no socket. */

import { Rendered } from '../base/rendered.js'
import { openRpcDocument } from './describe.js'
import type { BoundMethod } from './dispatcher.js'
import type { Payload } from './filters.js'
import type { Method, NearToolbox, StateOfNow, Toolbox } from './method.js'
import { methodsFor } from './methods/index.js'
import type { Services } from './services.js'
import { type OpenSession, type RpcStats, type SessionRequest, type SessionRules, Sessions } from './sessions.js'
import { Subscriptions } from './subscriptions.js'

export interface RpcOptions extends SessionRules {
  readonly services: Services
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
}

export function createRpc(options: RpcOptions): Rpc {
  const { services, tokens, clock, extraMembers = false, serverInfoRole = 'viewer' } = options
  const { cameras } = services
  const logger = options.logger.child({ component: 'rpc' })
  const subscriptions = new Subscriptions({ clock, cameras })
  let document: Rendered | undefined
  const openRpc = (): Rendered => {
    document ??= new Rendered(openRpcDocument(methods))
    return document
  }
  const methods = methodsFor(serverInfoRole)
  const whole = {
    counts: () => subscriptions.counts(),
    state: (linkHost: string) => stateOfNow(services, subscriptions, linkHost),
  }
  const near = { cameras, tokens, subscriptions, whole, extraMembers }
  const bound = methods.map((method) => bind(method, { services, extraMembers, openRpc }, near))
  let opened = 0
  const nextClient = (): number => {
    opened += 1
    return opened
  }
  const ready = (): boolean => services.system.ready()
  const sessions = new Sessions({ ...options, logger, methods: bound, subscriptions, ready, nextClient })
  return {
    openSession: (request) => sessions.open(request),
    publish: (topic, payload) => subscriptions.publish(topic, payload),
    openRpc,
    stats: () => sessions.stats,
  }
}

function bind(method: Method, toolbox: Toolbox, near: NearToolbox): BoundMethod {
  const { name, role, beforeReady, work, check } = method
  const facts = { name, role, beforeReady, work }
  if (method.near) {
    const { run } = method
    return { ...facts, call: (params, session) => run(near, check(params), session) }
  }
  const { run } = method
  return { ...facts, call: (params, session) => run(toolbox, check(params), session) }
}

function stateOfNow(services: Services, subscriptions: Subscriptions, linkHost: string): StateOfNow {
  const { cameras } = services.cameras.list(linkHost).value
  return {
    cameras,
    recordings: cameras.flatMap(({ device }) => services.recordings.status(device) ?? []),
    health: subscriptions.states('system.health').at(-1) ?? null,
  }
}
