/** Logins on the wire (contract §9.1, §4.5). */

import { type Builder, type Shape, words } from '../schema.js'
import { time } from './common.js'

export type AuthenticateParams = Shape<typeof AuthenticateParams>
export const AuthenticateParams = (t: Builder) =>
  t.Object({
    auth_token: t.Optional(t.String({ description: 'JWT or API key; required unless one of its aliases is given' })),
    token: t.Optional(t.String({ description: 'Legacy alias: a failed login is told in a result' })),
    api_key: t.Optional(t.String({ description: 'Alias' })),
    auth_type: t.Optional(words(t, ['jwt', 'api_key', 'auto'], 'auto')),
  })

export type Login = Shape<typeof Login>
export const Login = (t: Builder) =>
  t.Object({
    authenticated: t.Boolean(),
    role: words(t, ['viewer', 'operator', 'admin']),
    permissions: t.Array(t.String()),
    expires_at: time(t),
    session_id: t.String(),
  })

export type LegacyRefusal = Shape<typeof LegacyRefusal>
export const LegacyRefusal = (t: Builder) =>
  t.Object(
    { authenticated: t.Literal(false), error: t.String() },
    { description: 'Answer to a failed login that used the legacy `token`' },
  )

export const LoginAnswer = (t: Builder) => t.Union([Login(t), LegacyRefusal(t)])
