/** Methods that need no login. */

import { Rendered } from '../../base/rendered.js'
import { authenticate } from '../login.js'
import { readLogin } from '../login-params.js'
import { defineNearMethod } from '../method.js'
import type { Builder } from '../schema.js'
import { NoParams } from '../shapes/common.js'
import { AuthenticateParams, LoginAnswer } from '../shapes/login.js'

const PONG = new Rendered('pong' as const)

export const ping = defineNearMethod({
  name: 'ping',
  role: 'none',
  summary: 'Answers `pong`; keeps a connection in use.',
  params: NoParams,
  result: (t: Builder) => t.Literal('pong'),
  errors: [],
  run: () => PONG,
})

export const authenticateMethod = defineNearMethod({
  name: 'authenticate',
  role: 'none',
  audited: 'login',
  summary: 'Gives the connection the identity of a token until the token or the connection ends.',
  params: AuthenticateParams,
  result: LoginAnswer,
  errors: ['AUTH_REQUIRED', 'AUTH_FAILED'],
  check: readLogin,
  run: (toolbox, params, session) => authenticate(toolbox, params, session),
})
