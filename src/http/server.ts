/** The RPC face: one uWebSockets.js app with the WebSocket path and the few plain HTTP answers beside it. */

import { hostname } from 'node:os'
import { isLocalPeer } from '../auth/index.js'
import { type Clock, wait } from '../base/clock.js'
import { errorText } from '../base/errors.js'
import { Interned } from '../base/interned.js'
import type { Service } from '../base/lifecycle.js'
import type { Logger } from '../base/logger.js'
import type { SessionSource } from '../rpc/index.js'
import { type Client, type ConnectionFigures, Connections, type SharedPort } from './connections.js'
import { Door } from './door.js'
import { chooseCodec, handshakeFault, hostName, originAllowed, type Refusal } from './handshake.js'
import { checkFree, type ListenAddress, listenOn } from './listen.js'
import { mountGroup } from './pages.js'
import { peerAddress } from './peer.js'
import { RequestHeaders } from './request-headers.js'
import { answerNotFound, endsInDoubt, type RouteGroup, Routes, refuse } from './routes.js'
import { type HttpServerSettings, settingsWith } from './settings.js'
import type { HttpRequest, HttpResponse, ListenSocket, TemplatedApp, UpgradeContext, Uws, WebSocket } from './uws.js'
import { countSockets, loadUws } from './uws.js'
import type { Connection } from './websocket.js'

export interface HttpServerOptions {
  readonly rpc: SessionSource
  readonly clock: Clock
  readonly logger: Logger
  readonly address: ListenAddress
  /** Where it listens too when nobody else does; undefined: nowhere. */
  readonly secondAddress?: ListenAddress | undefined
  /** What differs from `DEFAULT_SETTINGS`. */
  readonly settings?: Partial<HttpServerSettings>
  /** Paths beside the WebSocket's. */
  readonly routes?: readonly RouteGroup[]
  /** For a thread that is not the only one on its port; whoever started it has seen that the port is free. */
  readonly shared?: SharedPort
  /** Stage of load, 0 to 2: see `Connections`. Default: none ever. */
  readonly load?: () => number
  /** Called with the port each time it is listened on. */
  readonly onListening?: (port: number) => void
  /** Called when the web server's library has been loaded, before it is used. */
  readonly onLoaded?: () => void
}

export interface HttpServer extends Service {
  /** The beginning of the end: nobody new is let in. Resolves when nothing is under way any more, or after the deadline. */
  settle(): Promise<void>
  /** The port listened on; 0 before the start. */
  readonly port: number
  readonly connections: number
  /** Held in memory for slow readers, as of the last look, a second ago at most. */
  readonly heldBytes: number
  readonly figures: ConnectionFigures
}

/** What an upgrade hands on to the socket. The library copies it one member at a time, so that one is less to do than four. */
interface Upgraded {
  readonly client: Client
}

/** The library's socket object, with our connection kept on it: a property costs less per frame than its own user data. */
interface ClientSocket extends WebSocket<Upgraded> {
  connection?: Connection
}

const UPGRADES_ONLY: Refusal = { status: '400 Bad Request', text: 'this path takes WebSocket upgrades only' }

const OWN_NAMES = [hostname(), `${hostname()}.local`].filter((name) => name !== '.local' && name !== '')

/** Held for a reader by the library; what we send waits with us. */
const MAX_HELD_BYTES = 4 * 1024 * 1024

const MAX_LINK_HOSTS = 64

/** Kept for everything but clients. */
const RESERVED_DESCRIPTORS = 64

/** Time for close frames to leave before what is left of the sockets is cut. */
const GOODBYE_MS = 100

export function createHttpServer(options: HttpServerOptions): HttpServer {
  return new UwsServer(options)
}

class UwsServer implements HttpServer {
  readonly name = 'http'
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #address: ListenAddress
  readonly #secondAddress: ListenAddress | undefined
  readonly #settings: HttpServerSettings
  readonly #connections: Connections
  readonly #groups: readonly RouteGroup[]
  readonly #isShared: boolean
  readonly #door: Door
  /** What is rendered is kept by the name under which the client reached us, which is compared with each call. */
  readonly #linkHosts = new Interned(MAX_LINK_HOSTS)
  readonly #onLoaded: () => void
  readonly #onListening: (port: number) => void
  #uws: Uws | undefined
  #app: TemplatedApp | undefined
  #port = 0

  constructor(options: HttpServerOptions) {
    this.#clock = options.clock
    this.#logger = options.logger.child({ component: 'http' })
    this.#address = options.address
    this.#secondAddress = options.secondAddress
    this.#settings = settingsWith(options.settings ?? {})
    this.#isShared = options.shared !== undefined
    this.#onLoaded = options.onLoaded ?? (() => undefined)
    this.#onListening = options.onListening ?? (() => undefined)
    this.#connections = new Connections({
      ...{ rpc: options.rpc, clock: options.clock, settings: this.#settings, shared: options.shared },
      load: options.load ?? (() => 0),
    })
    this.#groups = options.routes ?? []
    this.#door = new Door({
      ...{ clock: options.clock, logger: this.#logger, reserved: RESERVED_DESCRIPTORS },
      listen: (add) => this.#listen(add),
    })
  }

  get port(): number {
    return this.#port
  }

  get connections(): number {
    return this.#connections.count
  }

  get heldBytes(): number {
    return this.#connections.heldBytes
  }

  get figures(): ConnectionFigures {
    return this.#connections.figures
  }

  /** Rejects with ListenError when the address cannot be had. */
  async start(signal: AbortSignal): Promise<void> {
    if (!this.#isShared) await checkFree(this.#address)
    signal.throwIfAborted()
    this.#uws = loadUws()
    this.#onLoaded()
    this.#app = this.#routes(this.#uws)
    countSockets(this.#app, (change, response) => {
      this.#door.socket(change)
      if (change > 0 && !this.#connections.accepts(peerAddress(response))) response.close()
    })
    await this.#door.open()
    this.#logger.info({ host: this.#address.host, port: this.#port, path: this.#settings.path }, 'listening')
  }

  async settle(): Promise<void> {
    this.#door.close()
    this.#connections.close()
    await this.#connections.settled()
  }

  async stop(): Promise<void> {
    if (this.#app === undefined || this.#uws === undefined) return
    const app = this.#app
    this.#app = undefined
    this.#door.close()
    const hadClients = this.#connections.count > 0
    await Promise.all([this.#connections.drain(), ...this.#groups.map((group) => group.drain?.())])
    if (hadClients) await wait(this.#clock, GOODBYE_MS)
    app.close()
  }

  /** Rejects with ListenError. */
  async #listen(add: (listening: ListenSocket) => void): Promise<void> {
    const [app, uws] = [this.#app, this.#uws]
    if (app === undefined || uws === undefined) return
    // The port that was found at the start, also where any free one would do.
    const address = this.#port === 0 ? this.#address : { ...this.#address, port: this.#port }
    const listening = await listenOn(app, address, this.#isShared ? 'shared' : 'exclusive')
    add(listening)
    this.#port = uws.us_socket_local_port(listening)
    this.#onListening(this.#port)
    if (this.#secondAddress !== undefined) await this.#listenToo(app, this.#secondAddress, add)
  }

  async #listenToo(app: TemplatedApp, address: ListenAddress, add: (listening: ListenSocket) => void): Promise<void> {
    const { host, port } = address
    try {
      if (!this.#isShared) await checkFree(address)
      add(await listenOn(app, address, this.#isShared ? 'shared' : 'exclusive'))
      this.#logger.info({ host, port }, 'listening')
    } catch (thrown) {
      this.#logger.info({ host, port, reason: errorText(thrown) }, 'not listened on')
    }
  }

  #routes(uws: Uws): TemplatedApp {
    const { path, maxMessageBytes, pongWaitMs } = this.#settings
    const app = uws.App()
    const routes = new Routes(app)
    for (const group of this.#groups) mountGroup(routes, group, this.#logger)
    app.ws<Upgraded>(path, {
      maxPayloadLength: maxMessageBytes,
      idleTimeout: Math.min(960, Math.max(8, Math.round(pongWaitMs / 1000))),
      sendPingsAutomatically: false,
      // For the pongs that the library sends by itself: ours stay far below it, and one that it drops closes the connection.
      maxBackpressure: MAX_HELD_BYTES,
      compression: uws.DISABLED,
      upgrade: (response, request, context) => this.#upgrade(response, request, context),
      open: (ws: ClientSocket) => {
        ws.connection = this.#connections.open(ws, ws.getUserData().client)
      },
      ping: (ws: ClientSocket) => ws.connection?.wasPinged(),
      message: (ws: ClientSocket, bytes, binary) => ws.connection?.receive(bytes, binary),
      // Not within the event: of a frame from 16 KiB on that is sent there and taken in part, the library forgets to wait for room for the rest.
      drain: ({ connection }: ClientSocket) => setImmediate(() => connection?.drained(this.#clock.nowMs())),
      close: (ws: ClientSocket) => {
        this.#door.socket(-1)
        if (ws.connection !== undefined) this.#connections.closed(ws.connection)
      },
    })
    routes.any(path, (response) => refuse(response, UPGRADES_ONLY))
    routes.any('/*', answerNotFound)
    return app
  }

  #upgrade(response: HttpResponse, request: HttpRequest, context: UpgradeContext): void {
    const headers = RequestHeaders.of(request)
    if (endsInDoubt(headers)) {
      response.close()
      return
    }
    const address = peerAddress(response)
    const refusal = handshakeFault(headers) ?? this.#originRefusal(headers) ?? this.#connections.admit(address)
    if (refusal !== undefined) {
      refuse(response, refusal)
      return
    }
    const codec = chooseCodec(headers.get('sec-websocket-protocol'))
    const linkHost = this.#linkHosts.of(this.#settings.publicHost ?? hostName(headers.get('host')) ?? hostname())
    const client: Client = { address, linkHost, local: isLocalPeer(address, headers.names), codec }
    response.upgrade({ client }, headers.get('sec-websocket-key'), codec === 'msgpack' ? 'msgpack' : '', '', context)
  }

  #originRefusal(headers: RequestHeaders): Refusal | undefined {
    if (headers.count('origin') === 0) return undefined
    const { allowedOrigins: allowed, publicHost } = this.#settings
    const ownNames = [...OWN_NAMES, ...(publicHost === undefined ? [] : [publicHost])]
    return originAllowed(headers, { allowed, ownNames }) ? undefined : { status: '403 Forbidden', text: 'Origin not allowed' }
  }
}
