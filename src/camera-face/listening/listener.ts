/** A listening socket with Node's HTTP parser behind it: deadlines, connection counts, and what the parser refuses. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import { isLoopbackAddress } from '../../auth/index.js'
import type { DescriptorGuard } from '../../base/descriptor-guard.js'
import { FAULTS, type HttpFault } from '../errors.js'
import type { FaceFaults } from '../faults.js'
import type { CameraFaceSettings } from '../settings.js'
import { listenError } from './listen-error.js'
import { Pipelining } from './pipelining.js'
import { parserFault } from './request-limits.js'

export interface ListenerOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly settings: CameraFaceSettings
  readonly faults: FaceFaults
  /** Hears of each connection that comes (1) or goes (-1), and says when there is no room for more. */
  readonly descriptors: Pick<DescriptorGuard, 'socket' | 'isFull'>
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void
}

/** Time after the last answer of a connection in which its client may ask again. */
const KEEP_ALIVE_MS = 5_000
const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Payload Too Large',
  414: 'URI Too Long',
  431: 'Request Header Fields Too Large',
  503: 'Service Unavailable',
}

export class Listener {
  readonly #options: ListenerOptions
  readonly #server: Server
  #open = 0
  readonly #byAddress = new Map<string, number>()

  constructor(options: ListenerOptions) {
    this.#options = options
    const { settings, faults } = options
    this.#server = createServer({
      maxHeaderSize: settings.maxHeaderBytes,
      headersTimeout: settings.headerMs,
      // Both together: the parser cuts off what the deadline of the body did not.
      requestTimeout: settings.headerMs + settings.bodyMs,
      connectionsCheckingInterval: settings.sweepMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // Answered by us, since the refusal has a body.
      requireHostHeader: false,
      noDelay: true,
    })
    // The table of limits counts them; the library would silently leave out the rest.
    this.#server.maxHeadersCount = 0
    // A client that has said all it will say still wants its answer.
    Reflect.set(this.#server, 'httpAllowHalfOpen', true)
    // A reader that takes nothing would keep its answer in our memory for ever.
    this.#server.timeout = settings.idleMs
    this.#server.maxConnections = settings.maxConnections
    const pipelining = new Pipelining(settings.maxPipelined)
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
      if (pipelining.admit(request, response)) options.onRequest(request, response)
      else faults.count('connection', 'PIPELINE_LIMIT', `more than ${settings.maxPipelined} requests waited on one connection`)
    }
    this.#server.on('request', onRequest)
    // Refused with the others; the library would do it without a body.
    this.#server.on('checkExpectation', onRequest)
    this.#server.on('drop', () => {
      faults.count('connection', 'CONNECTION_LIMIT', `more than ${settings.maxConnections} connections`)
    })
    this.#server.on('connection', (socket) => this.#connected(socket))
    this.#server.on('clientError', (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket) => {
      this.#refuse(socket as Socket, parserFault(error.code ?? '', error.rawPacket, settings))
    })
  }

  /** 0 while it does not listen. */
  get port(): number {
    const address = this.#server.address()
    return isAddressInfo(address) ? address.port : 0
  }

  get host(): string {
    return this.#options.host
  }

  /** Alone on its address. Rejects with one line that names it, who holds it, and what to do. */
  listen(): Promise<void> {
    const { host, port } = this.#options
    return new Promise((resolve, reject) => {
      const failed = (thrown: NodeJS.ErrnoException): void => {
        listenError(host, port, thrown).then(reject, reject)
      }
      this.#server.once('error', failed)
      this.#server.listen({ host, port, exclusive: true }, () => {
        this.#server.off('error', failed)
        // An accept that fails is tried again below and never told; whatever else may come must not end the service.
        this.#server.on('error', () => undefined)
        resolve()
      })
    })
  }

  /** Accepts nothing from now on; what is under way goes on. Resolves when the address is free. */
  async stopAccepting(): Promise<void> {
    if (!this.#server.listening) return
    // HTTP's own close would cut streams of events, which look idle to it, and stop looking at deadlines.
    NetServer.prototype.close.call(this.#server)
    // The descriptor of the listening socket is closed in the next turn of the loop.
    await new Promise((resolve) => setImmediate(resolve))
  }

  /** Whether connections are still open here. */
  get isBusy(): boolean {
    return this.#open > 0
  }

  /** Cuts what is left. */
  cut(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #connected(socket: Socket): void {
    const { descriptors, faults } = this.#options
    this.#open += 1
    descriptors.socket(1)
    socket.once('close', () => {
      this.#open -= 1
      descriptors.socket(-1)
    })
    if (descriptors.isFull) {
      faults.count('connection', 'DESCRIPTOR_LIMIT', 'the last file descriptors are kept for cameras and files')
      answerBelow(socket, FAULTS.descriptorsLow())
      return
    }
    const address = socket.remoteAddress ?? ''
    if (isLoopbackAddress(address)) return
    const open = this.#byAddress.get(address) ?? 0
    if (open >= this.#options.settings.maxConnectionsPerAddress) {
      const limit = this.#options.settings.maxConnectionsPerAddress
      faults.count('connection', 'ADDRESS_LIMIT', `more than ${limit} connections of ${address}`)
      answerBelow(socket, FAULTS.tooManyRequests())
      return
    }
    this.#byAddress.set(address, open + 1)
    socket.once('close', () => {
      const left = (this.#byAddress.get(address) ?? 1) - 1
      if (left > 0) this.#byAddress.set(address, left)
      else this.#byAddress.delete(address)
    })
  }

  #refuse(socket: Socket, fault: HttpFault): void {
    // A connection that is gone was left by its client, not refused.
    if (socket.writable) this.#options.faults.refused(fault.code, fault.message)
    answerBelow(socket, fault)
  }
}

/** Answers below HTTP's machinery and closes. */
function answerBelow(socket: Socket, fault: HttpFault): void {
  if (!socket.writable || hasAnswerUnderWay(socket)) {
    socket.destroy()
    return
  }
  const body = fault.json
  const headers = {
    ...fault.headers,
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${fault.status} ${REASONS[fault.status] ?? 'Error'}\r\n${lines.join('')}\r\n${body}`, () =>
    socket.destroy(),
  )
}

/** A second status line in the middle of an answer would be taken for a part of it. */
function hasAnswerUnderWay(socket: Socket): boolean {
  const message: unknown = Reflect.get(socket, '_httpMessage')
  return typeof message === 'object' && message !== null && Reflect.get(message, 'headersSent') === true
}

function isAddressInfo(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}
