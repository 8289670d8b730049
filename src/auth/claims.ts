/** Which claims make an identity (contract §4.2). Pure: the wall clock is an argument. */

import { isRole, type Role } from './roles.js'

/** Who is behind a session, and until when. */
export interface Identity {
  readonly userId: string
  readonly role: Role
  /** Wall-clock milliseconds since 1970. From then on nothing is served: sessions compare it on each call. */
  readonly expiresAtMs: number
  /** Good for clients on this machine only (`demandPlace`). */
  readonly localOnly?: true
  /** Calls `listener` when the right was shortened: `expiresAtMs` is nearer now. The function returned ends that. */
  onRevoked?(listener: () => void): () => void
}

export interface ClaimRules {
  /** How far another machine's clock may be ahead (`iat`, `nbf`). `exp` has no leeway: what is over is over. */
  readonly leewayMs: number
  /** Longest `exp` − `iat`; 0: no limit. */
  readonly maxLifetimeMs: number
  /** `iss` that a token must have; undefined: any or none. */
  readonly issuer?: string | undefined
  /** One that `aud` must name; undefined: any or none. */
  readonly audience?: string | undefined
}

/** The identity, or one sentence on the rule that was broken. The sentence never repeats what the token holds. */
export function readClaims(payload: unknown, wallMs: number, rules: ClaimRules): Identity | string {
  const userId = own(payload, 'user_id')
  if (typeof userId !== 'string' || userId.trim() === '') return 'the token has no user_id'
  const role = own(payload, 'role')
  if (!isRole(role)) return 'the role of the token is none of viewer, operator, admin'
  const iat = own(payload, 'iat')
  const exp = own(payload, 'exp')
  if (!isNumericDate(iat) || !isNumericDate(exp)) return 'iat and exp of the token must be Unix seconds'
  if (rules.issuer !== undefined && own(payload, 'iss') !== rules.issuer) return 'the token is of another issuer'
  if (rules.audience !== undefined && !names(own(payload, 'aud'), rules.audience)) return 'the token is for another audience'
  const notBefore = own(payload, 'nbf') ?? iat
  if (!isNumericDate(notBefore)) return 'nbf of the token must be Unix seconds'
  if (exp <= iat) return 'the token ends before it begins'
  if (rules.maxLifetimeMs > 0 && (exp - iat) * 1000 > rules.maxLifetimeMs) return 'the token lives longer than is allowed here'
  if (Math.max(iat, notBefore) * 1000 > wallMs + rules.leewayMs) return 'the token is not valid yet'
  if (exp * 1000 <= wallMs) return 'the token has expired'
  const place = own(payload, 'local_only')
  if (place !== undefined && place !== true) return 'local_only of the token must be true'
  return { userId, role, expiresAtMs: exp * 1000, ...(place === undefined ? {} : { localOnly: place }) }
}

/** Whether the session of this identity still serves calls. */
export function isExpired(identity: Identity, wallMs: number): boolean {
  return wallMs >= identity.expiresAtMs
}

/** `aud` is one name, or a list of them. */
function names(claim: unknown, wanted: string): boolean {
  return claim === wanted || (Array.isArray(claim) && claim.includes(wanted))
}

function own(payload: unknown, claim: string): unknown {
  if (typeof payload !== 'object' || payload === null || !Object.hasOwn(payload, claim)) return undefined
  return (payload as Readonly<Record<string, unknown>>)[claim]
}

function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
