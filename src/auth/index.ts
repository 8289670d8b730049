export { type Identity, isExpired } from './claims.js'
export {
  type Asking,
  Credentials,
  type CredentialsOptions,
  type FailedLogin,
  FarCredentials,
  type Verifier,
} from './credentials.js'
export { type FirstTokenOptions, firstStartToken } from './first-token.js'
export { withLock } from './keys/file-lock.js'
export {
  addKey,
  dropExpired,
  getKey,
  KeyFile,
  type KeyFormat,
  type KeyMaking,
  type KeyRecord,
  Keyring,
  type KeyringOptions,
  type KeyShape,
  type KeyStatus,
  type KeyTotals,
  keyTotals,
  listKeys,
  type NewKey,
  type Records,
  revokeKey,
  rotateKeys,
  shapeOf,
} from './keys/index.js'
export { demandPlace, isLocalPeer, isLoopbackAddress } from './local-peer.js'
export { type LoginLock, LoginThrottle, type LoginThrottleOptions } from './login-throttle.js'
export { Networks, networkOf } from './networks.js'
export { RateLimit, type RateLimitOptions, type RateState } from './rate-limit.js'
export { OwnRates, type Rate, type RatePlace, type Rates, SharedRates } from './rates.js'
export { isRole, PERMISSIONS, ROLES, type Role, roleIncludes } from './roles.js'
export { loadSecret, previousSecret, rotateSecret, type SecretOptions } from './secret.js'
export { inStateDir } from './state-dir.js'
export { type TicketGrant, Tickets, type TicketsOptions, type TicketWish } from './tickets.js'
export {
  createTokens,
  type PreviousSecret,
  type TokenRequest,
  type TokenSecrets,
  type Tokens,
  type TokensOptions,
} from './tokens.js'
