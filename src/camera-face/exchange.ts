/** One request from its header to its answer: the checks in their order (usb-camera-server §3), the handler, the sending. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.js'
import { errorText } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import { type AccessControl, type Asking, demandRole } from './access.js'
import { readBody } from './body.js'
import type { Answer, Call, Reply, Route, Takeover } from './call.js'
import { FAULTS, type HttpFault, knownFault } from './errors.js'
import { judgeHost, parseHost } from './hosts.js'
import { changeAllowed, corsHeaders, preflight } from './origins.js'
import type { WebRules } from './ports.js'
import { headerFault } from './request-limits.js'
import type { Router } from './router.js'
import type { CameraFaceSettings } from './settings.js'
import { parseTarget, type Target } from './target.js'

export interface ExchangeOptions {
  readonly router: Router
  /** In force for the next request. */
  readonly rules: () => WebRules
  readonly access: AccessControl
  /** Camera that a request without an id means. */
  readonly defaultCamera: () => string
  readonly settings: CameraFaceSettings
  readonly clock: Clock
  readonly logger: Logger
}

const READERS = ['GET', 'HEAD']
/** The de-facto URL form of older camera programs. */
const ACTIONS: Readonly<Record<string, string>> = { stream: '/video_feed', snapshot: '/snapshot' }

export class Exchanges {
  readonly #options: ExchangeOptions
  /** The answer under way on a socket; the next request waits for it. */
  readonly #busy = new WeakMap<Socket, Promise<void>>()
  /** Sockets that became streams: what else came on them is never served. */
  readonly #taken = new WeakSet<Socket>()

  constructor(options: ExchangeOptions) {
    this.#options = options
  }

  /** Never throws. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    const before = this.#busy.get(socket)
    const served = before === undefined ? this.#serve(request, response) : before.then(() => this.#serve(request, response))
    // What fails here has no answer left to be told in.
    const over = served.catch((thrown: unknown) => {
      this.#options.logger.error({ path: pathForLog(request), error: errorText(thrown) }, 'an answer failed')
      socket.destroy()
    })
    this.#busy.set(socket, over)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request
    if (socket.destroyed || this.#taken.has(socket)) return
    const { clock } = this.#options
    const beganMs = clock.nowMs()
    const answer = await this.#answer(request, response).catch((thrown: unknown) => this.#refusal(thrown, request))
    if (socket.destroyed) {
      if (!('take' in answer)) answer.after?.()
      return
    }
    if ('take' in answer && request.method !== 'HEAD') await this.#handOver(request, response, answer)
    else await this.#send(request, response, 'take' in answer ? headOnly(answer) : answer)
    this.#log(request, response, 'take' in answer ? 200 : answer.status, clock.nowMs() - beganMs)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<Answer> {
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
      return plain(status, text, cors)
    }

    for (const [name, value] of Object.entries(corsHeaders(origin, rules))) response.setHeader(name, value)
    if (target === undefined) throw FAULTS.notFound()
    const { route, params, redirect } = this.#route(method, target)
    if (redirect !== undefined) return { status: 307, headers: { Location: `${encodeURI(redirect)}${target.search}` } }
    if (!changeAllowed(method, origin, hostHeader, rules)) throw FAULTS.originNotAllowed()

    const asking: Asking = { address: socket.remoteAddress ?? '', hostName: host.name, hostHeader, headers }
    const access = this.#options.access.of(asking, this.#ticket(route, params, target))
    demandRole(access, route.role)
    const body = await readBody(request, settings, clock)
    return route.handler(callOf(request, response, { method, params, query: target.query, access, body }))
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

  #route(
    method: string,
    target: Target,
  ):
    | { readonly route: Route; readonly params: Call['params']; readonly redirect?: undefined }
    | { readonly redirect: string; readonly route?: undefined; readonly params?: undefined } {
    const alias = target.path === '/' && READERS.includes(method) ? ACTIONS[target.query.get('action') ?? ''] : undefined
    const routed = this.#options.router.find(method, alias ?? target.path)
    if (routed.kind === 'unknown') throw FAULTS.notFound()
    if (routed.kind === 'wrong-method') throw FAULTS.methodNotAllowed(routed.allow)
    return routed.kind === 'redirect' ? { redirect: routed.path } : routed
  }

  #ticket(
    route: Route,
    params: Call['params'],
    { query }: Target,
  ): { readonly value: string; readonly purpose: string | undefined } | undefined {
    const value = query.get('ticket')
    if (value === null) return undefined
    return {
      value,
      purpose:
        route.ticket === undefined
          ? undefined
          : ticketPurpose(route.ticket, params.id ?? query.get('camera') ?? this.#options.defaultCamera()),
    }
  }

  #refusal(thrown: unknown, request: IncomingMessage): Reply {
    const fault = knownFault(thrown)
    if (fault === undefined) {
      const path = pathForLog(request)
      this.#options.logger.error({ path, error: thrown instanceof Error ? thrown.stack : errorText(thrown) }, 'a request failed')
    }
    return faultReply(fault ?? FAULTS.internal())
  }

  #send(request: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
    const body = reply.body === undefined ? undefined : Buffer.from(reply.body)
    const unread = !request.complete
    return new Promise((resolve) => {
      response.once('close', () => {
        reply.after?.()
        resolve()
      })
      response.writeHead(reply.status, {
        'X-Content-Type-Options': 'nosniff',
        ...(reply.headers?.['Cache-Control'] === undefined ? { 'Cache-Control': 'no-store' } : {}),
        ...reply.headers,
        ...(reply.headers?.Connection === undefined && reply.status !== 304
          ? { 'Content-Length': String(body?.length ?? 0) }
          : {}),
        // What was not read of this request cannot be told from the next one.
        ...(unread ? { Connection: 'close' } : {}),
      })
      response.end(body)
    })
  }

  /** The socket goes to whoever streams, once nothing of ours is left to be sent on it. */
  async #handOver(request: IncomingMessage, response: ServerResponse, { headers, take }: Takeover): Promise<void> {
    const { socket } = request
    await drained(socket)
    if (socket.destroyed) return
    const all = { ...response.getHeaders(), 'X-Content-Type-Options': 'nosniff', ...headers }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${String(value)}\r\n`)
    try {
      take(socket, `HTTP/1.1 200 OK\r\n${lines.join('')}\r\n`)
    } catch (thrown) {
      await this.#send(request, response, this.#refusal(thrown, request))
      return
    }
    this.#taken.add(socket)
    response.detachSocket(socket)
  }

  #log(request: IncomingMessage, response: ServerResponse, status: number, tookMs: number): void {
    this.#options.logger.info(
      {
        remote: request.socket.remoteAddress ?? '',
        method: request.method,
        // Without the query: it may hold a ticket.
        path: pathForLog(request),
        status: response.headersSent ? response.statusCode : status,
        ms: Math.round(tookMs * 10) / 10,
      },
      'request',
    )
  }
}

/** What a ticket has to be for. */
export function ticketPurpose(kind: NonNullable<Route['ticket']>, camera: string): string {
  return kind === 'events' ? kind : `${kind} ${camera}`
}

export function faultReply(fault: HttpFault): Reply {
  return { status: fault.status, headers: { 'Content-Type': 'application/json', ...fault.headers }, body: fault.json }
}

function callOf(
  request: IncomingMessage,
  response: ServerResponse,
  facts: Pick<Call, 'method' | 'params' | 'query' | 'access' | 'body'>,
): Call {
  let abort: AbortController | undefined
  return {
    ...facts,
    headers: request.headers,
    remote: request.socket.remoteAddress ?? '',
    get signal() {
      if (abort === undefined) {
        const controller = new AbortController()
        abort = controller
        response.once('close', () => controller.abort())
      }
      return abort.signal
    },
  }
}

function headOnly({ headers }: Takeover): Reply {
  return { status: 200, headers }
}

function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers }, body: text }
}

function invalidHost(): Reply {
  return plain(400, 'Invalid host header')
}

function pathForLog({ url = '/' }: IncomingMessage): string {
  return (url.split('?', 1)[0] ?? '').slice(0, 256)
}

function drained(socket: Socket): Promise<void> {
  if (socket.writableLength === 0) return Promise.resolve()
  return new Promise((resolve) => {
    socket.once('drain', resolve)
    socket.once('close', () => resolve())
  })
}
