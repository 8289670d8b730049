/** Tokens, API keys and the slowing down of guesses, from the configuration. */

import {
  Credentials,
  createTokens,
  type FailedLogin,
  KeyFile,
  Keyring,
  LoginThrottle,
  type LoginThrottleOptions,
  loadSecret,
  previousSecret,
  type Tokens,
} from '../auth/index.js'
import type { Audit } from '../base/audit-log.js'
import type { Clock } from '../base/clock.js'
import { LogThrottle } from '../base/log-throttle.js'
import type { Logger } from '../base/logger.js'
import { type Counts, Tally } from '../base/tally.js'
import { type Config, secretWeakness, tokenRules } from '../config/index.js'

export interface CredentialsContext {
  readonly config: Config
  readonly tokens: Tokens
  readonly audit: Audit
  readonly clock: Clock
  readonly logger: Logger
}

export function buildCredentials({ config, tokens, audit, clock, logger }: CredentialsContext): {
  readonly credentials: Credentials
  readonly throttle: LoginThrottle
  readonly keyring: Keyring
  readonly failures: LoginFailures
} {
  const { api_key_management: keys, state_dir: stateDir } = config
  const keyring = new Keyring({
    file: new KeyFile({ stateDir, olderFile: keys.storage_path ?? undefined, clock }),
    clock,
    logger,
    usageTracking: keys.usage_tracking,
    auditLogging: keys.audit_logging,
    audit,
  })
  const throttle = new LoginThrottle({ ...throttleRules(config), clock })
  const failures = new LoginFailures(clock, logger, audit)
  const credentials = new Credentials({ tokens, keys: keyring, throttle, onFailed: (failure) => failures.add(failure) })
  return { credentials, throttle, keyring, failures }
}

/** Lines a minute about failed logins of one address. */
const LOG_LINES = 5

/** Failed logins are counted, and told in the log as long as they are few. */
export class LoginFailures {
  readonly #throttle: LogThrottle
  readonly #logger: Logger
  readonly #audit: Audit
  readonly #counts = new Tally()

  constructor(clock: Clock, logger: Logger, audit: Audit = () => undefined) {
    this.#audit = audit
    this.#throttle = new LogThrottle({ clock, perMinute: LOG_LINES })
    this.#logger = logger.child({ component: 'auth' })
  }

  /** By what they were tried with. */
  get counts(): Counts {
    return this.#counts.counts
  }

  add({ credential, address, reason }: FailedLogin): void {
    this.#counts.add(credential)
    this.#audit({ action: 'authenticate', outcome: 'auth_failed', address, detail: { credential, reason } })
    const verdict = this.#throttle.judge('a login failed', address ?? '')
    if (!verdict.write) return
    const { last, leftOut } = verdict
    const more = { ...(leftOut > 0 && { left_out: leftOut }), ...(last && { more: 'left out for a minute' }) }
    this.#logger.warn({ credential, address, reason, ...more }, 'a login failed')
  }
}

export function throttleRules({ security }: Config): Omit<LoginThrottleOptions, 'clock'> {
  return {
    burst: security.auth_failure_burst,
    windowMs: security.auth_failure_window,
    lockMs: security.auth_lock_time,
    maxLockMs: security.auth_lock_max,
    exempt: security.auth_exempt,
  }
}

/** `reloadSecret` takes up a kept secret that was rotated; a configured one waits for the next start. */
export async function buildTokens(
  config: Config,
  clock: Clock,
  logger: Logger,
): Promise<{ readonly tokens: Tokens; readonly reloadSecret: () => Promise<void> }> {
  const { security, state_dir: stateDir } = config
  const { jwt_secret_key: configured, jwt_previous_secret_key: before, jwt_rotation_grace: graceMs } = security
  // Only with compatibility.weak_jwt_secret does one get so far.
  const weakness = configured === null ? undefined : secretWeakness(configured)
  if (weakness !== undefined)
    logger.warn({ component: 'auth' }, `security.jwt_secret_key: ${weakness}: whoever guesses it is admin`)
  const kept = configured === null ? await previousSecret(stateDir, graceMs, clock.wallMs()) : undefined
  const tokens = createTokens({
    secret: await loadSecret({ configured, stateDir }),
    previous: before === null ? kept : { secret: before, endsAtMs: Number.POSITIVE_INFINITY },
    ...tokenRules(config),
    clock,
  })
  const reloadSecret = async (): Promise<void> => {
    if (configured !== null) return
    const [secret, previous] = [
      await loadSecret({ configured, stateDir }),
      await previousSecret(stateDir, graceMs, clock.wallMs()),
    ]
    tokens.rotate(secret, previous?.endsAtMs ?? clock.wallMs())
  }
  return { tokens, reloadSecret }
}
