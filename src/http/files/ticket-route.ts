/** `POST /api/v1/tickets`: a ticket that opens one file once, for clients that cannot send a header. */

import type { Tickets } from '../../auth/index.js'
import { readBody } from '../body.js'
import { type Answer, answer, type Call, type RouteGroup, type Routes } from '../routes.js'
import { type CredentialPort, identityOf } from '../trust.js'
import type { HttpResponse } from '../uws.js'
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
  readonly #options: TicketRouteOptions

  constructor(options: TicketRouteOptions) {
    this.#options = options
  }

  mount(routes: Routes): void {
    routes.any('/api/v1/tickets', (response, call) => this.#serve(response, call))
  }

  #serve(response: HttpResponse, call: Call): void {
    let gone = false
    response.onAborted(() => {
      gone = true
    })
    const give = ({ headers, ...rest }: Refused): void => {
      if (gone) return
      gone = true
      const cors = corsHeaders(call, this.#options.allowedOrigins)
      answer(response, call.method, { ...rest, headers: { ...PRIVATE, ...headers, ...cors } })
    }
    if (call.method === 'OPTIONS') give({ status: '204 No Content', body: '' })
    else if (call.method !== 'POST') give(METHOD)
    else {
      readBody(response, (text, tooBig) => {
        if (tooBig) give(TOO_BIG)
        else this.#issue(call, text).then(give, (thrown: unknown) => give(refusalOf(thrown)))
      })
    }
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
