/**
 * From a decoded message and its session to a reply. The order of checks is the contract's (§3): rate limit, method, login,
 * role, readiness, parameters, operation. Methods that answer at once cost no promise.
 */

import { demandPlace, type Identity, type RateLimit, type Rates, type Role } from '../auth/index.js'
import type { Audit } from '../base/audit-log.js'
import type { Clock } from '../base/clock.js'
import { ServiceError } from '../base/errors.js'
import { type Durations, Histogram } from '../base/histogram.js'
import type { Logger } from '../base/logger.js'
import { Rendered } from '../base/rendered.js'
import { type Counts, Tally } from '../base/tally.js'
import { auditEntry } from './audit-entry.js'
import type { Codec, Payload } from './codec.js'
import { FailureLog } from './failure-log.js'
import { isLegacyLogin, legacyRefusal } from './login.js'
import { type Message, type Params, wantsReply } from './message.js'
import type { MethodFacts, TokenVerifier, WorkKind } from './method.js'
import type { Refused } from './params-check.js'
import { RANK, type Session } from './session.js'
import { type Failure, failure, type Refusal, refusal, type WireError, wireError } from './wire-error.js'
import { OVERLOADED, rateLimited, TOO_BUSY, type WorkLimits, Workload } from './workload.js'

/** A method with all it needs to run, wherever that is. */
export interface BoundMethod extends Pick<MethodFacts, 'name' | 'role' | 'beforeReady' | 'work' | 'relieves' | 'audited'> {
  /** As `MethodFacts.check`. */
  check(params: Params): Params | Refused
  /** With `params` as `check` answered them. */
  run(params: Params, session: Session): unknown
}

export interface DispatcherOptions {
  readonly methods: ReadonlyMap<string, BoundMethod>
  readonly tokens: TokenVerifier
  /** False until every component of the service is up. */
  readonly ready: () => boolean
  /** The end has begun: nothing costly is begun any more. */
  readonly stopping?: () => boolean
  /** There is so much to do that nothing costly is begun. */
  readonly overloaded?: () => boolean
  /** Of one connection. */
  readonly rateLimit: RateLimit
  /** Of one identity on all its connections. */
  readonly identityRates: Rates
  /** A token among the parameters of any call logs a connection in that is not (contract §4.5). */
  readonly tokensInCalls: boolean
  /** The message of a refusal for want of a login ends with `(auth_required)` (C-36). */
  readonly authRequiredInMessage: boolean
  readonly workLimits: WorkLimits
  /** Hears, in words that any client may see, of what should not have happened. */
  readonly onTrouble?: (error: string) => void
  /** Hears of each call of a method that is audited. Default: nobody does. */
  readonly audit?: Audit
  readonly clock: Clock
  readonly logger: Logger
}

/** A client that goes on after so many refusals in this time is not one that backs off. */
const MAX_REFUSALS = 100
const REFUSAL_WINDOW_MS = 10_000
const CLOSE_FLOODING = 4029
const MAX_UNKNOWN_NAMES = 64

export interface DispatcherStats {
  /** Counted since the start. */
  readonly calls: number
  readonly failures: number
  /** Answers by method and code, `ping 0` when it was a result; what names no method counts as `?`. */
  readonly answers: Counts
  /** Calls that were refused for there being too many, by layer. */
  readonly limited: Counts
  /** From request to reply, of calls that came to be run. */
  readonly durations: Durations
  /** Slow work under way by kind. */
  readonly underWay: Counts
  /** Lines that were not logged. */
  readonly linesLeftOut: number
}

/** One that is answered later. */
interface Call {
  readonly session: Session
  readonly codec: Codec
  readonly message: Message
  readonly method: CountedMethod
  /** Called when it is no longer under way. */
  readonly done: () => void
}

interface CountedMethod extends BoundMethod {
  results: number
  /** By the code that was answered. */
  readonly failures: Map<number, number>
  /** By the role that was too low; made when it was first needed. */
  readonly roleTooLow: Partial<Record<Role, Refusal>>
}

export class Dispatcher {
  readonly #methods: ReadonlyMap<string, CountedMethod>
  readonly #tokens: TokenVerifier
  readonly #ready: () => boolean
  readonly #stopping: () => boolean
  readonly #overloaded: () => boolean
  readonly #rateLimit: RateLimit
  readonly #identityRates: Rates
  readonly #tokensInCalls: boolean
  readonly #authRequiredInMessage: boolean
  readonly #clock: Clock
  readonly #workload: Workload
  readonly #unknown = new Map<number, number>()
  /** Refusals by name: who was written for another server asks for the same few again and again. */
  readonly #unknownNames = new Map<string, Refusal>()
  readonly #limited = new Tally()
  readonly #failureLog: FailureLog
  readonly #audit: Audit | undefined
  readonly #loginNeeded: Refusal
  readonly #durations = new Histogram()
  #calls = 0
  #failures = 0

  constructor(options: DispatcherOptions) {
    const counted = (method: BoundMethod): CountedMethod => ({ ...method, results: 0, failures: new Map(), roleTooLow: {} })
    this.#methods = new Map([...options.methods].map(([name, method]) => [name, counted(method)]))
    this.#workload = new Workload(options.workLimits)
    this.#failureLog = new FailureLog(options.clock, options.logger, options.onTrouble ?? (() => undefined))
    this.#tokens = options.tokens
    this.#ready = options.ready
    this.#stopping = options.stopping ?? (() => false)
    this.#overloaded = options.overloaded ?? (() => false)
    this.#rateLimit = options.rateLimit
    this.#identityRates = options.identityRates
    this.#tokensInCalls = options.tokensInCalls
    this.#authRequiredInMessage = options.authRequiredInMessage
    this.#clock = options.clock
    this.#audit = options.audit
    this.#loginNeeded = new Rendered(this.#wire(LOGIN_NEEDED))
  }

  get stats(): DispatcherStats {
    const answers: Record<string, number> = {}
    const add = (name: string, counts: Iterable<readonly [number, number]>): void => {
      for (const [code, count] of counts) answers[`${name} ${code}`] = count
    }
    for (const { name, results, failures } of this.#methods.values()) add(name, [[0, results], ...failures])
    add('?', this.#unknown)
    return {
      calls: this.#calls,
      failures: this.#failures,
      answers,
      limited: this.#limited.counts,
      durations: this.#durations.durations,
      underWay: this.#workload.underWay,
      linesLeftOut: this.#failureLog.linesLeftOut,
    }
  }

  /** The reply to send now; undefined when there is none, or when it comes later through the session's peer. */
  handle(session: Session, codec: Codec, message: Message): Payload | undefined {
    this.#calls += 1
    const nowMs = this.#clock.nowMs()
    const waitMs = this.#rateLimit.take(session.rate, nowMs)
    if (waitMs > 0) return this.#refuseFlood(session, codec, message, waitMs, 'connection')
    if (session.identity !== undefined) {
      session.identityRate ??= this.#identityRates.place(session.identity.userId)
      const identityWaitMs = session.identityRate.take(nowMs)
      if (identityWaitMs > 0) return this.#refuseFlood(session, codec, message, identityWaitMs, 'identity')
    }
    const method = this.#methods.get(message.method)
    if (message.fault !== undefined) return this.#fail(session, codec, message, method, message.fault)
    if (method === undefined) return this.#fail(session, codec, message, undefined, this.#unknownMethod(message.method))
    if (this.#tokensInCalls && method.role !== 'none' && session.rankAt(this.#clock.wallMs()) === 0) {
      const token = tokenAmong(message.params)
      if (token !== undefined) return this.#loginAndRun(session, codec, message, method, token, nowMs)
    }
    return this.#run(session, codec, message, method, nowMs)
  }

  /** `begunMs`: when the message came. */
  #run(session: Session, codec: Codec, message: Message, method: CountedMethod, begunMs: number): Payload | undefined {
    const refused = this.#refusal(session, method, message)
    if (refused !== undefined) return this.#fail(session, codec, message, method, refused)
    try {
      const params = method.check(message.params)
      if (params instanceof Rendered || params instanceof ServiceError) return this.#fail(session, codec, message, method, params)
      const result = method.run(params, session)
      if (!(result instanceof Promise)) {
        const reply = this.#succeed(session, codec, message, method, result)
        this.#durations.add(this.#clock.nowMs() - begunMs)
        return reply
      }
      const { work } = method
      if (work !== undefined) this.#workload.begin(work)
      const done = (): void => {
        this.#durations.add(this.#clock.nowMs() - begunMs)
        if (work !== undefined) this.#workload.end(work)
      }
      this.#answerLater({ session, codec, message, method, done }, result, (value) =>
        this.#succeed(session, codec, message, method, value),
      )
      return undefined
    } catch (thrown) {
      this.#durations.add(this.#clock.nowMs() - begunMs)
      return this.#fail(session, codec, message, method, this.#known(thrown, method, session))
    }
  }

  #loginAndRun(
    session: Session,
    codec: Codec,
    message: Message,
    method: CountedMethod,
    token: string,
    begunMs: number,
  ): Payload | undefined {
    const run = (identity: Identity): Payload | undefined => {
      session.login(demandPlace(identity, session.local))
      this.#audit?.({ ...auditEntry(session, message, 'ok'), action: 'authenticate', detail: { in: method.name } })
      return this.#run(session, codec, message, method, begunMs)
    }
    try {
      const identity = this.#tokens.verify(token, { address: session.address })
      if (!(identity instanceof Promise)) return run(identity)
      this.#answerLater({ session, codec, message, method, done: () => undefined }, identity, run)
      return undefined
    } catch (thrown) {
      return this.#fail(session, codec, message, method, this.#known(thrown, method, session))
    }
  }

  /**
   * A reply is made and sent in one turn: its bytes are only lent, and what the method has told to follow it must not be overtaken. A
   * result that cannot be encoded is a failure of the method like any other.
   */
  #answerLater<Value>(call: Call, promise: Promise<Value>, reply: (value: Value) => Payload | undefined): void {
    const { session, codec, message, method, done } = call
    session.inFlight += 1
    const failed = (thrown: unknown): Payload | undefined =>
      this.#fail(session, codec, message, method, this.#known(thrown, method, session))
    const settle = (made: () => Payload | undefined): void => {
      session.inFlight -= 1
      done()
      let payload: Payload | undefined
      try {
        payload = made()
      } catch (thrown) {
        payload = failed(thrown)
      }
      session.reply(payload, codec.binary)
    }
    promise.then(
      (value) => settle(() => reply(value)),
      (thrown: unknown) => settle(() => failed(thrown)),
    )
  }

  /** Why `method` may not run now, in the contract's order. */
  #refusal(session: Session, method: CountedMethod, message: Message): Refusal | undefined {
    if (method.role !== 'none') {
      const rank = session.rankAt(this.#clock.wallMs())
      if (rank === 0) return session.identity === undefined ? this.#loginNeeded : LOGIN_ENDED
      if (rank < RANK[method.role]) return roleTooLow(session, method)
      if (!method.beforeReady && !this.#ready()) return STARTING
    }
    if (message.paramsFault !== undefined) return message.paramsFault
    return method.work === undefined ? undefined : this.#workRefusal(method.work, method.relieves, session)
  }

  #workRefusal(work: WorkKind, relieves: boolean, session: Session): Refusal | undefined {
    if (this.#stopping()) return ENDING
    if (!relieves && this.#overloaded()) {
      this.#limited.add('load')
      return OVERLOADED
    }
    const full = this.#workload.full(work, session.inFlight)
    if (full === undefined) return undefined
    this.#limited.add(`work of one ${full}`)
    return TOO_BUSY
  }

  #refuseFlood(
    session: Session,
    codec: Codec,
    message: Message,
    retryAfterMs: number,
    who: 'connection' | 'identity',
  ): Payload | undefined {
    this.#limited.add(`rate of one ${who}`)
    if (session.countRefusal(this.#clock.nowMs(), REFUSAL_WINDOW_MS) >= MAX_REFUSALS) {
      session.peer.close(CLOSE_FLOODING, 'too many refused requests')
      return undefined
    }
    const told = rateLimited(retryAfterMs, `the ${who} sends more requests than its rate allows`)
    const reply = this.#fail(session, codec, message, this.#methods.get(message.method), told)
    if (reply === undefined || message.id === undefined || !isLegacyLogin(message)) return reply
    return codec.reply(message.id, legacyRefusal(told.code))
  }

  #succeed(session: Session, codec: Codec, message: Message, method: CountedMethod, result: unknown): Payload | undefined {
    const reply = message.id === undefined ? undefined : codec.reply(message.id, result)
    method.results += 1
    if (method.audited !== undefined) this.#note(session, method, message, result)
    return reply
  }

  #fail(
    session: Session,
    codec: Codec,
    message: Message,
    method: CountedMethod | undefined,
    error: Failure | Refusal,
  ): Payload | undefined {
    this.#failures += 1
    const told = error instanceof Rendered ? error : this.#wire(error)
    const { code } = told instanceof Rendered ? told.value : told
    const counts = method?.failures ?? this.#unknown
    counts.set(code, (counts.get(code) ?? 0) + 1)
    if (method?.audited === 'call')
      this.#audit?.(auditEntry(session, message, String(told instanceof Rendered ? told.value.data.reason : told.data.reason)))
    return wantsReply(message) ? codec.failure(message.id, told) : undefined
  }

  #note(session: Session, { audited }: CountedMethod, message: Message, result: unknown): void {
    if (audited === 'login' && !isLogin(result)) return
    this.#audit?.(auditEntry(session, message, 'ok'))
  }

  /** The first names are kept: a flood of others costs no more than to say so of each. */
  #unknownMethod(name: string): Failure | Refusal {
    const known = this.#unknownNames.get(name)
    if (known !== undefined) return known
    const detail = {
      data: { hint: 'rpc.discover lists the methods' },
      details: `there is no method ${JSON.stringify(name.slice(0, 64))}`,
    }
    if (this.#unknownNames.size >= MAX_UNKNOWN_NAMES) return failure('METHOD_NOT_FOUND', detail)
    const made = refusal('METHOD_NOT_FOUND', detail)
    this.#unknownNames.set(name, made)
    return made
  }

  #wire(error: Failure): WireError {
    const wire = wireError(error)
    if (!this.#authRequiredInMessage || error.code !== 'AUTH_REQUIRED') return wire
    return { ...wire, message: `${wire.message} (auth_required)` }
  }

  #known(thrown: unknown, method: BoundMethod, session: Session): Failure {
    const client = session.closed ? undefined : (session.address ?? session.clientId)
    return this.#failureLog.known(thrown, { method: method.name, client, clientId: session.clientId })
  }
}

/** A refusal of the legacy spelling is a result, too. */
function isLogin(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'authenticated' in result && result.authenticated === true
}

function tokenAmong({ auth_token, token }: Message['params']): string | undefined {
  const given = auth_token ?? token
  return typeof given === 'string' && given !== '' ? given : undefined
}

const LOGIN_NEEDED = failure('AUTH_REQUIRED', { details: 'this connection has not logged in' })

const LOGIN_ENDED = refusal('AUTH_FAILED', {
  details: 'the token or key of this connection has expired or was revoked',
  suggestion: 'call authenticate with a new one',
})

const ENDING = refusal('INVALID_STATE', {
  data: { state: 'STOPPING', allowed_states: ['RUNNING'] },
  details: 'the service is being stopped',
  suggestion: 'connect again in a few seconds',
})

const NOT_READY = 'the service is still starting'
const STARTING = refusal('STARTING', { data: { dependency: 'camera_service', detail: NOT_READY }, details: NOT_READY })

function roleTooLow(session: Session, method: CountedMethod): Refusal {
  const { identity } = session
  const had = identity === undefined ? undefined : method.roleTooLow[identity.role]
  if (had !== undefined) return had
  const made = refusal('PERMISSION_DENIED', {
    data: { required_role: method.role, have_role: identity?.role },
    details: `${method.name} needs role ${method.role}`,
  })
  if (identity !== undefined) method.roleTooLow[identity.role] = made
  return made
}
