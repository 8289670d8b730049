/** A small JSON-RPC client over `ws` for tests: calls, notifications, and the raw frames when a test wants them. */

import { once } from 'node:events'
import { pack, unpack } from 'msgpackr'
import { WebSocket } from 'ws'
import type { RunningService } from './service.js'

const WAIT_MS = 30_000

/** A message as it came, decoded. */
export interface Incoming {
  readonly jsonrpc: string
  readonly id?: string | number | bigint | null
  readonly result?: unknown
  readonly error?: RpcFailure
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
}

export interface RpcFailure {
  readonly code: number
  readonly message: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface ClientOptions {
  readonly codec?: 'json' | 'msgpack'
  readonly origin?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Closed {
  readonly code: number
  readonly reason: string
}

/** What a failed call rejects with. */
export class RpcError extends Error {
  readonly code: number
  readonly data: Readonly<Record<string, unknown>>

  constructor(failure: RpcFailure) {
    super(failure.message)
    this.code = failure.code
    this.data = failure.data
  }
}

interface Waiter {
  readonly accepts: (message: Incoming) => boolean
  readonly resolve: (message: Incoming) => void
}

export class RpcClient {
  readonly socket: WebSocket
  /** Everything received, in order. */
  readonly messages: Incoming[] = []
  /** Text of the frames received; empty for binary ones. */
  readonly texts: string[] = []
  readonly closed: Promise<Closed>
  readonly #codec: 'json' | 'msgpack'
  readonly #waiters = new Set<Waiter>()
  #end: Closed | undefined
  #lastId = 0

  private constructor(socket: WebSocket, codec: 'json' | 'msgpack') {
    this.socket = socket
    this.#codec = codec
    this.closed = new Promise((resolve) => {
      socket.once('close', (code: number, reason: Buffer) => {
        this.#end = { code, reason: reason.toString() }
        resolve(this.#end)
      })
    })
    // A cut connection is told by `closed`; the error event beside it says nothing more.
    socket.on('error', () => undefined)
    socket.on('message', (data: Buffer, binary: boolean) => this.#receive(data, binary))
  }

  /** Connects to `ws://…/ws`. Rejects with the server's answer when it is not an upgrade. */
  static async connect(url: string, options: ClientOptions = {}): Promise<RpcClient> {
    const codec = options.codec ?? 'json'
    const { origin, headers } = options
    const socket = new WebSocket(url, codec === 'msgpack' ? ['msgpack'] : [], {
      perMessageDeflate: false,
      handshakeTimeout: WAIT_MS,
      ...(origin === undefined ? {} : { origin }),
      ...(headers === undefined ? {} : { headers }),
    })
    const client = new RpcClient(socket, codec)
    await once(socket, 'open')
    return client
  }

  /** The result; rejects with RpcError. */
  async call<Result = unknown>(method: string, params: object = {}): Promise<Result> {
    const { error, result } = await this.request({ method, params })
    if (error !== undefined) throw new RpcError(error)
    return result as Result
  }

  /** Sends an envelope with a fresh id, members overridden as given, and waits for the message with that id. */
  async request(members: Readonly<Record<string, unknown>>): Promise<Incoming> {
    this.#lastId += 1
    const envelope = { jsonrpc: '2.0', id: this.#lastId, ...members }
    const reply = this.next((message) => message.id === envelope.id)
    this.send(envelope)
    return reply
  }

  /** The failure a call is answered with. Rejects when it succeeds. */
  async failure(method: string, params: object = {}): Promise<RpcFailure> {
    const { error, result } = await this.request({ method, params })
    if (error === undefined) throw new Error(`${method} succeeded: ${JSON.stringify(result)}`)
    return error
  }

  login(token: string): Promise<unknown> {
    return this.call('authenticate', { auth_token: token })
  }

  send(message: unknown): void {
    if (this.#codec === 'msgpack') this.socket.send(pack(message), { binary: true })
    else this.socket.send(JSON.stringify(message))
  }

  /** The next message that `accepts` takes, of those that come from now on. */
  next(accepts: (message: Incoming) => boolean = () => true): Promise<Incoming> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter)
        const end = this.#end === undefined ? '' : `, and closed with ${this.#end.code} ${this.#end.reason}`
        reject(
          new Error(`no such message within ${WAIT_MS} ms${end}; received: ${this.texts.slice(-5).join(' ').slice(0, 2_000)}`),
        )
      }, WAIT_MS)
      const waiter: Waiter = {
        accepts,
        resolve: (message) => {
          clearTimeout(timer)
          resolve(message)
        },
      }
      this.#waiters.add(waiter)
    })
  }

  /** The next notification called `name`; its params. */
  async notification(name: string): Promise<Readonly<Record<string, unknown>>> {
    const message = await this.next((candidate) => candidate.method === name)
    return message.params ?? {}
  }

  async close(): Promise<void> {
    this.socket.close()
    const timer = setTimeout(() => this.socket.terminate(), 1_000)
    await this.closed
    clearTimeout(timer)
  }

  #receive(data: Buffer, binary: boolean): void {
    const text = binary ? '' : data.toString()
    const message = (binary ? unpack(data) : JSON.parse(text)) as Incoming
    this.texts.push(text)
    this.messages.push(message)
    for (const waiter of this.#waiters) {
      if (!waiter.accepts(message)) continue
      this.#waiters.delete(waiter)
      waiter.resolve(message)
    }
  }
}

/** A session at a running service. */
export async function loggedIn(service: RunningService, role: 'viewer' | 'operator' | 'admin' = 'admin'): Promise<RpcClient> {
  const client = await RpcClient.connect(service.url)
  await client.login(service.token(role))
  return client
}
