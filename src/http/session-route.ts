/** `POST /api/v1/session`: what our own page on this machine logs in with, so that nobody types a token at the machine itself (design §2). */

import { isLoopbackAddress, type Role, type Tokens } from '../auth/index.js'
import type { Audit } from '../base/audit-log.js'
import { hostName } from './handshake.js'
import type { Answer, Call, Page, RouteGroup } from './routes.js'

export interface SessionRouteOptions {
  readonly tokens: Pick<Tokens, 'sign'>
  /** Read anew for each session. */
  readonly role: () => Role
  /** Hears of each session that is begun. Default: nobody does. */
  readonly audit?: Audit
}

/** The page asks again before it is over. */
const LIFETIME_MS = 3_600_000
const MS_PER_SECOND = 1_000
const PRIVATE = { 'Cache-Control': 'no-store' } as const
const METHOD: Answer = { status: '405 Method Not Allowed', headers: { Allow: 'POST' }, body: 'Method not allowed' }
const FORBIDDEN: Answer = {
  status: '403 Forbidden',
  headers: PRIVATE,
  body: 'for pages and programs of this machine only; others log in with a token or an API key',
}

export class SessionRoute implements RouteGroup {
  readonly pages: readonly Page[] = [{ path: '/api/v1/session', answer: (call) => this.#answer(call) }]
  readonly #options: SessionRouteOptions

  constructor(options: SessionRouteOptions) {
    this.#options = options
  }

  #answer(call: Call): Answer {
    if (call.method !== 'POST') return METHOD
    if (!isOwnPage(call)) return FORBIDDEN
    const { tokens, role: roleNow, audit } = this.#options
    const role = roleNow()
    audit?.({ action: 'POST /api/v1/session', outcome: 'ok', subject: 'loopback', role, address: call.address })
    const token = tokens.sign({ userId: 'loopback', role, lifetimeMs: LIFETIME_MS, localOnly: true })
    const body = { token, role, expires_in: LIFETIME_MS / MS_PER_SECOND }
    return {
      status: '201 Created',
      headers: { ...PRIVATE, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    }
  }
}

/** A program or page of this machine: no proxy, no foreign page, no name of somebody else's that resolves to us; whatever `cors_origins` says. */
function isOwnPage({ local, headers }: Call): boolean {
  const host = headers.get('host')
  const name = hostName(host)?.replace(/^\[|\]$/g, '')
  if (!local || headers.count('host') !== 1 || name === undefined) return false
  if (name !== 'localhost' && !isLoopbackAddress(name)) return false
  const origin = headers.get('origin')
  if (headers.count('origin') > 0 && origin !== `http://${host}` && origin !== `https://${host}`) return false
  return headers.count('sec-fetch-site') === 0 || ['same-origin', 'none'].includes(headers.get('sec-fetch-site'))
}
