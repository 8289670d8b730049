/** Tokens with a good signature and hostile contents: what is accepted says who, which role and until when, in one way only. */

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createTokens, type Identity, isRole, type Tokens } from '../../../src/auth/index.js'
import { ServiceError } from '../../../src/base/errors.js'
import type { FuzzTarget } from '../engine/target.js'

const SECRET = 'a secret of the tests, longer than 32 bytes'
const NOW_MS = 1_000_000_000_000
const RULES = { secret: SECRET, leewayMs: 5_000, maxLifetimeMs: 0, clock: { wallMs: () => NOW_MS }, cacheEntries: 1 }
const tokens = createTokens(RULES)
/** Takes no token that the other one refuses. */
const strict = createTokens({ ...RULES, maxLifetimeMs: 3_600_000, issuer: 'us', audience: 'x', type: 'at+jwt' })

export const target: FuzzTarget = {
  parsers: ['src/auth/signed-payload.ts', 'src/auth/claims.ts', 'src/auth/strict-json.ts'],
  seeds: [
    '{"alg":"HS256","typ":"JWT"}\n{"user_id":"ann","role":"viewer","iat":1000000000,"exp":1000000060}',
    '{"typ":"JWT","alg":"none"}\n{"user_id":"ann","role":"admin","iat":1,"exp":2e9,"nbf":1,"local_only":true}',
    '{"alg":"HS256","kid":"../x","crit":["b64"],"b64":false}\n{"user_id":"a","role":"operator","iat":1,"exp":1e10,"aud":["x"],"a":[{"b":"c"}]}',
    '{"alg":"HS256"}\n{"user_id":"a","role":"viewer","role":"admin","iat":0,"exp":99999999999,"__proto__":{"role":"admin"}}',
    '{"typ":"at+jwt","alg":"HS256"}\n{"user_id":"ann","role":"viewer","iat":1000000000,"exp":1000000060,"iss":"us","aud":["x"]}',
    '{"alg":"HS256"}\n{"user_id":"ann","role":"viewer","iat":1000000000,"exp":1000000060,"nbf":"soon"}',
    '{"alg":"HS256"}\n"no object"',
  ],
  words: [
    ...[
      '"alg"',
      '"HS256"',
      '"none"',
      '"RS256"',
      '"typ"',
      '"user_id"',
      '"role"',
      '"admin"',
      '"iat"',
      '"exp"',
      '"nbf"',
      '"local_only"',
      '"iss"',
      '"aud"',
      '"at+jwt"',
    ],
    ...[
      '\n',
      ':',
      ',',
      '{',
      '}',
      '[[[[[[',
      '"\\u0072ole"',
      '"__proto__"',
      'null',
      'true',
      '1e400',
      '-1',
      '1000000000.5',
      '" "',
      '\ud800',
    ],
  ],
  run(input) {
    const text = input.toString()
    const [header = '', ...rest] = text.split('\n')
    const payload = rest.join('\n')
    const signed = `${Buffer.from(header).toString('base64url')}.${Buffer.from(payload).toString('base64url')}`
    const token = `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`
    const identity = accepted(tokens, token)
    const strictly = accepted(strict, token)
    if (identity === undefined) {
      assert.equal(strictly, undefined)
      return
    }
    assert.equal(JSON.parse(header).alg, 'HS256')
    const claims = JSON.parse(payload) as Record<string, unknown>
    assert.deepEqual([identity.userId, identity.role], [claims.user_id, claims.role])
    if (strictly !== undefined) {
      assert.deepEqual(
        [strictly.userId, strictly.role, strictly.expiresAtMs],
        [identity.userId, identity.role, identity.expiresAtMs],
      )
      assert.deepEqual([claims.iss, [claims.aud].flat().includes('x'), JSON.parse(header).typ], ['us', true, 'at+jwt'])
    }
    assert.ok(isRole(claims.role) && typeof claims.user_id === 'string' && claims.user_id.trim() !== '')
    assert.equal(identity.expiresAtMs, Number(claims.exp) * 1_000)
    assert.ok(Number.isFinite(identity.expiresAtMs) && identity.expiresAtMs > NOW_MS)
    assert.ok(Number(claims.iat) * 1_000 <= NOW_MS + 5_000)
    // A member that is there twice means one thing to us and another to the next reader.
    for (const name of ['user_id', 'role', 'exp']) assert.ok(namesOf(payload, name) <= 1, `${name} is there twice`)
  },
}

function accepted(by: Tokens, token: string): Identity | undefined {
  try {
    return by.verify(token)
  } catch (thrown) {
    if (!(thrown instanceof ServiceError)) throw thrown
    assert.equal(thrown.code, 'AUTH_FAILED')
    return undefined
  }
}

/** How often the outermost object says `name`, as JSON.parse sees it. */
function namesOf(payload: string, name: string): number {
  let count = 0
  JSON.parse(payload, function (this: unknown, key: string, value: unknown) {
    if (key === name) count += 1
    return value
  })
  // A reviver sees the last of two only, so what is written is counted, too: both in plain spelling.
  const plain = payload.split(`"${name}":`).length - 1
  return count <= 1 && !payload.includes('{', payload.indexOf('{') + 1) && !payload.includes('\\') ? Math.max(count, plain) : 1
}
