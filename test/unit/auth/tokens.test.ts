import { createHmac, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createTokens, isExpired, type Tokens } from '../../../src/auth/index.js'
import { ServiceError } from '../../../src/base/errors.js'
import { FakeClock } from '../../support/fake-clock.js'

const SECRET = 'a-test-secret-of-more-than-32-bytes!'
const HOUR = 3_600_000
const NOW = Math.floor(new FakeClock().wallMs() / 1000)
const GOOD = { user_id: 'ann', role: 'operator', iat: NOW, exp: NOW + 3600 }
const HEADER = { alg: 'HS256', typ: 'JWT' }

describe('tokens', () => {
  it('names who signed in, and until when', () => {
    const { tokens, clock } = make()
    const identity = tokens.verify(tokens.sign({ userId: 'ann', role: 'viewer', lifetimeMs: HOUR }))
    expect(identity).toMatchObject({ userId: 'ann', role: 'viewer', expiresAtMs: NOW * 1000 + HOUR })
    expect(isExpired(identity, clock.wallMs())).toBe(false)
    clock.advance(HOUR)
    expect(isExpired(identity, clock.wallMs())).toBe(true)
  })

  it('carries that it is for this machine only', () => {
    const { tokens } = make()
    const token = tokens.sign({ userId: 'first-start', role: 'admin', lifetimeMs: HOUR, localOnly: true })
    expect(tokens.verify(token)).toMatchObject({ role: 'admin', localOnly: true })
    // A word that limits and is not understood must not be passed over.
    expect(failure(tokens, forge(HEADER, { ...GOOD, local_only: 'yes' }))).toContain('local_only')
  })

  it('a second rotation ends at once what the secret before the last has opened', () => {
    const { tokens, clock } = make()
    const wish = { userId: 'ann', role: 'viewer', lifetimeMs: HOUR } as const
    const endsAtMs = clock.wallMs() + HOUR / 2
    const first = tokens.verify(tokens.sign(wish))
    tokens.rotate('another-secret-of-more-than-32-bytes', endsAtMs)
    const second = tokens.verify(tokens.sign(wish))
    tokens.rotate('a-third-secret-of-more-than-32-bytes', endsAtMs)
    expect([first, second].map((identity) => isExpired(identity, clock.wallMs()))).toEqual([true, false])
    expect(second.expiresAtMs).toBe(endsAtMs)
  })

  it('accepts a token of another maker with the same secret', () => {
    expect(make().tokens.verify(forge(HEADER, GOOD)).userId).toBe('ann')
  })

  it('refuses a token at its exp, also one it remembers, without leeway', () => {
    const { tokens, clock } = make()
    const token = tokens.sign({ userId: 'ann', role: 'admin', lifetimeMs: 3000 })
    clock.advance(2999)
    expect(tokens.verify(token).role).toBe('admin')
    clock.advance(1)
    expect(failure(tokens, token)).toBe('AUTH_FAILED: the token has expired')
    expect(failure(make().tokens, forge(HEADER, { ...GOOD, iat: NOW - 10, exp: NOW - 1 }))).toBe(
      'AUTH_FAILED: the token has expired',
    )
  })

  it.each([undefined, null, ''])('asks for a token when given %j', (token) => {
    expect(failure(make().tokens, token)).toBe('AUTH_REQUIRED: no token was given')
  })

  it.each([42, true, {}, [], ['a.b.c'], 'x'.repeat(5000), 'abc', 'a.b', 'a.b.c.d', '..', 'a.b.c', ' '])('refuses %j', (token) => {
    expect(failure(make().tokens, token)).toMatch(/^AUTH_FAILED/)
  })

  const { publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const forged: Record<string, string> = {
    'alg none': forge({ alg: 'none' }, GOOD, () => ''),
    'alg None': forge({ alg: 'None' }, GOOD, () => ''),
    'alg nOnE with a signature': forge({ alg: 'nOnE' }, GOOD),
    'alg HS384': forge({ alg: 'HS384' }, GOOD, (input) => createHmac('sha384', SECRET).update(input).digest('base64url')),
    'alg RS256': forge({ alg: 'RS256' }, GOOD),
    'alg array': forge({ alg: ['HS256'] }, GOOD),
    'no alg': forge({ typ: 'JWT' }, GOOD),
    'alg of another spelling': forge({ alg: 'hs256' }, GOOD),
    'another secret': forge(HEADER, GOOD, hmac('another secret of more than 32 bytes')),
    'a public key as secret': forge(HEADER, GOOD, hmac(publicKey)),
    'no signature': forge(HEADER, GOOD, () => ''),
    'a cut signature': forge(HEADER, GOOD).slice(0, -4),
    'a changed payload': swapPayload(forge(HEADER, GOOD), { ...GOOD, role: 'admin' }),
    'a critical extension': forge({ ...HEADER, crit: ['b64'], b64: false }, GOOD),
    'four parts': `${forge(HEADER, GOOD)}.x`,
    padding: forge(HEADER, GOOD).replace('.', '=.'),
    'a header named twice': raw('{"alg":"HS256","alg":"HS256"}', JSON.stringify(GOOD)),
    'a claim named twice': raw(
      JSON.stringify(HEADER),
      `{"role":"viewer","user_id":"ann","iat":${NOW},"exp":${NOW + 9},"role":"admin"}`,
    ),
    'a claim named twice by escapes': raw(
      JSON.stringify(HEADER),
      `{"role":"viewer","user_id":"ann","iat":${NOW},"exp":${NOW + 9},"r\\u006fle":"admin"}`,
    ),
    'deep nesting': raw(JSON.stringify(HEADER), JSON.stringify({ ...GOOD, x: [[[[1]]]] })),
    'a payload that is a list': raw(JSON.stringify(HEADER), '[1]'),
    'a payload that is null': raw(JSON.stringify(HEADER), 'null'),
    'a payload that is no JSON': raw(JSON.stringify(HEADER), '{'),
  }
  it.each(Object.entries(forged))('refuses %s', (_, token) => {
    expect(failure(make().tokens, token)).toMatch(/^AUTH_FAILED/)
  })

  const { user_id, role, iat, exp } = GOOD
  const claims: Record<string, object> = {
    'no user_id': { role, iat, exp },
    'an empty user_id': { ...GOOD, user_id: '' },
    'a blank user_id': { ...GOOD, user_id: ' ' },
    'a number as user_id': { ...GOOD, user_id: 7 },
    'no role': { user_id, iat, exp },
    'an unknown role': { ...GOOD, role: 'root' },
    'a role in capitals': { ...GOOD, role: 'ADMIN' },
    'a list of roles': { ...GOOD, role: ['admin'] },
    'a role that every object has': { ...GOOD, role: 'constructor' },
    'no iat': { user_id, role, exp },
    'iat as text': { ...GOOD, iat: String(iat) },
    'iat in a minute': { ...GOOD, iat: NOW + 60, exp: NOW + 120 },
    'a negative iat': { ...GOOD, iat: -1, exp: NOW + 60 },
    'no exp': { user_id, role, iat },
    'exp as text': { ...GOOD, exp: String(exp) },
    'exp null': { ...GOOD, exp: null },
    'exp true': { ...GOOD, exp: true },
    'exp in a list': { ...GOOD, exp: [exp] },
    'exp without end': { ...GOOD, exp: 1e308 },
    'exp in milliseconds': { ...GOOD, exp: exp * 1000 },
    'a negative exp': { ...GOOD, exp: -1 },
    'exp before iat': { ...GOOD, iat: NOW + 20, exp: NOW + 10 },
    'a life over the limit': { ...GOOD, exp: NOW + 48 * 3600 + 1 },
    'nbf in a minute': { ...GOOD, nbf: NOW + 60 },
    'nbf as text': { ...GOOD, nbf: 'now' },
  }
  it.each(Object.entries(claims))('refuses %s', (_, payload) => {
    expect(failure(make().tokens, forge(HEADER, payload))).toMatch(/^AUTH_FAILED/)
  })

  it('refuses claims that are only inherited', () => {
    expect(failure(make().tokens, raw(JSON.stringify(HEADER), `{"__proto__":${JSON.stringify(GOOD)}}`))).toMatch(/^AUTH_FAILED/)
  })

  it('bears a maker whose clock is ahead by the leeway, and fractions of a second', () => {
    const ahead = { ...GOOD, iat: NOW + 30, nbf: NOW + 29.5, exp: NOW + 60.25 }
    expect(make().tokens.verify(forge(HEADER, ahead)).expiresAtMs).toBe((NOW + 60.25) * 1000)
  })

  it('accepts any lifetime when there is no limit', () => {
    const { tokens } = make(0)
    expect(tokens.verify(forge(HEADER, { ...GOOD, exp: NOW + 1e9 })).userId).toBe('ann')
  })

  it('never repeats what the token holds', () => {
    const told = [...Object.values(forged), ...Object.values(claims).map((payload) => forge(HEADER, payload))].map((token) => {
      const thrown = thrownBy(make().tokens, token)
      return `${thrown.message} ${thrown.details} ${JSON.stringify(thrown.data)}`
    })
    expect(told.filter((text) => /eyJ|ann|root/.test(text))).toEqual([])
  })

  it('remembers no more tokens than it may, and still knows the others', () => {
    const { tokens, clock } = make(48 * HOUR, 2)
    const many = ['a', 'b', 'c'].map((userId) => tokens.sign({ userId, role: 'viewer', lifetimeMs: HOUR }))
    for (let round = 0; round < 2; round++) expect(many.map((token) => tokens.verify(token).userId)).toEqual(['a', 'b', 'c'])
    clock.advance(HOUR)
    for (const token of many) expect(failure(tokens, token)).toMatch(/^AUTH_FAILED/)
  })
})

function make(maxLifetimeMs = 48 * HOUR, cacheEntries = 100): { tokens: Tokens; clock: FakeClock } {
  const clock = new FakeClock()
  return { tokens: createTokens({ secret: SECRET, leewayMs: 30_000, maxLifetimeMs, clock, cacheEntries }), clock }
}

function thrownBy(tokens: Tokens, token: unknown): ServiceError {
  try {
    tokens.verify(token)
  } catch (thrown) {
    if (thrown instanceof ServiceError) return thrown
    throw thrown
  }
  throw new Error('the token was accepted')
}

function failure(tokens: Tokens, token: unknown): string {
  const thrown = thrownBy(tokens, token)
  return `${thrown.code}: ${thrown.details}`
}

function hmac(secret: string): (input: string) => string {
  return (input) => createHmac('sha256', secret).update(input).digest('base64url')
}

/** A token made by hand, signed with the right secret unless told otherwise. */
function forge(header: object, payload: object, sign = hmac(SECRET)): string {
  return raw(JSON.stringify(header), JSON.stringify(payload), sign)
}

function raw(header: string, payload: string, sign = hmac(SECRET)): string {
  const input = [header, payload].map((part) => Buffer.from(part).toString('base64url')).join('.')
  return `${input}.${sign(input)}`
}

function swapPayload(token: string, payload: object): string {
  const [header, , signature] = token.split('.')
  return [header, Buffer.from(JSON.stringify(payload)).toString('base64url'), signature].join('.')
}
