/** `POST /api/v1/tickets`: a ticket that opens one file once, for clients that cannot send a header. */

import type { Tickets } from '../../auth/index.js'
import type { Answer, Body, Call, Page, RouteGroup } from '../routes.js'
import { type CredentialPort, identityOf } from '../trust.js'
import { corsHeaders, PRIVATE } from './headers.js'
import { REFUSED, type Refused, refusalOf } from './refusals.js'
import { canonicalPath, fileTarget } from './target.js'

export interface TicketRouteOptions {
  readonly tickets: Pick<Tickets, 'issue'>
  readonly credentials: CredentialPort
  readonly allowedOrigins: readonly string[]
}

const BAD_BODY: Refused = {
  status: '400 Bad Request',
  body: 'send {"path": "/files/recordings/NAME"} or one of /files/snapshots',
}
const TOO_BIG: Refused = { status: '413 Payload Too Large', body: 'Body too large' }
const METHOD: Refused = { ...REFUSED.method, headers: { Allow: 'POST, OPTIONS' } }

export class TicketRoute implements RouteGroup {
  readonly pages: readonly Page[] = [
    { path: '/api/v1/tickets', bodies: ['POST'], answer: (call, body) => this.#answer(call, body) },
  ]
  readonly #options: TicketRouteOptions

  constructor(options: TicketRouteOptions) {
    this.#options = options
  }

  async #answer(call: Call, body: Body): Promise<Answer> {
    const { headers, ...rest } = await this.#given(call, body)
    return { ...rest, headers: { ...PRIVATE, ...headers, ...corsHeaders(call, this.#options.allowedOrigins) } }
  }

  async #given(call: Call, { text, tooBig }: Body): Promise<Refused | Answer> {
    if (call.method === 'OPTIONS') return { status: '204 No Content', body: '' }
    if (call.method !== 'POST') return METHOD
    return tooBig ? TOO_BIG : await this.#issue(call, text).catch(refusalOf)
  }

  async #issue(call: Call, text: string): Promise<Refused | Answer> {
    const identity = await identityOf(call, this.#options.credentials)
    const target = fileTarget(pathIn(text) ?? '')
    if (typeof target !== 'object') return BAD_BODY
    const purpose = canonicalPath(target)
    const wish = { purpose, holder: `user ${identity.userId}`, once: true, identity }
    const { ticket, lifetimeMs } = this.#options.tickets.issue(wish)
    const body = { ticket, expires_in: lifetimeMs / 1000, url: `${purpose}?ticket=${ticket}` }
    return { status: '201 Created', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
  }
}

function pathIn(text: string): string | undefined {
  try {
    const body: unknown = JSON.parse(text)
    const path = typeof body === 'object' && body !== null && 'path' in body ? body.path : undefined
    return typeof path === 'string' ? path : undefined
  } catch {
    return undefined
  }
}
