/**
 * The thread that has the services, and the others: connections may be in any, and what a call needs beyond its connection and the
 * cameras is done here. Parameters and rights have been checked where the connection is.
 */

import type { Clock } from '../base/clock.js'
import { ServiceError } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import { Rendered } from '../base/rendered.js'
import type { CostlyRates } from './costly-rates.js'
import { demandRate } from './demand-rate.js'
import { FailureLog } from './failure-log.js'
import type { Params } from './message.js'
import type { Caller, HomeMethod, Method, StateOfNow, Toolbox } from './method.js'
import type { RpcStats } from './sessions.js'
import type { SubscriptionCounts } from './subscriptions.js'
import { tooBusy, type WorkLimits, Workload } from './workload.js'

/** Plain data. */
export interface HomeCall {
  readonly method: string
  readonly params: Params
  readonly caller: Omit<Caller, 'signal'>
}

/** What a thread without the services asks for. Everything rejects with ServiceError. */
export interface Home {
  call(call: HomeCall, signal: AbortSignal): Promise<Rendered>
  /** Subscriptions of all connections of the service. */
  counts(): Promise<SubscriptionCounts>
  state(linkHost: string): Promise<StateOfNow>
}

/** Of what is done here for other threads. */
export type HomeStats = Pick<RpcStats, 'underWay' | 'limited' | 'linesLeftOut'>

export interface HomeCallsOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly workLimits: WorkLimits
  /** Undefined: nothing is asked for too often. */
  readonly costly: CostlyRates | undefined
  /** As in `DispatcherOptions`. */
  readonly onTrouble: (error: string) => void
}

/** Runs the calls of other threads; the limits of slow work hold for all of them together. */
export class HomeCalls {
  readonly #methods: ReadonlyMap<string, HomeMethod>
  readonly #toolbox: Toolbox
  readonly #failures: FailureLog
  readonly #workload: Workload
  readonly #costly: CostlyRates | undefined
  #refused = 0

  constructor(methods: readonly Method[], toolbox: Toolbox, { clock, logger, workLimits, costly, onTrouble }: HomeCallsOptions) {
    this.#methods = new Map(methods.flatMap((method) => (method.near ? [] : [[method.name, method]])))
    this.#toolbox = toolbox
    this.#failures = new FailureLog(clock, logger, onTrouble)
    this.#workload = new Workload(workLimits)
    this.#costly = costly
  }

  get stats(): HomeStats {
    return {
      underWay: this.#workload.underWay,
      limited: { ...this.#costly?.counts, ...(this.#refused > 0 && { 'work of one kind': this.#refused }) },
      linesLeftOut: this.#failures.linesLeftOut,
    }
  }

  /** `signal` is asked for only by methods that can be given up. */
  async call({ method: name, params, caller }: HomeCall, signal: () => AbortSignal): Promise<Rendered> {
    const method = this.#methods.get(name)
    if (method === undefined) throw new ServiceError('METHOD_NOT_FOUND')
    const { work, rate } = method
    if (rate !== undefined && this.#costly !== undefined) demandRate(this.#costly, rate, caller.identity, params, this.#toolbox)
    if (work !== undefined && this.#workload.full(work, 0) !== undefined) {
      this.#refused += 1
      throw tooBusy()
    }
    if (work !== undefined) this.#workload.begin(work)
    const whole = {
      ...caller,
      get signal() {
        return signal()
      },
    }
    try {
      const result = await method.run(this.#toolbox, params, whole)
      const rendered = result instanceof Rendered ? result : new Rendered(result ?? null)
      // Made here: a result that cannot be encoded is a failure of the method like any other.
      void rendered.json
      return rendered
    } catch (thrown) {
      const { clientId } = caller
      const { code, ...detail } = this.#failures.known(thrown, { method: name, client: clientId, clientId })
      throw new ServiceError(code, detail)
    } finally {
      if (work !== undefined) this.#workload.end(work)
    }
  }
}
