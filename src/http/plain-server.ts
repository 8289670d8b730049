/** A listener with plain HTTP paths and nothing else: the health face. */

import { type Clock, wait } from '../base/clock.js'
import type { Service } from '../base/lifecycle.js'
import type { Logger } from '../base/logger.js'
import { Door } from './door.js'
import { checkFree, type ListenAddress, listenOn } from './listen.js'
import { mountGroup } from './pages.js'
import { answerNotFound, type RouteGroup, Routes } from './routes.js'
import { countSockets, loadUws, type TemplatedApp } from './uws.js'

export interface PlainServerOptions {
  readonly name: string
  readonly address: ListenAddress
  readonly routes: readonly RouteGroup[]
  readonly clock: Clock
  readonly logger: Logger
}

/** Fewer than the RPC face keeps: while that lets nobody in, whoever watches the service still hears of it. */
const RESERVED_DESCRIPTORS = 32
/** Time for answers under way to leave. */
const GOODBYE_MS = 50

export class PlainServer implements Service {
  readonly name: string
  readonly #options: PlainServerOptions
  readonly #logger: Logger
  #app: TemplatedApp | undefined
  #door: Door | undefined
  #port = 0

  constructor(options: PlainServerOptions) {
    this.name = options.name
    this.#options = options
    this.#logger = options.logger.child({ component: options.name })
  }

  /** The port listened on; 0 before the start. */
  get port(): number {
    return this.#port
  }

  /** Rejects with ListenError when the address cannot be had. */
  async start(signal: AbortSignal): Promise<void> {
    const { address, routes, clock } = this.#options
    await checkFree(address)
    signal.throwIfAborted()
    const uws = loadUws()
    const app = uws.App()
    const paths = new Routes(app)
    for (const group of routes) mountGroup(paths, group, this.#logger)
    paths.any('/*', answerNotFound)
    this.#app = app
    const door = new Door({
      ...{ clock, logger: this.#logger, reserved: RESERVED_DESCRIPTORS },
      listen: async (add) => {
        // The port that was found at the start, also where any free one would do.
        const listening = await listenOn(app, this.#port === 0 ? address : { ...address, port: this.#port }, 'exclusive')
        add(listening)
        this.#port = uws.us_socket_local_port(listening)
      },
    })
    this.#door = door
    countSockets(app, (change) => door.socket(change))
    await door.open()
    this.#logger.info({ host: address.host, port: this.#port }, 'listening')
  }

  async stop(): Promise<void> {
    const app = this.#app
    if (app === undefined) return
    this.#app = undefined
    this.#door?.close()
    await Promise.all(this.#options.routes.map((group) => group.drain?.()))
    await wait(this.#options.clock, GOODBYE_MS)
    app.close()
  }
}
