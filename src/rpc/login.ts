/** What `authenticate` does: new spelling and legacy spelling (contract §4.5). */

import { randomUUID } from 'node:crypto'
import { demandPlace, type Identity, PERMISSIONS } from '../auth/index.js'
import { timestamp } from '../base/clock.js'
import { CATALOGUE, type ErrorCode, ServiceError } from '../base/errors.js'
import { loginName } from './login-params.js'
import type { Message } from './message.js'
import type { NearToolbox } from './method.js'
import type { Session } from './session.js'
import type { AuthenticateParams, LegacyRefusal, Login } from './shapes/login.js'
import { LEGACY_TOPICS } from './topics.js'

/** A call to log in whose client reads results only. */
export function isLegacyLogin({ method, params, fault }: Pick<Message, 'method' | 'params' | 'fault'>): boolean {
  return fault === undefined && method === 'authenticate' && loginName(params) === 'token'
}

/** What such a client is told in place of an error. */
export function legacyRefusal(code: ErrorCode): LegacyRefusal {
  return { authenticated: false, error: CATALOGUE[code].text }
}

/** A failure leaves the session as it was. */
export function authenticate(
  toolbox: NearToolbox,
  login: AuthenticateParams,
  session: Session,
): Login | LegacyRefusal | Promise<Login | LegacyRefusal> {
  try {
    const type = login.auth_type === 'auto' ? undefined : login.auth_type
    const identity = toolbox.tokens.verify(login.auth_token ?? login.token ?? '', { type, address: session.address })
    return identity instanceof Promise
      ? identity.then((known) => accept(toolbox, known, login, session)).catch((thrown: unknown) => refuse(thrown, login))
      : accept(toolbox, identity, login, session)
  } catch (thrown) {
    return refuse(thrown, login)
  }
}

function accept(toolbox: NearToolbox, identity: Identity, login: AuthenticateParams, session: Session): Login {
  const first = session.identity === undefined
  session.login(demandPlace(identity, session.local), login.token === undefined ? 'present' : 'legacy')
  // Not again at a renewal: it would replace what the client has subscribed to since.
  if (first && login.token !== undefined) toolbox.subscriptions.subscribe(session, LEGACY_TOPICS, {})
  return {
    authenticated: true,
    role: identity.role,
    permissions: PERMISSIONS[identity.role],
    expires_at: timestamp(identity.expiresAtMs),
    session_id: randomUUID(),
  }
}

function refuse(thrown: unknown, login: AuthenticateParams): LegacyRefusal {
  // A client that sent `token` reads results only, so its failure must be one.
  if (login.token !== undefined && thrown instanceof ServiceError) {
    return legacyRefusal(thrown.code)
  }
  throw thrown
}
