/** Typed calls of MediaMTX's control API over one small keep-alive pool. Every call has a deadline that covers the body. */

import { EventEmitter } from 'node:events'
import type { Dispatcher, Pool } from 'undici'
import { deadlineAfter, systemClock } from '../../base/clock.js'
import { errorText } from '../../base/errors.js'
import { type Endpoint, MediaMeter } from '../meter.js'
import { MediamtxError, type MediamtxFailure } from './failures.js'
import {
  type Page,
  type PathConfig,
  parseErrorText,
  parseInfo,
  parsePathConfigs,
  parsePaths,
  parsePorts,
  type RuntimePath,
  type ServerInfo,
  type ServerPorts,
} from './wire.js'

export interface Credentials {
  readonly user: string
  readonly password: string
}

export interface ClientOptions {
  /** `http://127.0.0.1:9997`, without a path. */
  readonly origin: string
  readonly credentials: Credentials | undefined
  /** Deadline of a write, milliseconds. Default 10 s: a server with a thousand paths takes its time. */
  readonly writeMs?: number
  /** Shared by all clients whose figures are to be one. */
  readonly meter?: MediaMeter
}

/** Wrong credentials are answered up to 4 s late, so the first call and the one after a 401 get more time. */
const FIRST_CONTACT_MS = 6_000
const READ_MS = 2_000
const DEFAULT_WRITE_MS = 10_000
const CONNECT_MS = 500
/** Below the 10 s after which older servers close an idle connection. */
const KEEP_ALIVE_MS = 5_000
const MAX_CONNECTIONS = 8
const MAX_BODY_BYTES = 4 * 1024 * 1024
const PAGE_ITEMS = 1_000

export class MediamtxClient {
  readonly #origin: string
  readonly #writeMs: number
  readonly #headers: Readonly<Record<string, string>>
  readonly #writeHeaders: Readonly<Record<string, string>>
  readonly #meter: MediaMeter
  #pool: Promise<Pool> | undefined
  #trusted = false

  constructor(options: ClientOptions) {
    this.#origin = options.origin
    this.#writeMs = options.writeMs ?? DEFAULT_WRITE_MS
    this.#meter = options.meter ?? new MediaMeter()
    const pair = options.credentials
    const basic = pair && Buffer.from(`${pair.user}:${pair.password}`).toString('base64')
    this.#headers = basic === undefined ? {} : { authorization: `Basic ${basic}` }
    this.#writeHeaders = { ...this.#headers, 'content-type': 'application/json' }
  }

  /** `undefined` from servers before 1.15.2, which have no such call. */
  async info(): Promise<ServerInfo | undefined> {
    try {
      return parseInfo(await this.#read('info'))
    } catch (thrown) {
      if (thrown instanceof MediamtxError && thrown.kind === 'disabled') return undefined
      throw thrown
    }
  }

  async ports(): Promise<ServerPorts> {
    return parsePorts(await this.#read('config/global/get'))
  }

  /** Effective configurations, defaults merged in. */
  listPathConfigs(): Promise<PathConfig[]> {
    return this.#list('config/paths/list', parsePathConfigs)
  }

  listPaths(): Promise<RuntimePath[]> {
    return this.#list('paths/list', parsePaths)
  }

  /** Creates or overwrites; the effect may come a moment after the reply. */
  async replacePath(name: string, body: Readonly<Record<string, unknown>>): Promise<void> {
    const rest = `/${encodeURIComponent(name)}`
    await this.#call('POST', 'config/paths/replace', rest, this.#writeMs, JSON.stringify(body))
  }

  /** A path that does not exist counts as deleted. */
  async deletePath(name: string): Promise<void> {
    try {
      await this.#call('DELETE', 'config/paths/delete', `/${encodeURIComponent(name)}`, this.#writeMs)
    } catch (thrown) {
      if (!(thrown instanceof MediamtxError && thrown.kind === 'missing')) throw thrown
    }
  }

  /** Cuts all connections; calls under way fail as unreachable. */
  async close(): Promise<void> {
    await (await this.#pool)?.destroy()
  }

  async #list<Item>(endpoint: Endpoint, parse: (reply: unknown) => Page<Item>): Promise<Item[]> {
    const items: Item[] = []
    for (let page = 0; ; page++) {
      const part = parse(await this.#read(endpoint, `?itemsPerPage=${PAGE_ITEMS}&page=${page}`))
      items.push(...part.items)
      if (page + 1 >= part.pageCount) return items
    }
  }

  #read(endpoint: Endpoint, query = ''): Promise<unknown> {
    return this.#call('GET', endpoint, query, READ_MS)
  }

  /** `rest`: what follows the endpoint in the address. */
  async #call(
    method: Dispatcher.HttpMethod,
    endpoint: Endpoint,
    rest: string,
    deadlineMs: number,
    body?: string,
  ): Promise<unknown> {
    const begunMs = performance.now()
    let failure: MediamtxFailure | undefined
    try {
      return await this.#twice(method, `${endpoint}${rest}`, deadlineMs, body)
    } catch (thrown) {
      if (thrown instanceof MediamtxError) failure = thrown.kind
      throw thrown
    } finally {
      this.#meter.called(endpoint, performance.now() - begunMs, failure)
    }
  }

  /** The server may close an idle connection just as we use it: every verb here may be sent twice. */
  async #twice(method: Dispatcher.HttpMethod, path: string, deadlineMs: number, body?: string): Promise<unknown> {
    const deadline = new Deadline(this.#trusted ? deadlineMs : Math.max(deadlineMs, FIRST_CONTACT_MS))
    try {
      return await this.#attempt(method, path, deadline, body)
    } catch (thrown) {
      if (!isClosedSocket(thrown) || deadline.over) throw toMediamtxError(thrown, deadline)
      return await this.#attempt(method, path, deadline, body).catch((again: unknown) => {
        throw toMediamtxError(again, deadline)
      })
    } finally {
      deadline.cancel()
    }
  }

  async #attempt(method: Dispatcher.HttpMethod, path: string, signal: Deadline, body?: string): Promise<unknown> {
    this.#pool ??= openPool(this.#origin)
    const pool = await this.#pool
    const headers = body === undefined ? this.#headers : this.#writeHeaders
    const reply = await pool.request({ method, path: `/v3/${path}`, signal, headers, ...(body === undefined ? {} : { body }) })
    const raw = await reply.body.text()
    this.#trusted = reply.statusCode !== 401
    return interpret(reply.statusCode, reply.headers['content-type'], raw, method)
  }
}

/** Aborts a call at its end. What undici takes for a signal besides the standard one, at a tenth of its price. */
class Deadline extends EventEmitter {
  over = false
  readonly cancel: () => void

  constructor(delayMs: number) {
    super()
    this.cancel = deadlineAfter(systemClock, delayMs, () => {
      this.over = true
      this.emit('abort')
    })
  }
}

/** Loaded at first use: a service without MediaMTX never pays for the HTTP client. */
async function openPool(origin: string): Promise<Pool> {
  const { Pool } = await import('undici')
  return new Pool(origin, {
    connections: MAX_CONNECTIONS,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    connect: { timeout: CONNECT_MS },
    // The signal of each call is the only deadline.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: MAX_BODY_BYTES,
  })
}

function interpret(status: number, type: unknown, raw: string, method: Dispatcher.HttpMethod): unknown {
  const reply = parseJson(raw)
  if (status === 200) {
    if (method === 'GET' && !String(type).startsWith('application/json')) throw new MediamtxError('torn', `reply is ${type}`)
    // Writes of servers before 1.15.5 answer with an empty body.
    if (reply === undefined && method === 'GET') throw new MediamtxError('torn', 'reply is not JSON')
    return reply
  }
  const text = parseErrorText(reply)
  if (status === 401) throw new MediamtxError('unauthorized', 'the API refuses our credentials')
  if (status === 404) throw new MediamtxError(text === undefined ? 'disabled' : 'missing', text ?? 'no such route in this server')
  if (status >= 500) throw new MediamtxError('broken', text ?? `status ${status}`)
  if (status === 400) throw new MediamtxError('rejected', text ?? 'status 400')
  throw new MediamtxError('torn', `status ${status}`)
}

function parseJson(raw: string): unknown {
  try {
    return JSON.parse(raw)
  } catch {
    return undefined
  }
}

function errorCode(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
}

function isClosedSocket(thrown: unknown): boolean {
  return ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(errorCode(thrown))
}

function toMediamtxError(thrown: unknown, deadline: Deadline): MediamtxError {
  if (thrown instanceof MediamtxError) return thrown
  if (deadline.over) return new MediamtxError('timeout', 'no reply in time', thrown)
  const code = errorCode(thrown)
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') {
    return new MediamtxError('torn', `reply above ${MAX_BODY_BYTES} bytes`, thrown)
  }
  const unreadable = thrown instanceof Error && thrown.name === 'HTTPParserError'
  if (unreadable || code.startsWith('UND_ERR_RES')) return new MediamtxError('torn', 'reply is not HTTP', thrown)
  return new MediamtxError('unreachable', code === '' ? errorText(thrown) : `${code.toLowerCase()}`, thrown)
}
