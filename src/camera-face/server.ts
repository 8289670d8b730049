/** The camera face as a service: builds the table of routes, listens, moves to another address, stops. */

import type { Tickets, Verifier } from '../auth/index.js'
import type { Audit } from '../base/audit-log.js'
import { type Clock, wait } from '../base/clock.js'
import { DescriptorGuard } from '../base/descriptor-guard.js'
import { errorText } from '../base/errors.js'
import type { Service } from '../base/lifecycle.js'
import type { Logger } from '../base/logger.js'
import { AccessControl } from './access/access.js'
import { FaceFaults } from './faults.js'
import { DescriptorWatch } from './listening/descriptor-watch.js'
import { type Address, Listeners, type Move } from './listening/listeners.js'
import type { FacePorts } from './ports.js'
import { Answerer } from './request/answerer.js'
import { Exchanges } from './request/exchange.js'
import { Router } from './request/router.js'
import { routeTable } from './routes/table.js'
import { type CameraFaceSettings, DEFAULT_SETTINGS } from './settings.js'
import { EventStreams } from './status/event-streams.js'
import { Viewers } from './viewers.js'

export interface CameraFaceOptions {
  readonly ports: FacePorts
  readonly credentials: Verifier
  readonly tickets: Tickets
  /** Hears of each change that a client asks for. Default: nobody does. */
  readonly audit?: Audit
  readonly clock: Clock
  readonly logger: Logger
  readonly address: Address
  /** What differs from `DEFAULT_SETTINGS`. */
  readonly settings?: Partial<CameraFaceSettings>
  readonly version: string
  readonly pid: number
}

export interface CameraFace extends Service {
  /** The port listened on; 0 before the start. */
  readonly port: number
  /** Listens on another address too, until that is committed or undone; streams and requests go on. Rejects, and all is as it was. */
  prepareMove(address: Address): Promise<Move>
}

/** Kept for everything but clients. */
const RESERVED_DESCRIPTORS = 64
/** Time for the last answers to leave at stop. */
const GOODBYE_MS = 250

export function createCameraFace(options: CameraFaceOptions): CameraFace {
  return new HttpFace(options)
}

class HttpFace implements CameraFace {
  readonly name = 'camera-face'
  readonly #options: CameraFaceOptions
  readonly #settings: CameraFaceSettings
  readonly #logger: Logger
  readonly #viewers: Viewers
  readonly #events: EventStreams
  readonly #exchanges: Exchanges
  readonly #listeners: Listeners
  readonly #descriptors: DescriptorWatch
  readonly #guard: DescriptorGuard
  #stopped = false

  constructor(options: CameraFaceOptions) {
    this.#options = options
    const { ports, clock } = options
    const settings = { ...DEFAULT_SETTINGS, ...options.settings }
    this.#settings = settings
    this.#logger = options.logger.child({ component: 'camera-face' })
    const faults = new FaceFaults(clock, ports.faults)
    this.#descriptors = new DescriptorWatch({ clock, logger: this.#logger, faults })
    this.#viewers = new Viewers({ port: ports.viewers, faults, settings, clock, logger: this.#logger })
    const { heartbeatMs, maxEventStreams: maxStreams } = settings
    this.#events = new EventStreams({ ports, faults, clock, heartbeatMs, maxStreams })
    const { tickets, pid, version } = options
    const routes = routeTable({
      ...{ ports, tickets, clock, settings, pid, version, faults, viewers: this.#viewers, events: this.#events },
      startedMs: clock.nowMs(),
      onLateFailure: (device, thrown) => this.#logger.error({ device, error: errorText(thrown) }, 'a restart failed'),
    })
    const answerer = new Answerer({
      router: new Router(routes),
      rules: () => ports.config.rules,
      access: new AccessControl({ auth: settings.auth, credentials: options.credentials, tickets, clock }),
      defaultCamera: () => ports.cameras.defaultId,
      ...{ settings, clock, audit: options.audit ?? (() => undefined) },
    })
    this.#exchanges = new Exchanges({ answerer, faults, clock, logger: this.#logger })
    this.#guard = new DescriptorGuard({ clock, reserved: RESERVED_DESCRIPTORS, onChange: (isFull) => this.#full(isFull) })
    this.#listeners = new Listeners(
      { settings, faults, descriptors: this.#guard, onRequest: (request, response) => this.#exchanges.handle(request, response) },
      this.#logger,
    )
  }

  get port(): number {
    return this.#listeners.port
  }

  async start(signal: AbortSignal): Promise<void> {
    if (this.#settings.auth === 'none') {
      this.#logger.warn({}, 'faces.camera.auth is none: everybody who reaches the port sees and controls the cameras')
    }
    await this.#listeners.open(this.#options.address).catch((thrown: unknown) => {
      this.#logger.error({ ...this.#options.address }, errorText(thrown))
      throw thrown
    })
    this.#descriptors.start()
    // Until it knows the limit there is none.
    this.#guard
      .start()
      .catch((thrown: unknown) => this.#logger.warn({ error: errorText(thrown) }, 'the limit of file descriptors is not known'))
    if (signal.aborted) await this.stop()
    signal.throwIfAborted()
  }

  #full(isFull: boolean): void {
    if (isFull) this.#logger.error({}, 'file descriptors run out: nobody new is let in (raise the limit: LimitNOFILE, ulimit -n)')
    else this.#logger.info({}, 'there are file descriptors for new connections again')
  }

  prepareMove(address: Address): Promise<Move> {
    return this.#listeners.prepare(address)
  }

  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    this.#descriptors.stop()
    this.#guard.stop()
    await this.#listeners.close()
    this.#events.close()
    await this.#viewers.close(GOODBYE_MS)
    if (this.#listeners.isBusy) await wait(this.#options.clock, GOODBYE_MS)
    this.#listeners.cut()
  }
}
