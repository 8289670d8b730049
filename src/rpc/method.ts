/** One definition per method: name, role, schemas, errors, text and the code that runs. Everything else is derived. */

import type { Asking, Identity, Role } from '../auth/index.js'
import type { ErrorCode } from '../base/errors.js'
import { Rendered } from '../base/rendered.js'
import type { CostlyKind } from './costly-rates.js'
import type { Params } from './message.js'
import { paramsCheck, type Refused } from './params-check.js'
import { build, type Schema, type Shape, type TObject, type TSchema } from './schema.js'
import type { CallerIdentity, CameraPort, Services } from './services.js'
import type { Session } from './session.js'
import { NoParams } from './shapes/common.js'
import type { Subscribed } from './shapes/events.js'
import type { SubscriptionCounts, Subscriptions } from './subscriptions.js'

/** Costly work of which only so much is done at once. */
export type WorkKind = 'snapshot' | 'media' | 'controls' | 'recording' | 'files'

export interface TokenVerifier {
  /** The identity behind a token or key. Throws AUTH_FAILED for one that is not valid now, RATE_LIMITED after too many of those. */
  verify(token: string, asking: Asking): Identity | Promise<Identity>
}

/** What a method may use that needs no more than its connection and the cameras: it runs in the thread of the connection. */
export interface NearToolbox {
  readonly cameras: CameraPort
  readonly tokens: TokenVerifier
  /** Of the connections of this thread. */
  readonly subscriptions: Subscriptions
  readonly whole: Whole
  readonly extraMembers: boolean
}

/** What concerns more than one thread knows; at once where the services are, later elsewhere. */
export interface Whole {
  /** Subscriptions of all connections of the service. */
  counts(): SubscriptionCounts | Promise<SubscriptionCounts>
  /** How things are, for a client that has to look afresh. */
  state(linkHost: string): StateOfNow | Promise<StateOfNow>
}

export type StateOfNow = NonNullable<Shape<typeof Subscribed>['state']>

/** What all other methods may use: they run where the services are. */
export interface Toolbox {
  readonly services: Services
  /** Results have the members that older suites look for beyond the documented ones (C-28). */
  readonly extraMembers: boolean
  /** The whole OpenRPC document. */
  openRpc(): Rendered
}

/** Who calls, as far as the services may know. A `Session` is one. */
export interface Caller {
  readonly clientId: string
  /** Name under which the client reached us, for links. */
  readonly linkHost: string
  readonly identity: CallerIdentity | undefined
  /** The login was spelt in the legacy way: results have what such clients read (contract §4.5). */
  readonly legacy: boolean
  /** Aborts when the connection goes. */
  readonly signal: AbortSignal
}

type Answer<Result> = Result | Rendered<Result>

interface Definition<P extends Schema<TObject>, R extends Schema> {
  readonly name: string
  /** Lowest role that may call; `none`: before login too. */
  readonly role: Role | 'none'
  readonly summary: string
  readonly params: P
  readonly result: R
  /** Errors beyond those every method can answer. */
  readonly errors: readonly ErrorCode[]
  /** Answers while the service is starting, too. */
  readonly beforeReady?: true
  /** Set for methods that wait for something slow: they count against the limits of work under way. */
  readonly work?: WorkKind
  /** Set for methods of which one identity may not ask for many in a short time. */
  readonly rate?: CostlyKind
  /** Ends or removes something, so that it is served under whatever load. */
  readonly relieves?: true
  /** What the audit log tells of: changes, and logins that succeed (others are told where they are counted). */
  readonly audited?: 'call' | 'login'
  /** In place of the schema's check, for a method that must not wait for the schema library. Throws INVALID_PARAMS and others. */
  readonly check?: (params: Params) => Shape<P>
  /** Last word on the parameters before they are checked: drops what has no meaning beside another. */
  readonly prepare?: (params: Params) => Params
  /** Members that clients with a legacy login read beyond the documented ones (C-28). */
  readonly legacy?: (result: Shape<R>) => object
}

export interface MethodDefinition<P extends Schema<TObject>, R extends Schema> extends Definition<P, R> {
  readonly run: (toolbox: Toolbox, params: Shape<P>, caller: Caller) => Answer<Shape<R>> | Promise<Answer<Shape<R>>>
  /** More members, that some suites look for: only with the compatibility switch. */
  readonly extra?: (toolbox: Toolbox, result: Shape<R>) => object | Promise<object>
}

export interface NearDefinition<P extends Schema<TObject>, R extends Schema> extends Definition<P, R> {
  readonly run: (toolbox: NearToolbox, params: Shape<P>, session: Session) => Answer<Shape<R>> | Promise<Answer<Shape<R>>>
  /** As in `MethodDefinition`. */
  readonly extra?: (toolbox: NearToolbox, result: Shape<R>) => object | Promise<object>
}

/** What the dispatcher and the manual know of a method. */
export interface MethodFacts {
  readonly name: string
  readonly role: Role | 'none'
  readonly summary: string
  readonly params: TObject
  readonly result: TSchema
  readonly errors: readonly ErrorCode[]
  readonly beforeReady: boolean
  readonly work: WorkKind | undefined
  readonly relieves: boolean
  readonly audited: 'call' | 'login' | undefined
  readonly rate: CostlyKind | undefined
  /**
   * The parameters as the method wants them, or what is wrong with them: that is returned, since to throw it would cost more than all
   * else. Throws what is no fault of the parameters.
   */
  check(params: Params): Params | Refused
}

/** Runs where the services are; `params` have been checked. */
export interface HomeMethod extends MethodFacts {
  readonly near: false
  run(toolbox: Toolbox, params: Params, caller: Caller): unknown
}

/** Runs where the connection is; `params` have been checked. */
export interface NearMethod extends MethodFacts {
  readonly near: true
  run(toolbox: NearToolbox, params: Params, session: Session): unknown
}

export type Method = HomeMethod | NearMethod

export function defineMethod<P extends Schema<TObject>, R extends Schema>(definition: MethodDefinition<P, R>): HomeMethod {
  return addTo(factsOf(definition), { near: false as const, run: withExtras(definition) as HomeMethod['run'] })
}

/** A method that needs nothing beyond its connection and the cameras: with several threads, the one of the connection runs it. */
export function defineNearMethod<P extends Schema<TObject>, R extends Schema>(definition: NearDefinition<P, R>): NearMethod {
  return addTo(factsOf(definition), { near: true as const, run: withExtras(definition) as NearMethod['run'] })
}

function factsOf<P extends Schema<TObject>, R extends Schema>(definition: Definition<P, R>): MethodFacts {
  const bySchema = paramsCheck(() => facts.params, definition.prepare)
  const read = definition.check ?? (definition.params === NoParams ? asTheyAre : bySchema)
  let params: TObject | undefined
  let result: TSchema | undefined

  const facts: MethodFacts = {
    name: definition.name,
    role: definition.role,
    summary: definition.summary,
    errors: definition.errors,
    beforeReady: definition.beforeReady === true,
    work: definition.work,
    relieves: definition.relieves === true,
    audited: definition.audited,
    rate: definition.rate,
    get params() {
      params ??= build(definition.params)
      return params
    },
    get result() {
      result ??= build(definition.result)
      return result
    },
    check: read as (params: Params) => Params | Refused,
  }
  return facts
}

interface Runnable<Box, Given, Who, Result> {
  readonly run: (toolbox: Box, params: Given, caller: Who) => Answer<Result> | Promise<Answer<Result>>
  readonly legacy?: (result: Result) => object
  readonly extra?: (toolbox: Box, result: Result) => object | Promise<object>
}

/** The method, and for those who want it what lies beyond the documented members. */
function withExtras<Box extends Pick<Toolbox, 'extraMembers'>, Given, Who extends Pick<Caller, 'legacy'>, Result>(
  definition: Runnable<Box, Given, Who, Result>,
): (toolbox: Box, params: Given, caller: Who) => unknown {
  const { run, legacy, extra } = definition
  if (legacy === undefined && extra === undefined) return run
  const enriched = (answer: Answer<Result>, toolbox: Box): object | null | Promise<object> => {
    const result = answer instanceof Rendered ? answer.value : answer
    if (result === null) return null
    const own = Object.assign({}, result, legacy?.(result))
    if (extra === undefined || !toolbox.extraMembers) return own
    const more = extra(toolbox, result)
    return more instanceof Promise ? more.then((later) => ({ ...own, ...later })) : { ...own, ...more }
  }
  return (toolbox, params, caller) => {
    const answer = run(toolbox, params, caller)
    if (!toolbox.extraMembers && (!caller.legacy || legacy === undefined)) return answer
    return answer instanceof Promise ? answer.then((later) => enriched(later, toolbox)) : enriched(answer, toolbox)
  }
}

/** In place: a spread would build the schemas. */
function addTo<More extends object>(facts: MethodFacts, more: More): MethodFacts & More {
  return Object.assign(facts, more)
}

function asTheyAre(given: Params): Params {
  return given
}

/** The same method for another role. */
export function forRole<Kind extends Method>(method: Kind, role: Role): Kind {
  return Object.create(method, { role: { value: role, enumerable: true } }) as Kind
}
