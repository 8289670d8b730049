/** Methods with all they need to run. */

import type { BoundMethod } from './dispatcher.js'
import type { Home } from './home.js'
import type { HomeMethod, NearMethod, NearToolbox, Toolbox } from './method.js'
import type { CallerIdentity } from './services.js'

export function bindNear({ name, role, beforeReady, work, check, run }: NearMethod, toolbox: NearToolbox): BoundMethod {
  return { name, role, beforeReady, work, call: (params, session) => run(toolbox, check(params), session) }
}

export function bindHere({ name, role, beforeReady, work, check, run }: HomeMethod, toolbox: Toolbox): BoundMethod {
  return { name, role, beforeReady, work, call: (params, session) => run(toolbox, check(params), session) }
}

/** In a thread without the services. */
export function bindFar({ name, role, beforeReady, work, check }: HomeMethod, home: Home): BoundMethod {
  return {
    ...{ name, role, beforeReady, work },
    call(given, { clientId, linkHost, identity, legacy, signal }) {
      const params = check(given)
      const caller = { clientId, linkHost, identity: identity && factsOf(identity), legacy }
      return home.call({ method: name, params, caller }, signal)
    },
  }
}

/** As plain data. */
function factsOf({ userId, role, expiresAtMs, localOnly }: CallerIdentity): CallerIdentity {
  return { userId, role, expiresAtMs, ...(localOnly && { localOnly }) }
}
