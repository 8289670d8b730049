/**
 * What clients hear of a failure: what is in the catalogue without the places it names; anything else is ours, and they get its number only.
 * What they do not hear is logged.
 */

import { randomUUID } from 'node:crypto'
import type { Clock } from '../base/clock.js'
import { errorText, ServiceError } from '../base/errors.js'
import { LogThrottle } from '../base/log-throttle.js'
import type { Logger } from '../base/logger.js'
import { stackOf } from '../base/stack.js'
import { withoutPlaces } from './hidden-places.js'
import { type Failure, failure } from './wire-error.js'

/** Lines a minute about one method that fails for one client. */
const LOG_LINES = 5

export interface FailedCall {
  readonly method: string
  /** Whom lines are counted for; undefined: nobody listens any more, and nothing is logged. */
  readonly client: string | undefined
  readonly clientId: string
}

export class FailureLog {
  readonly #logger: Logger
  readonly #throttle: LogThrottle
  readonly #onTrouble: (error: string) => void

  /** `onTrouble` hears of what is logged, in words that any client may see. */
  constructor(clock: Clock, logger: Logger, onTrouble: (error: string) => void) {
    this.#logger = logger
    this.#onTrouble = onTrouble
    this.#throttle = new LogThrottle({ clock, perMinute: LOG_LINES })
  }

  get linesLeftOut(): number {
    return this.#throttle.dropped
  }

  known(thrown: unknown, call: FailedCall): Failure {
    if (thrown instanceof ServiceError) return this.#told(thrown, call)
    const requestId = randomUUID()
    const logger = this.#loggerFor(thrown, call)
    if (logger !== undefined) {
      logger.error(
        {
          ...{ correlation_id: requestId, method: call.method, client: call.clientId },
          ...{ error: errorText(thrown), stack: stackOf(thrown) },
        },
        'method failed unexpectedly',
      )
      this.#onTrouble(`${call.method} failed unexpectedly (request_id ${requestId})`)
    }
    return failure('INTERNAL', { data: { request_id: requestId }, details: `${call.method} failed unexpectedly` })
  }

  #told(known: ServiceError, call: FailedCall): Failure {
    const told = withoutPlaces(known)
    if (told !== known)
      this.#loggerFor(known.details, call)?.warn(
        { method: call.method, client: call.clientId, error: known.details },
        'method failed',
      )
    return told
  }

  /** Undefined when the same was said often enough. */
  #loggerFor(thrown: unknown, { method, client }: FailedCall): Logger | undefined {
    if (client === undefined) return undefined
    const verdict = this.#throttle.judge(`${method} ${errorText(thrown)}`, client)
    if (!verdict.write) return undefined
    const { last, leftOut } = verdict
    if (!last && leftOut === 0) return this.#logger
    return this.#logger.child({ ...(leftOut > 0 && { left_out: leftOut }), ...(last && { more: 'left out for a minute' }) })
  }
}
