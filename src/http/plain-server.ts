/** A listener with plain HTTP paths and nothing else: the health face. */

import { type Clock, wait } from '../base/clock.js'
import type { Service } from '../base/lifecycle.js'
import type { Logger } from '../base/logger.js'
import { checkFree, type ListenAddress, listenOn } from './listen.js'
import { mountGroup } from './pages.js'
import { answerNotFound, type RouteGroup, Routes } from './routes.js'
import { type ListenSocket, loadUws, type TemplatedApp } from './uws.js'

export interface PlainServerOptions {
  readonly name: string
  readonly address: ListenAddress
  readonly routes: readonly RouteGroup[]
  readonly clock: Clock
  readonly logger: Logger
}

/** Time for answers under way to leave. */
const GOODBYE_MS = 50

export class PlainServer implements Service {
  readonly name: string
  readonly #options: PlainServerOptions
  readonly #logger: Logger
  #app: TemplatedApp | undefined
  #listening: ListenSocket | undefined
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
    const { address, routes } = this.#options
    await checkFree(address)
    signal.throwIfAborted()
    const uws = loadUws()
    const app = uws.App()
    const paths = new Routes(app)
    for (const group of routes) mountGroup(paths, group, this.#logger)
    paths.any('/*', answerNotFound)
    this.#app = app
    this.#listening = await listenOn(app, address, 'exclusive')
    this.#port = uws.us_socket_local_port(this.#listening)
    this.#logger.info({ host: address.host, port: this.#port }, 'listening')
  }

  async stop(): Promise<void> {
    const app = this.#app
    if (app === undefined) return
    this.#app = undefined
    if (this.#listening !== undefined) loadUws().us_listen_socket_close(this.#listening)
    this.#listening = undefined
    await Promise.all(this.#options.routes.map((group) => group.drain?.()))
    await wait(this.#options.clock, GOODBYE_MS)
    app.close()
  }
}
