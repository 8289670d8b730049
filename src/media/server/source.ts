/** Gets us a MediaMTX to talk to: one that answers at the configured address, else a child of our own. */

import { createConnection } from 'node:net'
import { backoffMs } from '../../base/backoff.js'
import type { Clock } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import { type Credentials, MediamtxClient } from '../api/client.js'
import type { MediaMeter } from '../meter.js'
import type { PathBody } from '../paths/body.js'
import type { ServerPlaces, ServerSecrets } from './config.js'
import { ManagedServer } from './managed.js'

export interface ServerSourceOptions {
  readonly mode: 'auto' | 'external' | 'managed'
  readonly host: string
  readonly apiPort: number
  readonly credentials: Credentials | undefined
  /** Deadline of a write to the control API. */
  readonly writeMs: number
  readonly meter: MediaMeter
  readonly findBinary: () => string | undefined
  readonly directory: string
  readonly places: () => Promise<ServerPlaces>
  readonly secrets: ServerSecrets
  readonly paths: () => ReadonlyMap<string, PathBody>
  readonly environment: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly logger: Logger
  /** The child ended without being asked. */
  readonly onExit: (reason: string) => void
}

/** A server that may answer. `configured`: its absence is a fault, not merely an absence. */
export interface FoundServer {
  readonly client: MediamtxClient
  readonly managed: boolean
}

export interface NoServer {
  readonly detail: string
  readonly configured: boolean
}

const CONNECT_MS = 500
const RESTART_BACKOFF = { firstMs: 100, maxMs: 30_000, jitter: 1 }
/** A child that was well this long starts with the shortest pause again. */
const HEALTHY_MS = 60_000
const ADOPTED_GRACE_MS = 30_000

export class ServerSource {
  readonly #options: ServerSourceOptions
  #child: ManagedServer | undefined
  #adopted: MediamtxClient | undefined
  #goneMs: number | undefined
  #startedMs = 0
  #failures = 0
  #notBeforeMs = 0
  /** Why the child ended last. */
  #endReason = ''

  constructor(options: ServerSourceOptions) {
    this.#options = options
  }

  get childPid(): number | undefined {
    return this.#child?.running === true ? this.#child.pid : undefined
  }

  /** Milliseconds until looking again makes sense, 0 when now. */
  get pauseMs(): number {
    return Math.max(0, this.#notBeforeMs - this.#options.clock.nowMs())
  }

  async find(signal: AbortSignal): Promise<FoundServer | NoServer> {
    const { mode } = this.#options
    if (this.#child?.running === true) return { client: this.#child.client, managed: true }
    if (mode !== 'managed' && (await this.#answers())) return { client: this.#adopt(), managed: false }
    signal.throwIfAborted()
    if (mode === 'external') return { detail: `nothing answers at ${this.#address()}`, configured: true }
    if (this.#isGrace()) return { detail: `the MediaMTX at ${this.#address()} is away`, configured: true }
    const binary = this.#options.findBinary()
    if (binary === undefined) {
      const detail = 'no MediaMTX answers and no program is found (camera-service mediamtx install gets one)'
      return { detail, configured: mode === 'managed' }
    }
    if (this.pauseMs > 0) return { detail: `MediaMTX is being restarted, it ended: ${this.#endReason}`, configured: true }
    return await this.#startChild(binary, signal)
  }

  /** The server found last hangs or talks nonsense. A child is killed and comes back, an adopted one is left alone. */
  giveUp(): void {
    this.#child?.kill()
  }

  async stop(): Promise<void> {
    await this.#child?.stop()
    await this.#adopted?.close()
    this.#child = undefined
    this.#adopted = undefined
  }

  #adopt(): MediamtxClient {
    this.#goneMs = undefined
    this.#adopted ??= new MediamtxClient({
      origin: `http://${this.#address()}`,
      credentials: this.#options.credentials,
      writeMs: this.#options.writeMs,
      meter: this.#options.meter,
    })
    return this.#adopted
  }

  /** Whoever ran the server that we had adopted gets time to start it again: ours would take its ports. */
  #isGrace(): boolean {
    if (this.#adopted === undefined) return false
    this.#goneMs ??= this.#options.clock.nowMs()
    return this.#options.clock.nowMs() - this.#goneMs < ADOPTED_GRACE_MS
  }

  async #startChild(binary: string, signal: AbortSignal): Promise<FoundServer | NoServer> {
    const { directory, secrets, environment, writeMs, meter, clock, logger } = this.#options
    await this.#child?.client.close()
    const child = new ManagedServer({
      ...{ binary, directory, secrets, environment, writeMs, meter, clock, logger },
      places: await this.#options.places(),
      paths: this.#options.paths(),
      onExit: (reason) => {
        if (this.#child === child) this.#ended(reason)
      },
    })
    this.#child = child
    this.#startedMs = clock.nowMs()
    try {
      await child.start(signal)
      return { client: child.client, managed: true }
    } catch (thrown) {
      if (child.running) child.kill()
      signal.throwIfAborted()
      return { detail: `our MediaMTX: ${thrown instanceof Error ? thrown.message : String(thrown)}`, configured: true }
    }
  }

  #ended(reason: string): void {
    const { clock } = this.#options
    this.#endReason = reason
    if (clock.nowMs() - this.#startedMs >= HEALTHY_MS) this.#failures = 0
    this.#notBeforeMs = clock.nowMs() + backoffMs(this.#failures++, { ...RESTART_BACKOFF, random: Math.random })
    this.#options.onExit(reason)
  }

  #address(): string {
    const { host, apiPort } = this.#options
    return `${host.includes(':') ? `[${host}]` : host}:${apiPort}`
  }

  /** A bare connection: looking for a server that was never there must not cost the HTTP client. */
  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = createConnection({ host: this.#options.host, port: this.#options.apiPort, timeout: CONNECT_MS })
      const settle = (answers: boolean) => {
        socket.destroy()
        resolve(answers)
      }
      socket.once('connect', () => settle(true))
      socket.once('timeout', () => settle(false))
      socket.once('error', () => settle(false))
    })
  }
}
