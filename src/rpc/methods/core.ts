/** Methods that need no login. */

import { Rendered } from '../../base/rendered.js'
import { authenticate, readCredential } from '../login.js'
import { defineMethod } from '../method.js'
import { Type } from '../schema.js'
import { AuthenticateParams, LoginAnswer, NoParams } from '../shapes.js'

const PONG = new Rendered('pong' as const)

export const ping = defineMethod({
  name: 'ping',
  role: 'none',
  summary: 'Answers `pong`; keeps a connection in use.',
  params: NoParams,
  result: Type.Literal('pong'),
  errors: [],
  run: () => PONG,
})

export const authenticateMethod = defineMethod({
  name: 'authenticate',
  role: 'none',
  summary: 'Gives the connection the identity of a token until the token or the connection ends.',
  params: AuthenticateParams,
  result: LoginAnswer,
  errors: ['AUTH_REQUIRED', 'AUTH_FAILED'],
  prepare: (params) => {
    readCredential(params)
    return params
  },
  run: (toolbox, params, session) => authenticate(toolbox, readCredential(params), session),
})
