/** The parameters of a call against the schema of its method. */

import { ServiceError } from '../base/errors.js'
import { Rendered } from '../base/rendered.js'
import type { Params } from './message.js'
import { explainFault } from './rule.js'
import { type Check, compileCheck, type TObject } from './schema.js'
import { type Refusal, wireError } from './wire-error.js'

/** What is wrong with parameters: INVALID_PARAMS with `param`, `rule` and `hint`. */
export type Refused = ServiceError | Refusal

/** As `MethodFacts.check`. The schema is asked for, and compiled, with the first call. `prepare`: as in the definition of a method. */
export function paramsCheck(
  schema: () => TObject,
  prepare: ((params: Params) => Params) | undefined,
): (given: Params) => Params | Refused {
  let check: Check | undefined
  /** Of those that were recognised as seen before: they come again and again, and nobody changes them. */
  const outcomes = new WeakMap<Params, Params | Refusal>()

  function look(given: Params): Params | Refused {
    const own = prepare === undefined ? given : prepare(given)
    check ??= compileCheck(schema())
    const outcome = check.passes(own) ? knownOf(own, schema()) : explainFault(schema(), own, check.firstFault(own) ?? '')
    if (!Object.isFrozen(given)) return outcome
    const lasting = outcome instanceof ServiceError ? new Rendered(wireError(outcome)) : Object.freeze(outcome)
    outcomes.set(given, lasting)
    return lasting
  }

  return (given) => outcomes.get(given) ?? look(given)
}

/** Members that the method does not know go no further; among them the credentials that older clients put into any call (contract §4.5). */
function knownOf(params: Params, { properties }: TObject): Params {
  const known: Record<string, unknown> = {}
  for (const name in properties) if (Object.hasOwn(params, name)) known[name] = params[name]
  return known
}
