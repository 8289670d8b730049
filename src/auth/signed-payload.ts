/** What stands in a token, once its signature has been found to be good. */

import { ServiceError } from '../base/errors.js'
import { isStrictJson } from './strict-json.js'

const MAX_PAYLOAD_DEPTH = 4
/** What nearly every token begins with, so it need not be looked at each time. */
const USUAL_HEADER = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url')

/**
 * The payload of a token that `verifyJwt` finds to be signed by us and `type`, when there is one, says of itself. Throws ServiceError
 * AUTH_FAILED; `details` names the rule, never a part of the token.
 */
export function signedPayload(token: string, verifyJwt: (token: string) => unknown, type: string | undefined): unknown {
  let payload: unknown
  try {
    payload = verifyJwt(token)
  } catch (thrown) {
    throw refused('the token was not signed by this service', thrown)
  }
  const bodyStart = token.indexOf('.') + 1
  const header = token.slice(0, bodyStart - 1)
  if (!(header === USUAL_HEADER || isStrict(header)) || !isStrict(token.slice(bodyStart, token.indexOf('.', bodyStart)))) {
    throw refused('the token is nested too deeply or names a member twice')
  }
  if (type !== undefined && headerType(header) !== type) throw refused('the token is of another type')
  return payload
}

/** Of a header that was found to be good before. */
function headerType(header: string): unknown {
  const { typ } = JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as { readonly typ?: unknown }
  return typ
}

function isStrict(segment: string): boolean {
  return isStrictJson(Buffer.from(segment, 'base64url').toString('utf8'), MAX_PAYLOAD_DEPTH)
}

function refused(details: string, cause?: unknown): ServiceError {
  return new ServiceError('AUTH_FAILED', cause === undefined ? { details } : { details, cause })
}
