/** Whatever somebody logs in with: a token or an API key, told apart by its form unless said. Failures are counted and slowed down. */

import { ServiceError } from '../base/errors.js'
import type { Identity } from './claims.js'
import type { LoginThrottle } from './login-throttle.js'
import type { Tokens } from './tokens.js'

export interface Asking {
  /** Undefined: told by the form. */
  readonly type?: 'jwt' | 'api_key' | undefined
  /** Of the client; undefined where it cannot be told from others. */
  readonly address?: string | undefined
}

export interface Verifier {
  /**
   * Who the credential names. Throws or rejects with AUTH_REQUIRED without one, AUTH_FAILED for any that is no good, RATE_LIMITED after
   * too many of those. A promise only where the check takes long. The caller rechecks `expiresAtMs` on each later call.
   */
  verify(credential: unknown, asking?: Asking): Identity | Promise<Identity>
}

export interface CredentialsOptions {
  readonly tokens: Pick<Tokens, 'verify'>
  readonly keys: { verify(key: string): Identity | Promise<Identity> }
  readonly throttle: Pick<LoginThrottle, 'demand' | 'failed'>
  /** Hears of each login that was refused; nothing of it is a secret. */
  readonly onFailed?: (failure: FailedLogin) => void
}

export interface FailedLogin {
  readonly credential: 'token' | 'key'
  /** Of the client; undefined where it cannot be told from others. */
  readonly address: string | undefined
  /** One sentence, which repeats nothing of what was sent. */
  readonly reason: string
}

/** How soon an older key has been checked, once others do not wait before it. */
const CHECK_MS = 1_000

/** Of a key, what many guesses at the same one have in common. */
const SUBJECT_CHARS = 8

/**
 * For a thread that is not the one of the keys and of the throttle: it checks tokens itself, and asks there about all else. Whatever fails
 * is asked there once more, so that each failure is counted and answered in one place.
 */
export class FarCredentials implements Verifier {
  readonly #tokens: Pick<Tokens, 'verify'>
  readonly #throttle: Pick<LoginThrottle, 'demand'>
  readonly #home: (credential: unknown, asking: Asking) => Promise<Identity>

  /** `throttle` knows the locks of the one at home. */
  constructor(
    tokens: Pick<Tokens, 'verify'>,
    throttle: Pick<LoginThrottle, 'demand'>,
    home: (credential: unknown, asking: Asking) => Promise<Identity>,
  ) {
    this.#tokens = tokens
    this.#throttle = throttle
    this.#home = home
  }

  verify(credential: unknown, asking: Asking = {}): Identity | Promise<Identity> {
    if (asksForKey(credential, asking)) return this.#home(credential, asking)
    this.#throttle.demand(asking.address, undefined)
    try {
      return this.#tokens.verify(credential)
    } catch (thrown) {
      if (!(thrown instanceof ServiceError) || thrown.code === 'AUTH_REQUIRED') throw thrown
      return this.#home(credential, asking)
    }
  }
}

export class Credentials implements Verifier {
  readonly #options: CredentialsOptions
  /**
   * As `verify`, for those who cannot wait: a key that takes long to check is RATE_LIMITED until it has been. It is checked meanwhile, and
   * quick to check from then on.
   */
  readonly now = { verify: (credential: unknown, asking: Asking = {}): Identity => this.#verifyNow(credential, asking) }

  constructor(options: CredentialsOptions) {
    this.#options = options
  }

  verify(credential: unknown, asking: Asking = {}): Identity | Promise<Identity> {
    const { tokens, keys, throttle } = this.#options
    const { address } = asking
    const isKey = asksForKey(credential, asking)
    const subject = isKey ? credential.slice(0, SUBJECT_CHARS) : undefined
    throttle.demand(address, subject)
    const failed = (thrown: unknown): never => {
      if (thrown instanceof ServiceError && thrown.code === 'AUTH_FAILED') {
        throttle.failed(address, subject)
        this.#options.onFailed?.({ credential: isKey ? 'key' : 'token', address, reason: thrown.details ?? '' })
      }
      throw thrown
    }
    try {
      const identity = isKey ? keys.verify(credential) : tokens.verify(credential)
      return identity instanceof Promise ? identity.catch(failed) : identity
    } catch (thrown) {
      return failed(thrown)
    }
  }

  #verifyNow(credential: unknown, asking: Asking): Identity {
    const identity = this.verify(credential, asking)
    if (!(identity instanceof Promise)) return identity
    identity.catch(() => undefined)
    throw new ServiceError('RATE_LIMITED', {
      data: { retry_after_ms: CHECK_MS },
      details: 'this key of an older edition is being checked for the first time',
      suggestion: 'call again after retry_after_ms',
    })
  }
}

/** No subject for tokens: whose name stands in a forged one is the forger's choice, and would be locked out by it. */
function asksForKey(credential: unknown, { type }: Asking): credential is string {
  // Keys never hold a dot; a token without one is refused like an unknown key.
  return (
    typeof credential === 'string' && credential !== '' && (type ?? (credential.includes('.') ? 'jwt' : 'api_key')) === 'api_key'
  )
}
