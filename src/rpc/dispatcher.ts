/**
 * From a decoded message and its session to a reply. The order of checks is the contract's (§3): rate limit, method, login,
 * role, readiness, parameters, operation. Methods that answer at once cost no promise.
 */

import { demandPlace, type Identity, type RateLimit } from '../auth/index.js'
import type { Clock } from '../base/clock.js'
import { CATALOGUE } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import { type Counts, Tally } from '../base/tally.js'
import type { Codec, Payload } from './codec.js'
import { FailureLog } from './failure-log.js'
import { type Message, type Params, wantsReply } from './message.js'
import type { MethodFacts, TokenVerifier } from './method.js'
import { RANK, type Session } from './session.js'
import { type Failure, failure, wireError } from './wire-error.js'
import { rateLimited, tooBusy, type WorkLimits, Workload } from './workload.js'

/** A method with all it needs to run, wherever that is. */
export interface BoundMethod extends Pick<MethodFacts, 'name' | 'role' | 'beforeReady' | 'work'> {
  /** Checks `params`, then runs. Throws INVALID_PARAMS with `param`, `rule` and `hint`. */
  call(params: Params, session: Session): unknown
}

export interface DispatcherOptions {
  readonly methods: ReadonlyMap<string, BoundMethod>
  readonly tokens: TokenVerifier
  /** False until every component of the service is up. */
  readonly ready: () => boolean
  /** The end has begun: nothing costly is begun any more. */
  readonly stopping?: () => boolean
  readonly rateLimit: RateLimit
  /** A token among the parameters of any call logs a connection in that is not (contract §4.5). */
  readonly tokensInCalls: boolean
  /** The message of a refusal for want of a login ends with `(auth_required)` (C-36). */
  readonly authRequiredInMessage: boolean
  readonly workLimits: WorkLimits
  readonly clock: Clock
  readonly logger: Logger
}

/** A client that goes on after so many refusals in this time is not one that backs off. */
const MAX_REFUSALS = 100
const REFUSAL_WINDOW_MS = 10_000
const CLOSE_FLOODING = 4029

export interface DispatcherStats {
  /** Counted since the start. */
  readonly calls: number
  readonly failures: number
  /** Answers by method and code, `ping 0` when it was a result; what names no method counts as `?`. */
  readonly answers: Counts
  /** Calls that were refused for there being too many, by layer. */
  readonly limited: Counts
  /** Slow work under way by kind. */
  readonly underWay: Counts
  /** Lines that were not logged. */
  readonly linesLeftOut: number
}

interface CountedMethod extends BoundMethod {
  results: number
}

export class Dispatcher {
  readonly #methods: ReadonlyMap<string, CountedMethod>
  readonly #tokens: TokenVerifier
  readonly #ready: () => boolean
  readonly #stopping: () => boolean
  readonly #rateLimit: RateLimit
  readonly #tokensInCalls: boolean
  readonly #authRequiredInMessage: boolean
  readonly #clock: Clock
  readonly #workload: Workload
  readonly #answers = new Tally()
  readonly #limited = new Tally()
  readonly #failureLog: FailureLog
  #calls = 0
  #failures = 0

  constructor(options: DispatcherOptions) {
    this.#methods = new Map([...options.methods].map(([name, method]) => [name, { ...method, results: 0 }]))
    this.#workload = new Workload(options.workLimits)
    this.#failureLog = new FailureLog(options.clock, options.logger)
    this.#tokens = options.tokens
    this.#ready = options.ready
    this.#stopping = options.stopping ?? (() => false)
    this.#rateLimit = options.rateLimit
    this.#tokensInCalls = options.tokensInCalls
    this.#authRequiredInMessage = options.authRequiredInMessage
    this.#clock = options.clock
  }

  get stats(): DispatcherStats {
    const results = [...this.#methods.values()].map(({ name, results }) => [`${name} 0`, results])
    return {
      calls: this.#calls,
      failures: this.#failures,
      answers: { ...Object.fromEntries(results), ...this.#answers.counts },
      limited: this.#limited.counts,
      underWay: this.#workload.underWay,
      linesLeftOut: this.#failureLog.linesLeftOut,
    }
  }

  /** The reply to send now; undefined when there is none, or when it comes later through the session's peer. */
  handle(session: Session, codec: Codec, message: Message): Payload | undefined {
    this.#calls += 1
    const retryAfterMs = this.#rateLimit.take(session.rate)
    if (retryAfterMs > 0) return this.#refuseFlood(session, codec, message, retryAfterMs)
    if (message.fault !== undefined) return this.#fail(codec, message, message.fault)
    const method = this.#methods.get(message.method)
    if (method === undefined) return this.#fail(codec, message, unknownMethod(message.method))
    if (this.#tokensInCalls && method.role !== 'none' && session.rankAt(this.#clock.wallMs()) === 0) {
      const token = tokenAmong(message.params)
      if (token !== undefined) return this.#loginAndRun(session, codec, message, method, token)
    }
    return this.#run(session, codec, message, method)
  }

  #run(session: Session, codec: Codec, message: Message, method: CountedMethod): Payload | undefined {
    const refusal = this.#refusal(session, method, message)
    if (refusal !== undefined) return this.#fail(codec, message, refusal)

    try {
      const result = method.call(message.params, session)
      if (!(result instanceof Promise)) {
        const reply = message.id === undefined ? undefined : codec.reply(message.id, result)
        method.results += 1
        return reply
      }
      this.#answerLater(session, codec, message, method, result)
      return undefined
    } catch (thrown) {
      return this.#fail(codec, message, this.#known(thrown, method, session))
    }
  }

  #loginAndRun(session: Session, codec: Codec, message: Message, method: CountedMethod, token: string): Payload | undefined {
    const run = (identity: Identity): Payload | undefined => {
      session.login(demandPlace(identity, session.local))
      return this.#run(session, codec, message, method)
    }
    const fail = (thrown: unknown): Payload | undefined => this.#fail(codec, message, this.#known(thrown, method, session))
    try {
      const identity = this.#tokens.verify(token, { address: session.address })
      if (!(identity instanceof Promise)) return run(identity)
      session.inFlight += 1
      // The reply goes out in the same turn: what the method has told to follow it must not be overtaken.
      const settle = (makeReply: () => Payload | undefined): void => {
        session.inFlight -= 1
        let reply: Payload | undefined
        try {
          reply = makeReply()
        } catch (thrown) {
          reply = fail(thrown)
        }
        session.reply(reply, codec.binary)
      }
      identity.then(
        (known) => settle(() => run(known)),
        (thrown: unknown) => settle(() => fail(thrown)),
      )
      return undefined
    } catch (thrown) {
      return fail(thrown)
    }
  }

  /** Why `method` may not run now, in the contract's order. */
  #refusal(session: Session, method: BoundMethod, message: Message): Failure | undefined {
    if (method.role !== 'none') {
      const rank = session.rankAt(this.#clock.wallMs())
      if (rank === 0) return loginNeeded(session)
      if (rank < RANK[method.role]) return roleTooLow(session, method)
      if (!method.beforeReady && !this.#ready()) return starting()
    }
    if (message.paramsFault !== undefined) return message.paramsFault
    const { work } = method
    if (work !== undefined && this.#stopping()) return ending()
    const full = work === undefined ? undefined : this.#workload.full(work, session.inFlight)
    if (full === undefined) return undefined
    this.#limited.add(`work of one ${full}`)
    return tooBusy()
  }

  #refuseFlood(session: Session, codec: Codec, message: Message, retryAfterMs: number): Payload | undefined {
    this.#limited.add('rate of one connection')
    if (session.countRefusal(this.#clock.nowMs(), REFUSAL_WINDOW_MS) >= MAX_REFUSALS) {
      session.peer.close(CLOSE_FLOODING, 'too many refused requests')
      return undefined
    }
    return this.#fail(codec, message, rateLimited(retryAfterMs, 'the connection sends more requests than its rate allows'))
  }

  #answerLater(session: Session, codec: Codec, message: Message, method: CountedMethod, result: Promise<unknown>): void {
    const { work } = method
    session.inFlight += 1
    if (work !== undefined) this.#workload.begin(work)
    const settle = (reply: Payload | undefined): void => {
      session.inFlight -= 1
      if (work !== undefined) this.#workload.end(work)
      session.reply(reply, codec.binary)
    }
    // The reply is made inside the chain: a result that cannot be encoded is a failure of the method like any other.
    result
      .then((value) => {
        const reply = message.id === undefined ? undefined : codec.reply(message.id, value)
        method.results += 1
        return reply
      })
      .catch((thrown: unknown) => this.#fail(codec, message, this.#known(thrown, method, session)))
      .then(settle)
  }

  #fail(codec: Codec, message: Message, error: Failure): Payload | undefined {
    this.#failures += 1
    this.#answers.add(`${this.#methods.has(message.method) ? message.method : '?'} ${CATALOGUE[error.code].rpc}`)
    if (!wantsReply(message)) return undefined
    const wire = wireError(error)
    const named = this.#authRequiredInMessage && error.code === 'AUTH_REQUIRED'
    return codec.failure(message.id, named ? { ...wire, message: `${wire.message} (auth_required)` } : wire)
  }

  #known(thrown: unknown, method: BoundMethod, session: Session): Failure {
    const client = session.closed ? undefined : (session.address ?? session.clientId)
    return this.#failureLog.known(thrown, { method: method.name, client, clientId: session.clientId })
  }
}

function tokenAmong({ auth_token, token }: Message['params']): string | undefined {
  const given = auth_token ?? token
  return typeof given === 'string' && given !== '' ? given : undefined
}

function unknownMethod(name: string): Failure {
  return failure('METHOD_NOT_FOUND', {
    data: { hint: 'rpc.discover lists the methods' },
    details: `there is no method ${JSON.stringify(name.slice(0, 64))}`,
  })
}

function loginNeeded(session: Session): Failure {
  if (session.identity === undefined) return failure('AUTH_REQUIRED', { details: 'this connection has not logged in' })
  return failure('AUTH_FAILED', {
    details: 'the token or key of this connection has expired or was revoked',
    suggestion: 'call authenticate with a new one',
  })
}

function roleTooLow(session: Session, method: BoundMethod): Failure {
  return failure('PERMISSION_DENIED', {
    data: { required_role: method.role, have_role: session.identity?.role },
    details: `${method.name} needs role ${method.role}`,
  })
}

function ending(): Failure {
  return failure('INVALID_STATE', {
    data: { state: 'STOPPING', allowed_states: ['RUNNING'] },
    details: 'the service is being stopped',
    suggestion: 'connect again in a few seconds',
  })
}

function starting(): Failure {
  const detail = 'the service is still starting'
  return failure('STARTING', { data: { dependency: 'camera_service', detail }, details: detail })
}
