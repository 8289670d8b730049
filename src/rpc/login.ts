/** What `authenticate` does: new spelling and legacy spelling (contract §4.5). */

import { randomUUID } from 'node:crypto'
import { type Identity, PERMISSIONS } from '../auth/index.js'
import { timestamp } from '../base/clock.js'
import { CATALOGUE, ServiceError } from '../base/errors.js'
import type { Params } from './message.js'
import type { Toolbox } from './method.js'
import type { Session } from './session.js'
import type { LegacyRefusal, Login } from './shapes.js'
import { LEGACY_TOPICS } from './topics.js'

export interface Credential {
  readonly token: string
  /** Given as `token`: the client reads results only, so a failure must be one. */
  readonly legacy: boolean
}

/** The first of `auth_token`, `token` and `api_key` that is there. Throws AUTH_REQUIRED unless it is a string with content. */
export function readCredential(params: Params): Credential {
  const name = ['auth_token', 'token', 'api_key'].find((candidate) => Object.hasOwn(params, candidate))
  const token = name === undefined ? undefined : params[name]
  if (typeof token === 'string' && token !== '') return { token, legacy: name === 'token' }
  throw new ServiceError('AUTH_REQUIRED', {
    details: 'auth_token must be a string that is not empty',
    suggestion: 'send a token as auth_token',
  })
}

/** A failure leaves the session as it was. */
export function authenticate(
  toolbox: Toolbox,
  credential: Credential,
  session: Session,
): Login | LegacyRefusal | Promise<Login | LegacyRefusal> {
  try {
    const identity = toolbox.tokens.verify(credential.token)
    return identity instanceof Promise
      ? identity.then(
          (known) => accept(toolbox, known, credential, session),
          (thrown: unknown) => refuse(thrown, credential),
        )
      : accept(toolbox, identity, credential, session)
  } catch (thrown) {
    return refuse(thrown, credential)
  }
}

function accept(toolbox: Toolbox, identity: Identity, credential: Credential, session: Session): Login {
  session.login(identity)
  if (credential.legacy) toolbox.subscriptions.subscribe(session, LEGACY_TOPICS, {})
  return {
    authenticated: true,
    role: identity.role,
    permissions: PERMISSIONS[identity.role],
    expires_at: timestamp(identity.expiresAtMs),
    session_id: randomUUID(),
  }
}

function refuse(thrown: unknown, credential: Credential): LegacyRefusal {
  if (credential.legacy && thrown instanceof ServiceError) {
    return { authenticated: false, error: CATALOGUE[thrown.code].text }
  }
  throw thrown
}
