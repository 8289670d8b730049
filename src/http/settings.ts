/** What the RPC face can be told; each default beside its meaning. */

import type { Rate } from '../auth/index.js'

export interface HttpServerSettings {
  /** Path of the WebSocket, starting with `/`. */
  readonly path: string
  /** Name for links; undefined: the one each client used. */
  readonly publicHost: string | undefined
  /** Origins of pages that may connect, beside our own. Compared exactly; `*`: all. */
  readonly allowedOrigins: readonly string[]
  readonly maxConnections: number
  /** Connections without login; undefined: a tenth of `maxConnections`, at least 64. */
  readonly maxAnonymous: number | undefined
  /** As `maxAnonymous`, from one address. */
  readonly maxAnonymousPerAddress: number
  /** Connections that one address may open, and upgrades that it may ask for. */
  readonly acceptRate: Rate
  readonly upgradeRate: Rate
  /** Addresses and networks that `maxAnonymousPerAddress` and these rates are not for. */
  readonly exemptAddresses: readonly string[]
  /** Largest message; a larger one ends the connection without a close frame. */
  readonly maxMessageBytes: number
  /** Largest message before login. */
  readonly anonymousMessageBytes: number
  /** Notifications that may wait for one reader. */
  readonly maxNotifications: number
  /** Bytes waiting for one reader from which on its requests wait too. */
  readonly softBytes: number
  /** Bytes waiting for one reader from which on it is given up. */
  readonly hardBytes: number
  /** Bytes waiting on all connections together; beyond it the largest holders are given up. */
  readonly totalBytes: number
  readonly pingIntervalMs: number
  /** Silence after which a peer counts as dead; 8 s to 960 s, kept to about 4 s. */
  readonly pongWaitMs: number
  /** Time for the first login; 0: no limit. */
  readonly loginMs: number
  /** Time to log in again after the token's end; 0: no limit. */
  readonly renewalMs: number
  /** Longest time in which a reader takes nothing while something waits. */
  readonly stallMs: number
  /** How often deadlines are looked at. */
  readonly sweepMs: number
  /** Longest wait at stop for calls under way. */
  readonly drainMs: number
  /** Longest wait at stop for clients to take what waits for them. */
  readonly cleanupMs: number
}

export const DEFAULT_SETTINGS: HttpServerSettings = {
  path: '/ws',
  publicHost: undefined,
  allowedOrigins: ['http://localhost:3000', 'https://localhost:3000'],
  maxConnections: 1000,
  maxAnonymous: undefined,
  maxAnonymousPerAddress: 64,
  acceptRate: { requests: 200, windowMs: 4_000 },
  upgradeRate: { requests: 50, windowMs: 5_000 },
  exemptAddresses: ['127.0.0.0/8', '::1'],
  maxMessageBytes: 1024 * 1024,
  anonymousMessageBytes: 16 * 1024,
  maxNotifications: 1000,
  softBytes: 64 * 1024,
  hardBytes: 1024 * 1024,
  totalBytes: 64 * 1024 * 1024,
  pingIntervalMs: 30_000,
  pongWaitMs: 60_000,
  loginMs: 10_000,
  renewalMs: 10_000,
  stallMs: 10_000,
  sweepMs: 1_000,
  drainMs: 5_000,
  cleanupMs: 2_000,
}

/** What differs from the defaults is read anew each time where it is given by a getter. */
export function settingsWith(differing: Partial<HttpServerSettings>): HttpServerSettings {
  return Object.defineProperties({ ...DEFAULT_SETTINGS }, Object.getOwnPropertyDescriptors(differing))
}
