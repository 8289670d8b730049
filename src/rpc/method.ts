/** One definition per method: name, role, schemas, errors, text and the code that runs. Everything else is derived. */

import type { Identity, Role } from '../auth/index.js'
import { type ErrorCode, ServiceError } from '../base/errors.js'
import type { Rendered } from '../base/rendered.js'
import type { Params } from './message.js'
import { explainFault } from './rule.js'
import { type Check, compileCheck, type Shape, type TObject, type TSchema } from './schema.js'
import type { Services } from './services.js'
import type { Session } from './session.js'
import type { Subscriptions } from './subscriptions.js'

/** Costly work of which only so much is done at once. */
export type WorkKind = 'snapshot' | 'media'

export interface TokenVerifier {
  /** The identity behind a token or key. Throws AUTH_FAILED for one that is not valid now. */
  verify(token: string): Identity | Promise<Identity>
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

export interface MethodDefinition<P extends TObject, R extends TSchema> {
  readonly name: string
  /** Lowest role that may call; `none`: before login too. */
  readonly role: Role | 'none'
  readonly summary: string
  readonly params: P
  readonly result: R
  /** Errors beyond those every method can answer. */
  readonly errors: readonly ErrorCode[]
  /** Set for methods that wait for something slow: they count against the limits of work under way. */
  readonly work?: WorkKind
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
  readonly work: WorkKind | undefined
  /** Checks `params`, then runs. Throws INVALID_PARAMS with `param`, `rule` and `hint`. */
  call(toolbox: Toolbox, params: Params, session: Session): unknown
}

/** Members that older clients put into any call; they are no parameters (contract §4.5). */
const CREDENTIALS = ['auth_token', 'token']

export function defineMethod<P extends TObject, R extends TSchema>(definition: MethodDefinition<P, R>): Method {
  const { params: schema, prepare, run } = definition
  const unchecked = Object.keys(schema.properties).length === 0
  const stripped = CREDENTIALS.filter((name) => !(name in schema.properties))
  let check: Check | undefined

  function checked(given: Params): Shape<P> {
    let params = given
    for (const name of stripped) if (name in params) params = without(params, name)
    if (prepare !== undefined) params = prepare(params)
    check ??= compileCheck(schema)
    if (!check.passes(params)) throw explainFault(schema, params, check.firstFault(params) ?? '')
    return params as Shape<P>
  }

  return {
    name: definition.name,
    role: definition.role,
    summary: definition.summary,
    params: schema,
    result: definition.result,
    errors: definition.errors,
    work: definition.work,
    call: (toolbox, params, session) => run(toolbox, unchecked ? (params as Shape<P>) : checked(params), session),
  }
}

function without(params: Params, name: string): Params {
  const { [name]: _removed, ...rest } = params
  return rest
}

/** A parameter that passes the schema but not the domain's own rule. */
export function invalidParam(param: string, rule: string, hint: string, details: string): ServiceError {
  return new ServiceError('INVALID_PARAMS', { data: { param, rule, hint }, details })
}
