/** From a request's header to the answer of its handler: the checks, in the order of usb-camera-server §3. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Audit } from '../../base/audit-log.js'
import type { Clock } from '../../base/clock.js'
import { type Access, type AccessControl, type Asking, demandRole, type Ticket } from '../access/access.js'
import { judgeHost, parseHost } from '../access/hosts.js'
import { changeAllowed, corsHeaders, preflight } from '../access/origins.js'
import { ticketPurpose } from '../access/ticket-purpose.js'
import { FAULTS, knownFault } from '../errors.js'
import { headerFault } from '../listening/request-limits.js'
import type { WebRules } from '../ports.js'
import type { CameraFaceSettings } from '../settings.js'
import { readBody } from './body.js'
import type { Answer, Call, Reply, Route } from './call.js'
import type { Router } from './router.js'
import { parseTarget, type Target } from './target.js'

export interface AnswererOptions {
  readonly router: Router
  /** In force for the next request. */
  readonly rules: () => WebRules
  readonly access: AccessControl
  /** Camera that a request without an id means. */
  readonly defaultCamera: () => string
  readonly settings: CameraFaceSettings
  readonly audit: Audit
  readonly clock: Clock
}

type Routed = { readonly route: Route; readonly params: Call['params'] } | { readonly redirect: string }

const READERS = ['GET', 'HEAD']
/** The de-facto URL form of older camera programs. */
const ACTIONS: Readonly<Record<string, string>> = { stream: '/video_feed', snapshot: '/snapshot' }

export class Answerer {
  readonly #options: AnswererOptions

  constructor(options: AnswererOptions) {
    this.#options = options
  }

  /** Sets headers that every answer from here on has, refusals too. Rejects with a fault. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<Answer> {
    const { settings, clock } = this.#options
    const { headers, method = 'GET', socket, url = '/' } = request
    const fault = headerFault(request, settings)
    if (fault !== undefined) throw fault

    const rules = this.#options.rules()
    const hostHeader = headers.host ?? ''
    const target = parseTarget(url)
    const host = this.#host(request, target, rules)
    if ('status' in host) return host
    const { origin } = headers
    if (method === 'OPTIONS' && origin !== undefined && headers['access-control-request-method'] !== undefined) {
      const { status, text, headers: cors } = preflight(origin, headers['access-control-request-headers'], rules)
      const answer = plain(status, text, cors)
      return status < 400 ? answer : { ...answer, refusal: { code: 'ORIGIN_NOT_ALLOWED', reason: text } }
    }

    for (const [name, value] of Object.entries(corsHeaders(origin, rules))) response.setHeader(name, value)
    if (headers.expect !== undefined && !/^100-continue$/i.test(headers.expect)) throw FAULTS.expectationFailed()
    if (target === undefined) throw FAULTS.notFound()
    const routed = this.#route(method, target)
    if ('redirect' in routed) return { status: 307, headers: { Location: `${encodeURI(routed.redirect)}${target.search}` } }
    if (!changeAllowed(method, origin, hostHeader, rules)) throw FAULTS.originNotAllowed()

    const asking: Asking = { address: socket.remoteAddress ?? '', hostName: host.name, hostHeader, headers }
    const { route, params } = routed
    let access: Access | undefined
    try {
      access = await this.#options.access.of(asking, this.#ticket(route, params, target))
      demandRole(access, route.role)
      const body = await readBody(request, settings, clock)
      const call: Call = { method, params, query: target.query, headers, access, remote: asking.address, body }
      const answer = await route.handler(call)
      this.#note(route, call, 'status' in answer && answer.status >= 400 ? `http ${answer.status}` : 'ok')
      return answer
    } catch (thrown) {
      const fault = knownFault(thrown) ?? FAULTS.internal()
      this.#note(route, { method, params, access, remote: asking.address }, fault.code)
      throw thrown
    }
  }

  /** Changes are told. A ticket changes nothing. */
  #note(
    { path, role }: Route,
    { method, params, access, remote }: Pick<Call, 'method' | 'params' | 'remote'> & { readonly access: Access | undefined },
    outcome: string,
  ): void {
    if (READERS.includes(method) || role === 'viewer') return
    const { identity } = access ?? {}
    this.#options.audit({
      ...{ action: `${method} ${path}`, outcome, subject: identity?.userId ?? (access?.role && 'loopback'), address: remote },
      role: access?.role,
      detail: params.id === undefined ? undefined : { device: params.id },
    })
  }

  /** The name we were called by, or the answer to a name that is none of ours. */
  #host(request: IncomingMessage, target: Target | undefined, rules: WebRules): { readonly name: string | undefined } | Reply {
    const values = request.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
    const old = request.httpVersion === '1.0'
    if (values.length === 0 && old) return rules.trustedHosts.includes('*') ? { name: undefined } : invalidHost()
    const header = request.headers.host ?? ''
    const host = parseHost(header)
    const contradicted = target?.authority !== undefined && target.authority.toLowerCase() !== header.toLowerCase()
    if (values.length !== 1 || host === undefined || contradicted) return invalidHost()
    const judged = judgeHost(host.name, rules.trustedHosts)
    if (judged === 'ok') return { name: host.name }
    if (judged === 'refused' || target === undefined) return invalidHost()
    const location = `http://${judged.redirectTo}${host.port}${encodeURI(target.path)}${target.search}`
    return { status: 307, headers: { Location: location } }
  }

  #route(method: string, target: Target): Routed {
    const alias = target.path === '/' && READERS.includes(method) ? ACTIONS[target.query.get('action') ?? ''] : undefined
    const routed = this.#options.router.find(method, alias ?? target.path)
    if (routed.kind === 'unknown') throw FAULTS.notFound()
    if (routed.kind === 'wrong-method') throw FAULTS.methodNotAllowed(routed.allow)
    return routed.kind === 'redirect' ? { redirect: routed.path } : routed
  }

  /** The ticket in the query, and what it would have to be for. */
  #ticket({ ticket }: Route, { id }: Call['params'], { query }: Target): Ticket | undefined {
    const value = query.get('ticket')
    if (value === null) return undefined
    const camera = id ?? query.get('camera') ?? this.#options.defaultCamera()
    return { value, purpose: ticket === undefined ? undefined : ticketPurpose(ticket, camera) }
  }
}

function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers }, body: text }
}

function invalidHost(): Reply {
  const text = 'Invalid host header'
  return { ...plain(400, text), refusal: { code: 'INVALID_HOST', reason: text } }
}
