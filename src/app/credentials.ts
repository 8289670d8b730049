/** Tokens, API keys and the slowing down of guesses, from the configuration. */

import { Credentials, KeyFile, Keyring, LoginThrottle, type Tokens } from '../auth/index.js'
import type { Clock } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Config } from '../config/index.js'

export interface CredentialsContext {
  readonly config: Config
  readonly tokens: Tokens
  readonly clock: Clock
  readonly logger: Logger
}

export function buildCredentials({ config, tokens, clock, logger }: CredentialsContext): {
  readonly credentials: Credentials
  readonly keyring: Keyring
} {
  const { security, api_key_management: keys, state_dir: stateDir } = config
  const keyring = new Keyring({
    file: new KeyFile({ stateDir, olderFile: keys.storage_path ?? undefined, clock }),
    clock,
    logger,
    usageTracking: keys.usage_tracking,
    auditLogging: keys.audit_logging,
  })
  const throttle = new LoginThrottle({
    burst: security.auth_failure_burst,
    windowMs: security.auth_failure_window,
    lockMs: security.auth_lock_time,
    maxLockMs: security.auth_lock_max,
    exempt: security.auth_exempt,
    clock,
  })
  return { credentials: new Credentials({ tokens, keys: keyring, throttle }), keyring }
}
