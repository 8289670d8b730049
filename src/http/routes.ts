/** What every plain HTTP answer shares: the request as facts that outlive it, and the way out. */

import { isLocalPeer } from '../auth/index.js'
import type { Refusal } from './handshake.js'
import { peerAddress } from './peer.js'
import { RequestHeaders } from './request-headers.js'
import type { HttpRequest, HttpResponse, TemplatedApp } from './uws.js'

/** A group of paths that any listener of ours can offer. */
export interface RouteGroup {
  readonly pages?: readonly Page[]
  /** Paths that are more than pages. */
  mount?(routes: Routes): void
  /** Time for what is under way, once nobody new gets in. */
  drain?(): Promise<void>
}

/** A path with short answers. Asked with plain facts, so that whoever has the connection and whoever knows the answer may be two threads. */
export interface Page {
  /** May end with `*`. */
  readonly path: string
  /** Methods, in upper case, whose body is read. */
  readonly bodies?: readonly string[]
  /** A promise only where something has to be found out. */
  answer(call: Call, body: Body): Answer | Promise<Answer>
}

export interface Body {
  readonly text: string
  /** Then `text` is empty. */
  readonly tooBig: boolean
}

export interface Call {
  /** In upper case. */
  readonly method: string
  /** As it was sent, without the query, nothing decoded. */
  readonly path: string
  readonly query: string
  readonly headers: RequestHeaders
  /** Of the peer, as text. */
  readonly address: string
  /** A program of this machine, and no proxy on it. */
  readonly local: boolean
}

export interface Answer {
  /** Code and reason. */
  readonly status: string
  /** Frozen where it is the same each time. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The paths of one listener; the request reaches whoever serves it as facts. */
export class Routes {
  readonly #app: TemplatedApp

  constructor(app: TemplatedApp) {
    this.#app = app
  }

  /** Every method of `path`, which may end with `*`. */
  any(path: string, serve: (response: HttpResponse, call: Call) => void): void {
    this.#app.any(path, (response, request) => {
      const call = readCall(response, request)
      if (endsInDoubt(call.headers)) response.close()
      else serve(response, call)
    })
  }
}

/**
 * Whether a proxy in front may see another end of this request than the library, which takes the first of two lengths and any
 * encoding for none. What follows would be the next request here and a part of this one there, so the connection is cut without an
 * answer: after one, the library goes on reading.
 */
export function endsInDoubt(headers: RequestHeaders): boolean {
  const encodings = headers.count('transfer-encoding')
  const plain = encodings === 0 || (encodings === 1 && headers.get('transfer-encoding').toLowerCase() === 'chunked')
  return !plain || headers.count('content-length') > 1
}

/** Both arguments are only valid during the call. */
function readCall(response: HttpResponse, request: HttpRequest): Call {
  const headers = RequestHeaders.of(request)
  const address = peerAddress(response)
  return {
    method: request.getMethod().toUpperCase(),
    path: request.getUrl(),
    query: request.getQuery() ?? '',
    headers,
    address,
    local: isLocalPeer(address, headers.names),
  }
}

/**
 * To HEAD the same without its body. A client that asks without reading gets no more than one answer ahead: what the kernel does not
 * take of a body waits until it does, and a request that comes meanwhile ends the connection. Answers without a body end it at once.
 */
export function answer(response: HttpResponse, method: string, { status, headers, body }: Answer): void {
  if (method === 'HEAD') {
    answerHead(response, status, headers, Buffer.byteLength(body))
    return
  }
  response.cork(() => {
    writeHead(response, status, headers)
    if (status.startsWith('304 ')) response.endWithoutBody()
    else if (status.startsWith('204 ')) response.end('', true)
    else sendBody(response, body)
  })
}

/** Of 200 the library knows by itself. */
const OK = '200 OK'
/** Lines of headers that are the same each time: the first name, and all that follows it. */
const lines = new WeakMap<Answer['headers'], readonly [string, string]>()

export function writeHead(response: HttpResponse, status: string, headers: Answer['headers']): void {
  if (status !== OK) response.writeStatus(status)
  if (!Object.isFrozen(headers)) {
    for (const [name, value] of Object.entries(headers)) response.writeHeader(name, value)
    return
  }
  const [name, rest] = lines.get(headers) ?? linesOf(headers)
  if (name !== '') response.writeHeader(name, rest)
}

/** The library copies what it is given: one call with all lines takes a fraction of one for each. */
function linesOf(headers: Answer['headers']): readonly [string, string] {
  const [[name, value] = ['', ''], ...others] = Object.entries(headers)
  const made = [name, [value, ...others.map(([other, its]) => `${other}: ${its}`)].join('\r\n')] as const
  lines.set(headers, made)
  return made
}

/** The head of an answer whose body would have so many bytes, and the end of the connection. */
export function answerHead(response: HttpResponse, status: string, headers: Answer['headers'], bytes: number): void {
  let ended = false
  response.onAborted(() => {
    ended = true
  })
  response.cork(() => {
    writeHead(response, status, { ...headers, ...(bytes > 0 && { Connection: 'close' }) })
    // The library's own way to end without a body keeps what nobody reads without limit, and told a length it ends the process.
    ended = response.tryEnd('', bytes)[1] || ended
  })
  // What was written leaves after the handler.
  setImmediate(() => {
    if (!ended) response.close()
  })
}

/** Bytes of a body that leave with the request; the rest of a longer one waits for the others' turn. */
const PIECE_BYTES = 16 * 1024

function sendBody(response: HttpResponse, body: string): void {
  const total = Buffer.byteLength(body)
  if (total <= PIECE_BYTES && response.tryEnd(body, total)[1]) return
  const bytes = Buffer.from(body)
  if (total > PIECE_BYTES && response.tryEnd(bytes.subarray(0, PIECE_BYTES), total)[1]) return
  let ended = false
  response.onAborted(() => {
    ended = true
  })
  response.onWritable((offset) => {
    const [taken, done] = response.tryEnd(bytes.subarray(offset), bytes.length)
    ended ||= done
    return taken
  })
  setImmediate(() => {
    if (ended) return
    response.cork(() => {
      ended = response.tryEnd(bytes.subarray(response.getWriteOffset()), bytes.length)[1]
    })
  })
}

export function refuse(response: HttpResponse, refusal: Refusal, method = 'GET'): void {
  answer(response, method, { status: refusal.status, headers: refusal.headers ?? {}, body: refusal.text })
}

export function answerNotFound(response: HttpResponse, { method }: Call): void {
  refuse(response, { status: '404 Not Found', text: 'Not found' }, method)
}
