/** Attacks on logins, each by the id of its requirement (reliability-security.md §3.2). Those that need a running service: integration. */

import { generateKeyPairSync } from 'node:crypto'
import { expect, it } from 'vitest'
import { createBench } from '../../support/rpc-session.js'
import { attempt, best, forge, GOOD, HEADER, hmac, MINUTE, maker, NOW, SECRET, sign } from './attacks.js'

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
