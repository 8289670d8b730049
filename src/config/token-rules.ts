/** What tokens must hold, for whoever checks or makes some. Pure. */

import type { Config } from './schema.js'

export function tokenRules({ security }: Pick<Config, 'security'>) {
  return {
    leewayMs: security.token_leeway,
    maxLifetimeMs: security.max_token_lifetime,
    issuer: security.jwt_issuer ?? undefined,
    audience: security.jwt_audience ?? undefined,
    type: security.jwt_type ?? undefined,
  }
}
