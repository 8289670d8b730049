/** Our tie to MediaMTX: finds a server, keeps it equal to what we desire, looks at its runtime list, notices its end. */

import type { Clock } from '../../base/clock.js'
import { errorText } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import { Pauser } from '../../base/pauser.js'
import type { MediamtxClient } from '../api/client.js'
import { MediamtxError, mediamtxUnavailable } from '../api/failures.js'
import type { RuntimePath, ServerInfo, ServerPorts } from '../api/wire.js'
import type { PathKeeper } from '../paths/keeper.js'
import type { ServerSource } from './source.js'

/** `searching`: there never was one, and none was asked for by name. `down`: there was, or should be. */
export type LinkState = 'off' | 'searching' | 'up' | 'down'

export interface ServerLinkOptions {
  readonly source: Pick<ServerSource, 'find' | 'giveUp' | 'pauseMs' | 'stop'>
  readonly keeper: PathKeeper
  /** Called with each new server process before its first comparison: decides what is desired of it. */
  readonly onServer: (client: MediamtxClient, managed: boolean) => Promise<void>
  readonly onState: () => void
  readonly onPaths: () => void
  readonly clock: Clock
  readonly logger: Logger
}

/** The runtime list doubles as the sign of life: a hung path manager still answers `info`. */
const LOOK_INTERVAL_MS = 500
/** So old may be the list that clients are told: however many ask, MediaMTX is asked ten times a second. */
const RECENT_MS = 100
const SEARCH_INTERVAL_MS = 2_000
const DOWN_INTERVAL_MS = 100
/** Each refused login is a line in the other's log. */
const REFUSED_INTERVAL_MS = 5_000
/** Timeouts in a row after which a child of ours is killed. */
const HANGS_BEFORE_KILL = 3

interface Server {
  readonly client: MediamtxClient
  readonly managed: boolean
  readonly info: ServerInfo | undefined
  readonly ports: ServerPorts
}

export class ServerLink {
  readonly #options: ServerLinkOptions
  readonly #abort = new AbortController()
  #state: LinkState = 'searching'
  #detail = 'starting'
  #server: Server | undefined
  #paths: ReadonlyMap<string, RuntimePath> = new Map()
  #loop: Promise<void> | undefined
  #looking: Promise<void> | undefined
  /** When the last look began, if nothing has been written since. */
  #lookedMs = Number.NEGATIVE_INFINITY
  readonly #pauser: Pauser
  #turnedMs: number
  /** What tells the latest server process from others. */
  #met: string | undefined
  #hangs = 0
  /** Our credentials were, last time. */
  #refused = false

  constructor(options: ServerLinkOptions) {
    this.#options = options
    this.#pauser = new Pauser(options.clock)
    this.#turnedMs = options.clock.nowMs()
  }

  get state(): LinkState {
    return this.#state
  }

  /** Time since the loop came round. */
  get sinceTurnMs(): number {
    return this.#loop === undefined ? 0 : this.#options.clock.nowMs() - this.#turnedMs
  }

  /** For people; no secret. */
  get detail(): string {
    return this.#detail
  }

  get server(): Server | undefined {
    return this.#server
  }

  /** Runtime list as last seen; empty while there is no server. */
  get paths(): ReadonlyMap<string, RuntimePath> {
    return this.#paths
  }

  start(): void {
    this.#loop ??= this.#run(this.#abort.signal)
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('stopping'))
    this.#pauser.wake()
    // First cuts the calls under way, so that nothing is waited for; then whatever the loop still brought up.
    await this.#options.source.stop()
    await this.#loop
    await this.#options.source.stop()
    this.#server = undefined
    this.#options.keeper.lost('the service stops')
  }

  /** The desired set changed: compare now. */
  compareSoon(): void {
    this.#options.keeper.compareSoon()
    this.#pauser.wake()
  }

  /** See PathKeeper; at once when there is no server. */
  settled(name: string): Promise<void> {
    if (this.#server === undefined) return Promise.reject(mediamtxUnavailable(this.#detail))
    const settled = this.#options.keeper.settled(name)
    this.#pauser.wake()
    return settled
  }

  /** Our child ended; do not wait for the next look. */
  serverEnded(reason: string): void {
    if (!this.#abort.signal.aborted) this.#lost(`ended: ${reason}`)
    this.#pauser.wake()
  }

  /** Looks at the runtime list now; callers at the same time share one look. Never throws. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  /** As `look`, but one that began a moment ago will do, unless we have changed something since. */
  lookLately(): Promise<void> {
    const isRecent = this.#looking === undefined && this.#options.clock.nowMs() - this.#lookedMs < RECENT_MS
    return isRecent ? Promise.resolve() : this.look()
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#turnedMs = this.#options.clock.nowMs()
      try {
        if (this.#server === undefined) await this.#find(signal)
        else await this.#tick()
      } catch (thrown) {
        if (!signal.aborted) this.#failed(thrown)
      }
      await this.#pause(signal)
    }
  }

  async #find(signal: AbortSignal): Promise<void> {
    const found = await this.#options.source.find(signal)
    if (!('client' in found)) {
      this.#set(found.configured || this.#state === 'down' ? 'down' : 'searching', found.detail)
      return
    }
    const { client, managed } = found
    const { keeper, clock } = this.#options
    // First of all, and without a trace in the other's log: a server whose path manager hangs is none.
    await client.listPaths()
    const info = await client.info()
    const ports = await client.ports()
    const process = info?.started ?? `unknown ${clock.nowMs()}`
    keeper.sawServer(process)
    if (process !== this.#met) await this.#options.onServer(client, managed)
    this.#met = process
    await keeper.compare(client)
    const paths = await client.listPaths()
    signal.throwIfAborted()
    this.#hangs = 0
    this.#server = { client, managed, info, ports }
    this.#setPaths(paths)
    this.#set('up', `${managed ? 'our own' : 'adopted'} ${info?.version ?? 'MediaMTX before 1.15.2'}`)
  }

  async #tick(): Promise<void> {
    await this.look()
    const server = this.#server
    if (server === undefined || this.#options.keeper.dueMs(this.#paths) > 0) return
    const info = await server.client.info()
    if (info !== undefined && info.started !== server.info?.started) {
      // Another process than before, met within one look: everything of ours is gone with the old one.
      this.#lost('restarted')
      return
    }
    await this.#options.keeper.compare(server.client)
    this.#lookedMs = Number.NEGATIVE_INFINITY
  }

  async #look(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#lookedMs = this.#options.clock.nowMs()
    try {
      const paths = await server.client.listPaths()
      this.#hangs = 0
      if (this.#server === server) this.#setPaths(paths)
    } catch (thrown) {
      if (this.#server === server && !this.#abort.signal.aborted) this.#failed(thrown)
    }
  }

  #failed(thrown: unknown): void {
    this.#refused = thrown instanceof MediamtxError && thrown.kind === 'unauthorized'
    if (thrown instanceof MediamtxError && thrown.kind === 'timeout') {
      if (++this.#hangs >= HANGS_BEFORE_KILL) this.#options.source.giveUp()
    }
    this.#lost(errorText(thrown))
  }

  #lost(detail: string): void {
    this.#server = undefined
    this.#options.keeper.lost(detail)
    this.#setPaths([])
    this.#set('down', detail)
  }

  #setPaths(paths: readonly RuntimePath[]): void {
    this.#paths = new Map(paths.map((path) => [path.name, path]))
    this.#options.onPaths()
  }

  #set(state: LinkState, detail: string): void {
    const changed = state !== this.#state
    this.#detail = detail
    if (!changed) return
    this.#state = state
    // Down for an hour is two lines.
    const told = { state, detail }
    if (state === 'up' || state === 'searching') this.#options.logger.info(told, 'MediaMTX')
    else this.#options.logger.warn(told, 'MediaMTX')
    this.#options.onState()
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const downMs = this.#refused ? REFUSED_INTERVAL_MS : this.#options.source.pauseMs || DOWN_INTERVAL_MS
    const upMs = Math.min(LOOK_INTERVAL_MS, this.#options.keeper.dueMs(this.#paths))
    const delayMs = { up: upMs, down: downMs, searching: SEARCH_INTERVAL_MS, off: SEARCH_INTERVAL_MS }[this.#state]
    await this.#pauser.wait(delayMs, signal)
  }
}
