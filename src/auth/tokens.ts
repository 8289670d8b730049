/** JSON web tokens: HS256 and nothing else, whatever a token says of itself. */

import { createRequire } from 'node:module'
import type * as FastJwt from 'fast-jwt'
import type { Clock } from '../base/clock.js'
import { ServiceError } from '../base/errors.js'
import { type ClaimRules, type Identity, isExpired, readClaims } from './claims.js'
import type { Role } from './roles.js'
import { signedPayload } from './signed-payload.js'

const MAX_TOKEN_BYTES = 4096
const DEFAULT_CACHE_ENTRIES = 1024

/** Issuer and audience are those of tokens that are signed here, too. */
export interface TokensOptions extends ClaimRules {
  /** Shared secret; its strength is judged where it is configured or made. */
  readonly secret: string
  /** The one before it, and until when its tokens are still taken, wall-clock milliseconds. */
  readonly previous?: PreviousSecret | undefined
  /** `typ` in the header of a token; undefined: `JWT` is written, and any or none is taken. */
  readonly type?: string | undefined
  readonly clock: Pick<Clock, 'wallMs'>
  /** Verified tokens remembered; the oldest goes first. Default 1024. */
  readonly cacheEntries?: number
}

export interface PreviousSecret {
  readonly secret: string
  readonly endsAtMs: number
}

/** What signs now, and what still counts beside it. */
export interface TokenSecrets {
  readonly secret: string
  readonly previous?: PreviousSecret | undefined
}

export interface TokenRequest {
  readonly userId: string
  readonly role: Role
  /** Rounded down to whole seconds, at least 1000. */
  readonly lifetimeMs: number
  /** Good for clients on this machine only. */
  readonly localOnly?: true
}

export interface Tokens {
  /** Loads what signing and checking need, so that nobody waits for it later. */
  load(): void
  sign(request: TokenRequest): string
  /**
   * Signs with `secret` from now on. Tokens of the one before, and the sessions they opened, end at `endsAtMs`; those of any older one
   * end now. The same secret changes nothing.
   */
  rotate(secret: string, endsAtMs: number): void
  /** For another thread that is to accept the same tokens. */
  secrets(): TokenSecrets
  /** Calls `listener` after each rotation. The function returned ends that. */
  onRotated(listener: (secret: string, endsAtMs: number) => void): () => void
  /**
   * Who the token names. Throws ServiceError AUTH_REQUIRED without a token and AUTH_FAILED for any other fault;
   * `details` names the rule, never a part of the token. The caller rechecks `expiresAtMs` on each later call,
   * and asks `demandPlace` when it knows where the client is.
   */
  verify(token: unknown): Identity
}

export function createTokens(options: TokensOptions): Tokens {
  const { issuer, audience, type } = options
  const ours = { ...(issuer !== undefined && { iss: issuer }), ...(audience !== undefined && { aud: audience }) }
  let current = new SecretEra(options.secret, type)
  let previous = options.previous && new SecretEra(options.previous.secret, type)
  if (options.previous !== undefined) previous?.endAt(options.previous.endsAtMs)
  const verified = new Map<string, Identity>()
  const listeners = new Set<(secret: string, endsAtMs: number) => void>()

  /** The payload of a token signed by us, and the secret that it was signed with. */
  function checked(token: string, wallMs: number): { readonly payload: unknown; readonly era: SecretEra } {
    const before = previous !== undefined && previous.endsAtMs > wallMs ? previous : undefined
    try {
      return { payload: signedPayload(token, current.jwt.verify, type), era: current }
    } catch (thrown) {
      if (before === undefined) throw thrown
      return { payload: signedPayload(token, before.jwt.verify, type), era: before }
    }
  }
  const cacheEntries = options.cacheEntries ?? DEFAULT_CACHE_ENTRIES

  return {
    load: () => void current.jwt,

    sign({ userId, role, lifetimeMs, localOnly }) {
      const iat = Math.floor(options.clock.wallMs() / 1000)
      const exp = iat + Math.max(1, Math.floor(lifetimeMs / 1000))
      return current.jwt.sign({ user_id: userId, role, iat, exp, ...ours, ...(localOnly && { local_only: localOnly }) })
    },

    rotate(secret, endsAtMs) {
      if (secret === current.secret) return
      previous?.endAt(0)
      previous = current
      previous.endAt(endsAtMs)
      current = new SecretEra(secret, type)
      for (const listener of listeners) listener(secret, endsAtMs)
    },

    secrets: () => ({
      secret: current.secret,
      ...(previous && { previous: { secret: previous.secret, endsAtMs: previous.endsAtMs } }),
    }),

    onRotated(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    verify(token) {
      if (token === undefined || token === null || token === '') throw refused('AUTH_REQUIRED', 'no token was given')
      if (typeof token !== 'string' || token.length > MAX_TOKEN_BYTES) throw refused('AUTH_FAILED', 'this is not a token')
      const known = verified.get(token)
      if (known !== undefined) {
        if (!isExpired(known, options.clock.wallMs())) return known
        verified.delete(token)
        throw refused('AUTH_FAILED', 'the token has expired')
      }
      const wallMs = options.clock.wallMs()
      const { payload, era } = checked(token, wallMs)
      const claims = readClaims(payload, wallMs, options)
      if (typeof claims === 'string') throw refused('AUTH_FAILED', claims)
      const identity = new TokenIdentity(claims, era)
      if (verified.size >= cacheEntries) verified.delete(verified.keys().next().value ?? '')
      verified.set(token, identity)
      return identity
    },
  }
}

/** One secret, and the time in which its tokens are good. */
class SecretEra {
  readonly secret: string
  readonly #type: string | undefined
  #endsAtMs = Number.POSITIVE_INFINITY
  #jwt: Jwt | undefined
  readonly #listeners = new Set<() => void>()

  constructor(secret: string, type: string | undefined) {
    this.secret = secret
    this.#type = type
  }

  get endsAtMs(): number {
    return this.#endsAtMs
  }

  get jwt(): Jwt {
    // Bytes, not text: text that looks like a PEM key would be taken for one.
    this.#jwt ??= loadJwt(Buffer.from(this.secret, 'utf8'), this.#type)
    return this.#jwt
  }

  endAt(wallMs: number): void {
    this.#endsAtMs = Math.min(this.#endsAtMs, wallMs)
    for (const listener of [...this.#listeners]) listener()
  }

  onEnd(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/** What a token claims, good for no longer than its secret: open sessions ask it at each call. */
class TokenIdentity implements Identity {
  readonly userId: string
  readonly role: Role
  readonly localOnly?: true
  readonly #expiresAtMs: number
  readonly #era: SecretEra

  constructor(claims: Identity, era: SecretEra) {
    this.userId = claims.userId
    this.role = claims.role
    if (claims.localOnly !== undefined) this.localOnly = claims.localOnly
    this.#expiresAtMs = claims.expiresAtMs
    this.#era = era
  }

  get expiresAtMs(): number {
    return Math.min(this.#expiresAtMs, this.#era.endsAtMs)
  }

  onRevoked(listener: () => void): () => void {
    return this.#era.onEnd(listener)
  }
}

interface Jwt {
  readonly sign: (payload: Readonly<Record<string, unknown>>) => string
  readonly verify: (token: string) => unknown
}

/** A fifth of what the service loads until its first answer, and nobody who sits at the machine needs it. */
function loadJwt(key: Buffer, type: string | undefined): Jwt {
  const { createSigner, createVerifier } = createRequire(import.meta.url)('fast-jwt') as typeof FastJwt
  return {
    sign: createSigner({ key, algorithm: 'HS256', ...(type !== undefined && { header: { alg: 'HS256', typ: type } }) }),
    // Times are compared in readClaims, against the clock that was passed in.
    verify: createVerifier({ key, algorithms: ['HS256'], ignoreExpiration: true, ignoreNotBefore: true }),
  }
}

function refused(code: 'AUTH_REQUIRED' | 'AUTH_FAILED', details: string): ServiceError {
  return new ServiceError(code, { details })
}
