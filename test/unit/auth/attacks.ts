/** What the attacks on logins have in common: tokens as attackers make them, keys that are checked, and what that takes. */

import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import {
  addKey,
  Credentials,
  createTokens,
  KeyFile,
  Keyring,
  LoginThrottle,
  type TokensOptions,
  type Verifier,
} from '../../../src/auth/index.js'
import type { Clock } from '../../../src/base/clock.js'
import { ServiceError } from '../../../src/base/errors.js'
import { createLogger } from '../../../src/base/logger.js'
import { FakeClock } from '../../support/fake-clock.js'

export const SECRET = 'a secret of the tests, longer than 32 bytes'
export const MINUTE = 60_000
export const NOW = Math.floor(new FakeClock().wallMs() / 1000)
export const GOOD = { user_id: 'ann', role: 'operator', iat: NOW, exp: NOW + 3600 }
export const HEADER = { alg: 'HS256', typ: 'JWT' }
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

export function maker(rules: Partial<TokensOptions> = {}) {
  const clock = new FakeClock()
  return { clock, tokens: createTokens({ secret: SECRET, leewayMs: 30_000, maxLifetimeMs: 48 * 60 * MINUTE, clock, ...rules }) }
}

export function sign(tokens: ReturnType<typeof createTokens>, lifetimeMs: number): string {
  return tokens.sign({ userId: 'ann', role: 'viewer', lifetimeMs })
}

export async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'auth-security-'))
  ends.push(() => rm(dir, { recursive: true, force: true }))
  return dir
}

export async function opened(file: KeyFile, clock: Clock): Promise<Keyring> {
  const logger = createLogger({ level: 'silent', format: 'json', write: () => undefined })
  const keyring = new Keyring({ file, clock, logger, usageTracking: false, auditLogging: false })
  await keyring.start()
  ends.push(() => keyring.stop())
  return keyring
}

/** Ten failures free, five a minute; locks of 1 to 15 minutes; nobody exempt. */
export async function guarded(clock: Clock) {
  const stateDir = await folder()
  const file = new KeyFile({ stateDir, olderFile: join(stateDir, 'none'), clock })
  let key = ''
  await file.change((records) => {
    const wish = { role: 'admin', description: '', lifetimeMs: undefined, maxPerRole: undefined } as const
    const added = addKey(records, wish, { length: 32, prefix: 'csk_', format: 'base64url' }, clock.wallMs())
    key = added.made.key
    return added.records
  })
  const keyring = await opened(file, clock)
  const limits = { burst: 10, windowMs: 2 * MINUTE, lockMs: MINUTE, maxLockMs: 15 * MINUTE, exempt: [] }
  const throttle = new LoginThrottle({ ...limits, clock })
  return { clock, key, keyring, credentials: new Credentials({ tokens: maker().tokens, keys: keyring, throttle }) }
}

/** Who it is, or the code of the refusal. */
export function attempt(verifier: { verify(credential: string): unknown }, credential: string): string {
  try {
    const identity = verifier.verify(credential) as { readonly userId: string }
    return identity.userId
  } catch (thrown) {
    return thrown instanceof ServiceError ? thrown.code : String(thrown)
  }
}

export async function attemptLater(verifier: Verifier, credential: string, address: string): Promise<string> {
  try {
    return (await verifier.verify(credential, { address })).userId
  } catch (thrown) {
    return thrown instanceof ServiceError ? thrown.code : String(thrown)
  }
}

/** Milliseconds of one run of `work`: the best of `rounds`, each of `runs`. */
export function best(rounds: number, work: () => unknown, runs = 1): number {
  return bestOfEach(rounds, [undefined], work, runs)[0] ?? 0
}

/** As `best`, for each of `cases` in turn: whatever makes the machine or the engine slow for a while does so for all of them. */
export function bestOfEach<Case>(rounds: number, cases: readonly Case[], work: (of: Case) => unknown, runs: number): number[] {
  const least = cases.map(() => Number.POSITIVE_INFINITY)
  for (let round = 0; round < rounds; round++) {
    for (const [index, of] of cases.entries()) {
      const beganMs = performance.now()
      for (let run = 0; run < runs; run++) work(of)
      least[index] = Math.min(least[index] ?? 0, (performance.now() - beganMs) / runs)
    }
  }
  return least
}

export function hmac(secret: string) {
  return (input: string): string => createHmac('sha256', secret).update(input).digest('base64url')
}

export function forge(header: object, payload: object, mac: (input: string) => string = hmac(SECRET)): string {
  const input = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${input}.${mac(input)}`
}
