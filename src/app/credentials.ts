/** Tokens, API keys and the slowing down of guesses, from the configuration. */

import {
  Credentials,
  createTokens,
  KeyFile,
  Keyring,
  LoginThrottle,
  type LoginThrottleOptions,
  loadSecret,
  previousSecret,
  type Tokens,
} from '../auth/index.js'
import type { Clock } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import { type Config, secretWeakness, tokenRules } from '../config/index.js'

export interface CredentialsContext {
  readonly config: Config
  readonly tokens: Tokens
  readonly clock: Clock
  readonly logger: Logger
}

export function buildCredentials({ config, tokens, clock, logger }: CredentialsContext): {
  readonly credentials: Credentials
  readonly throttle: LoginThrottle
  readonly keyring: Keyring
} {
  const { api_key_management: keys, state_dir: stateDir } = config
  const keyring = new Keyring({
    file: new KeyFile({ stateDir, olderFile: keys.storage_path ?? undefined, clock }),
    clock,
    logger,
    usageTracking: keys.usage_tracking,
    auditLogging: keys.audit_logging,
  })
  const throttle = new LoginThrottle({ ...throttleRules(config), clock })
  return { credentials: new Credentials({ tokens, keys: keyring, throttle }), throttle, keyring }
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
