// auth-jwt: checks of tokens that are new and of one that is known, against the signature alone and against `jose`.
import { createHmac } from 'node:crypto'
import { jwtVerify } from 'jose'
import { createTokens } from '../../dist/auth/index.js'
import { systemClock } from '../../dist/base/clock.js'
import { timeTasks } from '../support/tasks.mjs'

/** More than are remembered, so that each is new again when its turn comes. */
const TOKENS = 5_000
const SECRET = 'a secret of the benches, as long as it has to be'

const tokens = createTokens({ secret: SECRET, leewayMs: 0, maxLifetimeMs: 0, clock: systemClock })
const made = Array.from({ length: TOKENS }, (_, at) =>
  tokens.sign({ userId: `user-${String(at).padStart(6, '0')}`, role: 'operator', lifetimeMs: 3_600_000 }),
)
const inputs = made.map((token) => token.slice(0, token.lastIndexOf('.')))
const key = Buffer.from(SECRET)

const tasks = {
  cold: (i) => tokens.verify(made[i % TOKENS]),
  cached: () => tokens.verify(made[0]),
  hmac: (i) =>
    createHmac('sha256', key)
      .update(inputs[i % TOKENS])
      .digest(),
  async jose(i) {
    await jwtVerify(made[i % TOKENS], key, { algorithms: ['HS256'], requiredClaims: ['user_id', 'role', 'iat', 'exp'] })
  },
}
console.log(JSON.stringify({ values: await timeTasks(tasks, { rounds: Number(process.argv[2]), timeMs: 100 }) }))
