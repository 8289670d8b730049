/** One definition per method: name, role, schemas, errors, text and the code that runs. Everything else is derived. */

import type { Asking, Identity, Role } from '../auth/index.js'
import type { ErrorCode } from '../base/errors.js'
import type { Rendered } from '../base/rendered.js'
import type { Params } from './message.js'
import { explainFault } from './rule.js'
import { build, type Check, compileCheck, type Schema, type Shape, type TObject, type TSchema } from './schema.js'
import type { Services } from './services.js'
import type { Session } from './session.js'
import { NoParams } from './shapes/common.js'
import type { Subscriptions } from './subscriptions.js'

/** Costly work of which only so much is done at once. */
export type WorkKind = 'snapshot' | 'media' | 'controls' | 'recording' | 'files'

export interface TokenVerifier {
  /** The identity behind a token or key. Throws AUTH_FAILED for one that is not valid now, RATE_LIMITED after too many of those. */
  verify(token: string, asking: Asking): Identity | Promise<Identity>
}

/** What a method may use. */
export interface Toolbox {
  readonly services: Services
  readonly tokens: TokenVerifier
  readonly subscriptions: Subscriptions
  /** The whole OpenRPC document. */
  openRpc(): Rendered
}

type Answer<Result> = Result | Rendered<Result>

export interface MethodDefinition<P extends Schema<TObject>, R extends Schema> {
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
  /** In place of the schema's check, for a method that must not wait for the schema library. Throws INVALID_PARAMS and others. */
  readonly check?: (params: Params) => Shape<P>
  /** Last word on the parameters before they are checked: drops what has no meaning beside another. */
  readonly prepare?: (params: Params) => Params
  readonly run: (toolbox: Toolbox, params: Shape<P>, session: Session) => Answer<Shape<R>> | Promise<Answer<Shape<R>>>
}

/** A method as the dispatcher and the manual see it. */
export interface Method {
  readonly name: string
  readonly role: Role | 'none'
  readonly summary: string
  readonly params: TObject
  readonly result: TSchema
  readonly errors: readonly ErrorCode[]
  readonly beforeReady: boolean
  readonly work: WorkKind | undefined
  /** Checks `params`, then runs. Throws INVALID_PARAMS with `param`, `rule` and `hint`. */
  call(toolbox: Toolbox, params: Params, session: Session): unknown
}

/** Members that older clients put into any call; they are no parameters (contract §4.5). */
const CREDENTIALS = ['auth_token', 'token']

export function defineMethod<P extends Schema<TObject>, R extends Schema>(definition: MethodDefinition<P, R>): Method {
  const { prepare, run } = definition
  const read = definition.check ?? (definition.params === NoParams ? asTheyAre : checked)
  let check: Check | undefined
  let params: TObject | undefined
  let result: TSchema | undefined

  function asTheyAre(given: Params): Shape<P> {
    return given as Shape<P>
  }

  function checked(given: Params): Shape<P> {
    let own = given
    for (const name of CREDENTIALS) if (name in own) own = without(own, name)
    if (prepare !== undefined) own = prepare(own)
    check ??= compileCheck(method.params)
    if (!check.passes(own)) throw explainFault(method.params, own, check.firstFault(own) ?? '')
    return own as Shape<P>
  }

  const method: Method = {
    name: definition.name,
    role: definition.role,
    summary: definition.summary,
    errors: definition.errors,
    beforeReady: definition.beforeReady === true,
    work: definition.work,
    get params() {
      params ??= build(definition.params)
      return params
    },
    get result() {
      result ??= build(definition.result)
      return result
    },
    call: (toolbox, given, session) => run(toolbox, read(given), session),
  }
  return method
}

function without(params: Params, name: string): Params {
  const { [name]: _removed, ...rest } = params
  return rest
}
