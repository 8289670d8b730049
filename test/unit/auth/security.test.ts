/** Attacks on logins, each by the id of its requirement (reliability-security.md §3.2). Those that need a running service: integration. */

import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import bcrypt from 'bcrypt'
import { afterEach, expect, it, vi } from 'vitest'
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
import { type Clock, systemClock } from '../../../src/base/clock.js'
import { ServiceError } from '../../../src/base/errors.js'
import { createLogger } from '../../../src/base/logger.js'
import { FakeClock } from '../../support/fake-clock.js'
import { createBench } from '../../support/rpc-session.js'

const SECRET = 'a secret of the tests, longer than 32 bytes'
const MINUTE = 60_000
const NOW = Math.floor(new FakeClock().wallMs() / 1000)
const GOOD = { user_id: 'ann', role: 'operator', iat: NOW, exp: NOW + 3600 }
const HEADER = { alg: 'HS256', typ: 'JWT' }
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

it('S-21 algorithm confusion: 60 forged tokens, one answer, no time of their own', () => {
  const { publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const good = forge(HEADER, GOOD)
  const [head = '', body = '', mac = ''] = good.split('.')
  const algorithms = [
    'none',
    'None',
    'NONE',
    'nOnE',
    'noNe',
    '',
    'HS384',
    'HS512',
    'hs256',
    'HS256 ',
    'RS256',
    'ES256',
    'PS256',
    'EdDSA',
  ]
  const forged = [
    ...algorithms.flatMap((alg) => [forge({ ...HEADER, alg }, GOOD), forge({ ...HEADER, alg }, GOOD, () => '')]),
    ...[['HS256'], ['none', 'HS256'], null, 256, true, {}, { alg: 'HS256' }].map((alg) => forge({ ...HEADER, alg }, GOOD)),
    forge({ typ: 'JWT' }, GOOD),
    forge({}, GOOD),
    ...[publicKey, publicKey.trim(), publicKey.replaceAll('\n', '')].map((pem) => forge(HEADER, GOOD, hmac(pem))),
    ...['', 'x', `${SECRET} `, SECRET.slice(0, -1)].map((secret) => forge(HEADER, GOOD, hmac(secret))),
    forge({ ...HEADER, b64: false }, GOOD, () => mac),
    forge({ ...HEADER, crit: ['b64'], b64: false }, GOOD),
    forge({ ...HEADER, crit: ['exp'] }, GOOD),
    ...[`${head}.${body}`, `${head}.${body}.`, `${good}.${mac}`, `.${body}.${mac}`, `${head}..${mac}`, '..', '...'],
    `${head}.${body}.${mac}.${mac}.${mac}`,
    ...[
      `${head}.${mac}.${body}`,
      `${body}.${head}.${mac}`,
      `${good} `,
      ` ${good}`,
      `${good}\n`,
      `${good}=`,
      `${head}.${body}.${mac.slice(1)}`,
    ],
  ]
  expect(forged.length).toBeGreaterThanOrEqual(60)
  const bench = createBench()
  const client = bench.open()
  const answers = forged.map((token) => {
    const { error } = client.call('authenticate', { auth_token: token }) ?? {}
    return `${error?.code} ${error?.message}`
  })
  expect(new Set(answers)).toEqual(new Set(['-32001 Authentication failed or token expired']))
  expect(client.call('get_camera_list')).toMatchObject({ error: { code: -32001 } })
  // The best of many: what the machine does beside it does not count.
  const { tokens } = maker()
  const slowest = Math.max(...forged.map((token) => best(50, () => attempt(tokens, token))))
  expect(slowest).toBeLessThan(1)
})

it('S-22 key id tricks: what a token says of its key is never looked at', () => {
  const jwk = { kty: 'oct', k: Buffer.from('mine').toString('base64url') }
  const kids = [
    '../../dev/null',
    '/dev/null',
    "' OR 1=1 --",
    '__proto__',
    'constructor',
    'x'.repeat(1_000_000),
    'http://127.0.0.1:1/key',
  ]
  const headers = [
    ...kids.map((kid) => ({ ...HEADER, kid })),
    ...['jku', 'x5u'].map((name) => ({ ...HEADER, [name]: 'http://127.0.0.1:1/keys.json' })),
    { ...HEADER, jwk },
    { ...HEADER, x5c: ['AAAA'] },
  ]
  const { tokens } = maker()
  for (const header of headers) {
    for (const secret of ['', 'mine', '\0']) expect(attempt(tokens, forge(header, GOOD, hmac(secret)))).toBe('AUTH_FAILED')
  }
  // Signed by us, such a header changes nothing either; only the length of the whole counts.
  const answers = headers.map((header) => attempt(tokens, forge(header, GOOD)))
  expect(answers.filter((answer) => answer !== 'ann')).toEqual(['AUTH_FAILED'])
})

it('S-23 claims: of 80 variants only the valid ones pass', () => {
  const wrongTimes = ['', 'now', String(NOW + 60), null, true, [], [NOW + 60], {}, -1, -0.5, '1e9', 'NaN', 'Infinity']
  const wrongRoles = [
    '',
    ' ',
    'ADMIN',
    'Admin',
    'admin ',
    'root',
    'superuser',
    0,
    3,
    null,
    true,
    ['admin'],
    { admin: true },
    'toString',
  ]
  const wrongUsers = ['', ' ', '\t', 0, 7, null, true, [], ['ann'], {}]
  const wrong: object[] = [
    ...wrongTimes.flatMap((time) => [
      { ...GOOD, exp: time },
      { ...GOOD, iat: time },
      { ...GOOD, nbf: time },
    ]),
    ...wrongRoles.map((role) => ({ ...GOOD, role })),
    ...wrongUsers.map((user_id) => ({ ...GOOD, user_id })),
    ...Object.keys(GOOD).map((name) => Object.fromEntries(Object.entries(GOOD).filter(([claim]) => claim !== name))),
    ...[1e308, NOW, NOW - 1, NOW + 48 * 3600 + 1, (NOW + 60) * 1000].map((exp) => ({ ...GOOD, exp })),
    { ...GOOD, iat: NOW + 31 },
    { ...GOOD, nbf: NOW + 31 },
    { ...GOOD, extra: [[[[1]]]] },
    { ...GOOD, extra: 'x'.repeat(5000) },
  ].filter((claims) => !('nbf' in claims && claims.nbf === null))
  const right = [
    GOOD,
    { ...GOOD, iat: NOW + 30 },
    { ...GOOD, nbf: NOW - 5 },
    { ...GOOD, exp: NOW + 0.5, iat: NOW - 1 },
    { ...GOOD, iss: 'x' },
  ]
  expect(wrong.length + right.length).toBeGreaterThanOrEqual(80)
  const { tokens } = maker()
  expect(wrong.filter((claims) => attempt(tokens, forge(HEADER, claims)) !== 'AUTH_FAILED')).toEqual([])
  expect(right.filter((claims) => attempt(tokens, forge(HEADER, claims)) !== 'ann')).toEqual([])
})

it('S-23 issuer, audience and type are demanded where they are configured, and are those of our own tokens', () => {
  const demands = { issuer: 'https://login.example', audience: 'cameras', type: 'at+jwt' }
  const { tokens } = maker(demands)
  const claims = { ...GOOD, iss: demands.issuer, aud: demands.audience }
  const header = { ...HEADER, typ: demands.type }
  const right = [claims, { ...claims, aud: ['others', 'cameras'] }]
  expect(right.map((each) => attempt(tokens, forge(header, each)))).toEqual(['ann', 'ann'])
  const wrong = [
    ...[undefined, null, '', 'https://login.example/', ['https://login.example'], 7].map((iss) => ({ ...claims, iss })),
    ...[undefined, null, '', 'Cameras', ['others'], [], { cameras: true }, [['cameras']]].map((aud) => ({ ...claims, aud })),
  ]
  expect(wrong.map((each) => attempt(tokens, forge(header, each)))).toEqual(wrong.map(() => 'AUTH_FAILED'))
  for (const typ of [undefined, null, '', 'JWT', 'at+jwt ', ['at+jwt']]) {
    expect(attempt(tokens, forge({ ...HEADER, typ }, claims))).toBe('AUTH_FAILED')
  }
  const own = tokens.sign({ userId: 'ann', role: 'viewer', lifetimeMs: MINUTE })
  expect(attempt(tokens, own)).toBe('ann')
  tokens.rotate('another secret of the tests, of 32 bytes and more', Number.POSITIVE_INFINITY)
  expect(attempt(tokens, own)).toBe('ann')
  expect(attempt(maker({ audience: 'others' }).tokens, own)).toBe('AUTH_FAILED')
  // Whoever demands nothing takes them all.
  expect(attempt(maker().tokens, own)).toBe('ann')
})

it('S-25 key rotation: 1 000 sessions go on for the grace time, and end with it', () => {
  const { tokens, clock } = maker()
  const bench = createBench({ verifier: tokens })
  const old = sign(tokens, 10 * MINUTE)
  const clients = Array.from({ length: 1000 }, () => bench.open())
  const login = (token: string) => (client: (typeof clients)[number]) =>
    client.call('authenticate', { auth_token: token })?.error?.code
  const call = (client: (typeof clients)[number]) => client.call('get_camera_list')?.error?.code
  const move = (ms: number): void => {
    clock.advance(ms)
    bench.clock.advance(ms)
  }
  expect(clients.map(login(old)).filter(Boolean)).toEqual([])
  tokens.rotate('another secret of the tests, of 32 bytes and more', clock.wallMs() + MINUTE)
  expect(clients.map(call).filter(Boolean)).toEqual([])
  expect(
    clients
      .slice(0, 500)
      .map(login(sign(tokens, 10 * MINUTE)))
      .filter(Boolean),
  ).toEqual([])
  move(MINUTE - 1)
  expect([...clients.map(call), login(old)(bench.open())].filter(Boolean)).toEqual([])
  move(1)
  expect(clients.slice(0, 500).map(call).filter(Boolean)).toEqual([])
  expect(new Set(clients.slice(500).map(call))).toEqual(new Set([-32001]))
  expect(login(old)(bench.open())).toBe(-32001)
})

it('S-27 guessing: 10 000 guesses are locked as configured', async () => {
  const { credentials, clock, key } = await guarded(new FakeClock())
  let judged = 0
  for (let guess = 0; guess < 10_000; guess++) {
    const answer = await attemptLater(credentials, `${key.slice(0, 8)}${randomBytes(24).toString('base64url')}`, '192.0.2.1')
    if (answer === 'AUTH_FAILED') judged += 1
    else expect(answer).toBe('RATE_LIMITED')
    if (clock instanceof FakeClock) clock.advance(100)
  }
  // 1 000 s: ten at once, one for each lock that ended (1, 2, 4, 8 minutes), and the few that come back meanwhile.
  expect(judged).toBeGreaterThanOrEqual(11)
  expect(judged).toBeLessThan(60)
  // The right key, from elsewhere: locked too, since all those guesses began like it.
  expect(await attemptLater(credentials, key, '192.0.2.99')).toBe('RATE_LIMITED')
})

it('S-27 guessing: a wrong first byte takes as long as a wrong last one', async () => {
  const { keyring, key } = await guarded(systemClock)
  const { tokens } = maker()
  const token = forge(HEADER, GOOD)
  const macAt = token.lastIndexOf('.') + 1
  const pairs = [
    { one: swap(key, 8), other: swap(key, key.length - 2), check: (guess: string) => attempt(keyring, guess) },
    { one: swap(token, macAt), other: swap(token, token.length - 2), check: (guess: string) => attempt(tokens, guess) },
  ]
  // Whether any key begins so is no secret, but it costs the same work.
  expect(
    Math.abs(1 - best(200, () => attempt(keyring, swap(key, 0)), 20) / best(200, () => attempt(keyring, swap(key, 8)), 20)),
  ).toBeLessThan(0.5)
  // The measuring is worth something: it sees a comparison that ends with the first difference.
  const careless = (guess: string): boolean => {
    for (let at = 0; at < key.length; at++) if (guess.charCodeAt(at) !== key.charCodeAt(at)) return false
    return true
  }
  const seenOfCareless = [0, 1, 2].map(() => difference(swap(key, 0), swap(key, key.length - 2), careless))
  expect(Math.min(...seenOfCareless)).toBeLessThan(-3.3)
  for (const { one, other, check } of pairs) {
    expect([check(one), check(other)]).toEqual(['AUTH_FAILED', 'AUTH_FAILED'])
    // What the machine does beside it can look like a difference once, hardly three times in the same direction.
    const seen = [0, 1, 2].map(() => difference(one, other, check))
    const leaks = seen.every((z) => z > 3.3) || seen.every((z) => z < -3.3)
    expect({ seen, leaks }).toEqual({ seen, leaks: false })
  }
}, 60_000)

it('S-28 API keys stolen from disk: no key in a file of ours, quick checks, and old hashes do not hold the loop up', async () => {
  const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefgh'
  const olderKeys = Array.from({ length: 3 }, (_, index) => `${letters.slice(0, 31)}${index}`)
  const hashes = await Promise.all(olderKeys.map((key) => bcrypt.hash(key, 10)))
  const dir = await folder()
  const older = join(dir, 'api_keys.json')
  const content = JSON.stringify({
    version: '1.0',
    keys: hashes.map((key_hash, index) => ({ key_id: `old-${index}`, name: 'n', role: 'viewer', is_active: true, key_hash })),
  })
  await writeFile(older, content)
  const file = new KeyFile({ stateDir: dir, olderFile: older, clock: systemClock })
  const keyring = await opened(file, systemClock)
  // 100 logins a second for two seconds, three of them good; the best of three, since the machine may have other work.
  const delays: number[] = []
  for (let round = 0; round < 3 && Math.min(...delays) > 20; round++) {
    const guesses = Array.from(
      { length: 200 },
      (_, index) => olderKeys[index - 50] ?? `${letters.slice(0, 28)}${round}${100 + index}`,
    )
    delays.push(await loopDelayP99Ms(keyring, guesses))
  }
  expect(Math.min(...delays)).toBeLessThanOrEqual(20)
  for (const key of olderKeys) {
    // Guesses may still wait before it.
    await vi.waitFor(() => keyring.verify(key), { timeout: 30_000, interval: 100 })
    expect(best(20, () => void keyring.verify(key), 200)).toBeLessThan(0.01)
  }
  const text = await readFile(file.path, 'utf8')
  for (const key of olderKeys) expect(text).not.toContain(key)
  expect(text).not.toContain('$2b$')
  expect(await readFile(older, 'utf8')).toBe(content)
  await keyring.stop()
  // After a restart they are known at once.
  const again = await opened(file, systemClock)
  expect(again.verify(olderKeys[1] ?? '')).toMatchObject({ userId: 'api-key:old-1' })
}, 60_000)

function maker(rules: Partial<TokensOptions> = {}) {
  const clock = new FakeClock()
  return { clock, tokens: createTokens({ secret: SECRET, leewayMs: 30_000, maxLifetimeMs: 48 * 60 * MINUTE, clock, ...rules }) }
}

function sign(tokens: ReturnType<typeof createTokens>, lifetimeMs: number): string {
  return tokens.sign({ userId: 'ann', role: 'viewer', lifetimeMs })
}

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'auth-security-'))
  ends.push(() => rm(dir, { recursive: true, force: true }))
  return dir
}

async function opened(file: KeyFile, clock: Clock): Promise<Keyring> {
  const logger = createLogger({ level: 'silent', format: 'json', write: () => undefined })
  const keyring = new Keyring({ file, clock, logger, usageTracking: false, auditLogging: false })
  await keyring.start()
  ends.push(() => keyring.stop())
  return keyring
}

/** Ten failures free, five a minute; locks of 1 to 15 minutes; nobody exempt. */
async function guarded(clock: Clock) {
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
function attempt(verifier: { verify(credential: string): unknown }, credential: string): string {
  try {
    const identity = verifier.verify(credential) as { readonly userId: string }
    return identity.userId
  } catch (thrown) {
    return thrown instanceof ServiceError ? thrown.code : String(thrown)
  }
}

async function attemptLater(verifier: Verifier, credential: string, address: string): Promise<string> {
  try {
    return (await verifier.verify(credential, { address })).userId
  } catch (thrown) {
    return thrown instanceof ServiceError ? thrown.code : String(thrown)
  }
}

/** Milliseconds of one run of `work`: the best of `rounds`, each of `runs`. */
function best(rounds: number, work: () => unknown, runs = 1): number {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const beganMs = performance.now()
    for (let run = 0; run < runs; run++) work()
    least = Math.min(least, (performance.now() - beganMs) / runs)
  }
  return least
}

/** Standard score of the difference of two guesses: 20 000 samples each in turn, the slowest tenth of all left out. */
function difference(one: string, other: string, check: (guess: string) => unknown): number {
  const samples: { readonly ofOne: boolean; readonly ns: number }[] = []
  for (let sample = 0; sample < 40_000; sample++) {
    const ofOne = Math.random() < 0.5
    const guess = ofOne ? one : other
    const began = process.hrtime.bigint()
    check(guess)
    samples.push({ ofOne, ns: Number(process.hrtime.bigint() - began) })
  }
  const limit = samples.map(({ ns }) => ns).sort((a, b) => a - b)[Math.floor(samples.length * 0.9)] ?? 0
  const [a, b] = [true, false].map((side) =>
    moments(samples.filter(({ ofOne, ns }) => ofOne === side && ns <= limit).map(({ ns }) => ns)),
  )
  if (a === undefined || b === undefined) return Number.NaN
  return (a.mean - b.mean) / Math.sqrt(a.variance / a.count + b.variance / b.count)
}

function moments(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
  return { mean, variance, count: values.length }
}

async function loopDelayP99Ms(keyring: Keyring, guesses: readonly string[]): Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution: 5 })
  histogram.enable()
  for (const guess of guesses) {
    Promise.resolve(keyring.verify(guess)).catch(() => undefined)
    await delay(10)
  }
  histogram.disable()
  return histogram.percentile(99) / 1e6 - 5
}

/** The character at `index` replaced by another of the alphabet. */
function swap(text: string, index: number): string {
  // By way of bytes: texts that were put together differently in memory take different times themselves.
  return Buffer.from(`${text.slice(0, index)}${text[index] === 'A' ? 'B' : 'A'}${text.slice(index + 1)}`).toString()
}

function hmac(secret: string) {
  return (input: string): string => createHmac('sha256', secret).update(input).digest('base64url')
}

function forge(header: object, payload: object, mac: (input: string) => string = hmac(SECRET)): string {
  const input = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${input}.${mac(input)}`
}
