/** What `authenticate` does: new spelling and legacy spelling (contract §4.5). */

import { randomUUID } from 'node:crypto'
import { demandPlace, type Identity, PERMISSIONS } from '../auth/index.js'
import { timestamp } from '../base/clock.js'
import { CATALOGUE, type ErrorCode, ServiceError } from '../base/errors.js'
import type { Message, Params } from './message.js'
import type { NearToolbox } from './method.js'
import type { Session } from './session.js'
import type { AuthenticateParams, LegacyRefusal, Login } from './shapes/login.js'
import { LEGACY_TOPICS } from './topics.js'

/** Of the token, the first that is there counts. */
const NAMES = ['auth_token', 'token', 'api_key']
const AUTH_TYPES: readonly unknown[] = ['jwt', 'api_key', 'auto', undefined]

/**
 * The first of `auth_token`, `token` and `api_key` that is there, under its own name if it is the legacy `token`. Throws
 * AUTH_REQUIRED unless it is a string with content, and INVALID_PARAMS for an `auth_type` that is none; never for a legacy login.
 */
export function readLogin(params: Params): AuthenticateParams {
  const name = loginName(params)
  const token = name === undefined ? undefined : params[name]
  const knownType = AUTH_TYPES.includes(params.auth_type)
  const type = params.auth_type === undefined && name === 'api_key' ? 'api_key' : params.auth_type
  const auth_type: Pick<AuthenticateParams, 'auth_type'> = type === 'jwt' || type === 'api_key' ? { auth_type: type } : {}
  // Its clients understand no error: what they send wrongly is a token that fails.
  if (name === 'token') return { token: typeof token === 'string' && knownType ? token : '', ...auth_type }
  if (typeof token !== 'string' || token === '') {
    throw new ServiceError('AUTH_REQUIRED', {
      details: 'auth_token must be a string that is not empty',
      suggestion: 'send a token as auth_token',
    })
  }
  if (!knownType) {
    const rule = 'one of jwt, api_key, auto'
    throw new ServiceError('INVALID_PARAMS', {
      data: { param: 'auth_type', rule, hint: `send ${rule}` },
      details: 'auth_type is unknown',
    })
  }
  return { auth_token: token, ...auth_type }
}

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

function loginName(params: Params): string | undefined {
  return NAMES.find((name) => Object.hasOwn(params, name))
}
