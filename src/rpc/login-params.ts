/** The parameters of `authenticate`, in the new spelling and in the legacy one (contract §4.5). */

import { ServiceError } from '../base/errors.js'
import type { Params } from './message.js'
import type { AuthenticateParams } from './shapes/login.js'

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

/** The name under which the token came. */
export function loginName(params: Params): string | undefined {
  return NAMES.find((name) => Object.hasOwn(params, name))
}
