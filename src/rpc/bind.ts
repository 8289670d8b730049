/** Methods with all they need to run. */

import type { CostlyRates } from './costly-rates.js'
import { demandRate } from './demand-rate.js'
import type { BoundMethod } from './dispatcher.js'
import type { Home } from './home.js'
import type { HomeMethod, NearMethod, NearToolbox, Toolbox } from './method.js'
import type { CallerIdentity } from './services.js'

export function bindNear(
  { name, role, beforeReady, work, relieves, audited, check, run }: NearMethod,
  toolbox: NearToolbox,
): BoundMethod {
  return { name, role, beforeReady, work, relieves, audited, check, run: (params, session) => run(toolbox, params, session) }
}

/** `costly` undefined: nothing is asked for too often. */
export function bindHere(method: HomeMethod, toolbox: Toolbox, costly: CostlyRates | undefined): BoundMethod {
  const { name, role, beforeReady, work, relieves, audited, rate, check, run } = method
  const facts = { name, role, beforeReady, work, relieves, audited, check }
  if (rate === undefined || costly === undefined) return { ...facts, run: (params, session) => run(toolbox, params, session) }
  return {
    ...facts,
    run(params, session) {
      demandRate(costly, rate, session.identity, params, toolbox)
      return run(toolbox, params, session)
    },
  }
}

/** In a thread without the services. */
export function bindFar({ name, role, beforeReady, work, relieves, audited, check }: HomeMethod, home: Home): BoundMethod {
  return {
    ...{ name, role, beforeReady, work, relieves, audited, check },
    run(params, { clientId, linkHost, identity, legacy, signal }) {
      const caller = { clientId, linkHost, identity: identity && factsOf(identity), legacy }
      return home.call({ method: name, params, caller }, signal)
    },
  }
}

/** As plain data. */
function factsOf({ userId, role, expiresAtMs, localOnly }: CallerIdentity): CallerIdentity {
  return { userId, role, expiresAtMs, ...(localOnly && { localOnly }) }
}
