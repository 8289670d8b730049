/** Requests of a connection one after the other: each gets its answer, or the connection becomes a stream. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../../base/clock.js'
import { errorText } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import { stackOf } from '../../base/stack.js'
import { FAULTS, type HttpFault, knownFault } from '../errors.js'
import type { FaceFaults } from '../faults.js'
import type { Answerer } from './answerer.js'
import type { Reply, Takeover } from './call.js'

export interface ExchangeOptions {
  readonly answerer: Answerer
  readonly faults: FaceFaults
  readonly clock: Clock
  readonly logger: Logger
}

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
    const { clock, answerer } = this.#options
    const beganMs = clock.nowMs()
    const answer = await answerer.answer(request, response).catch((thrown: unknown) => this.#refusal(thrown, request))
    if (socket.destroyed) {
      if (!('take' in answer)) answer.after?.()
      return
    }
    if ('take' in answer && request.method !== 'HEAD') {
      if ((await this.#handOver(request, response, answer)) && answer.isLogged === true) return
    } else await this.#send(request, response, 'take' in answer ? headOnly(answer) : answer)
    this.#log(request, response, 'take' in answer ? 200 : answer.status, clock.nowMs() - beganMs)
  }

  #refusal(thrown: unknown, request: IncomingMessage): Reply {
    const fault = knownFault(thrown)
    if (fault === undefined) {
      const path = pathForLog(request)
      this.#options.logger.error({ path, error: stackOf(thrown) }, 'a request failed')
    }
    return faultReply(fault ?? FAULTS.internal())
  }

  #send(request: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
    if (reply.refusal !== undefined) this.#options.faults.refused(reply.refusal.code, reply.refusal.reason)
    const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body
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

  /** The socket goes to whoever streams, once nothing of ours is left to be sent on it. False when it could not. */
  async #handOver(request: IncomingMessage, response: ServerResponse, { headers, take }: Takeover): Promise<boolean> {
    const { socket } = request
    await drained(socket)
    if (socket.destroyed) return false
    const all = { ...response.getHeaders(), 'X-Content-Type-Options': 'nosniff', ...headers }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${String(value)}\r\n`)
    try {
      take(socket, `HTTP/1.1 200 OK\r\n${lines.join('')}\r\n`)
    } catch (thrown) {
      await this.#send(request, response, this.#refusal(thrown, request))
      return false
    }
    this.#taken.add(socket)
    // For HTTP this request is over. With an open one the library would make an error, with its stack, of each viewer's socket.
    if (socket.destroyed) response.emit('finish')
    else response.detachSocket(socket)
    return true
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

function faultReply(fault: HttpFault): Reply {
  return {
    status: fault.status,
    headers: { 'Content-Type': 'application/json', ...fault.headers },
    body: fault.json,
    refusal: { code: fault.code, reason: fault.message },
  }
}

function headOnly({ headers }: Takeover): Reply {
  return { status: 200, headers }
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
