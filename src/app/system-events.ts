/** What is told of the service as a whole: that it is up, that it goes, and how well it is (json-rpc-api §10.1, §10.4). */

import type { Clock } from '../base/clock.js'
import type { Service } from '../base/lifecycle.js'
import type { Config } from '../config/index.js'
import type { MediaService } from '../media/index.js'
import { Debounce, type Health } from '../monitor/index.js'
import type { Recordings } from '../recordings/index.js'
import type { System } from './system.js'

type Publish = (topic: string, payload: Readonly<Record<string, unknown>>) => void

export interface SystemEventsOptions {
  readonly system: Pick<System, 'health' | 'memoryUsedPercent' | 'serverInfo'>
  readonly media: Pick<MediaService, 'events'> | undefined
  readonly recordings: Pick<Recordings, 'events'> & { readonly storage: Pick<Recordings['storage'], 'fault'> }
  readonly connections: () => number
  readonly debounce: Config['performance']['debounce']
  readonly publish: Publish
  readonly clock: Clock
}

/** Between two looks at what tells no changes by itself: with clients, and while nobody is there to hear of it. */
const LOOK_MS = 5_000
const ALONE_LOOK_MS = 15_000
const MS_PER_SECOND = 1_000
const STORAGE_WORDS = { ok: 'HEALTHY', low: 'DEGRADED', full: 'UNHEALTHY' } as const

export class SystemEvents implements Service {
  readonly name = 'system events'
  readonly #options: SystemEventsOptions
  readonly #parts: Readonly<Record<'components' | 'load', Debounce>>
  readonly #storage: Debounce
  #last: Health | undefined
  #cannotStore = false
  #usedPercent = 0
  #ends: (() => void)[] = []
  #cancelLook: () => void = () => undefined

  constructor(options: SystemEventsOptions) {
    this.#options = options
    const { debounce } = options
    this.#parts = {
      components: this.#debounced(
        () => debounce.health_monitor_seconds,
        () => this.#tell(),
      ),
      load: this.#debounced(
        () => debounce.performance_monitor_seconds,
        () => this.#tell(),
      ),
    }
    this.#storage = this.#debounced(
      () => debounce.storage_monitor_seconds,
      (status) => this.#tellStorage(status),
    )
  }

  async start(): Promise<void> {
    const { system, media, recordings, publish } = this.#options
    this.#ends = [
      () => this.#cancelLook(),
      recordings.events.on('storageChanged', ({ state, usedPercent }) => {
        this.#usedPercent = usedPercent
        this.#storage.set(STORAGE_WORDS[state])
      }),
    ]
    if (media !== undefined) this.#ends.push(media.events.on('stateChanged', () => this.#look()))
    const { name: _name, version, ...build } = system.serverInfo()
    const { build_date, go_version, architecture } = build
    publish('system.startup', { version, build_info: { build_date, go_version, architecture } })
    this.#look()
    this.#lookLater()
  }

  async stop(): Promise<void> {
    this.announceEnd()
  }

  /** Clients hear of the end before anything ends. Idempotent. */
  announceEnd(): void {
    if (this.#ends.length === 0) return
    for (const end of this.#ends) end()
    this.#ends = []
    for (const debounce of [...Object.values(this.#parts), this.#storage]) debounce.stop()
    this.#options.publish('system.shutdown', { reason: 'the service is being stopped' })
  }

  #debounced(seconds: () => number, tell: (word: string) => void): Debounce {
    const { clock } = this.#options
    return new Debounce({ clock, repeatMs: () => seconds() * MS_PER_SECOND, first: 'HEALTHY', tell })
  }

  #lookLater(): void {
    const { clock, connections } = this.#options
    this.#cancelLook = clock.after(connections() > 0 ? LOOK_MS : ALONE_LOOK_MS, () => {
      this.#look()
      this.#lookLater()
    })
  }

  #look(): void {
    const settled = this.#options.system.health().then((health) => {
      if (this.#ends.length === 0) return
      this.#last = health
      this.#parts.components.set(health.parts.components)
      this.#parts.load.set(health.parts.load)
      this.#lookAtStorage()
    })
    // What cannot be looked at now is looked at again.
    settled.catch(() => undefined)
  }

  /** Its words name folders, which are no client's business. */
  #lookAtStorage(): void {
    const { recordings, publish } = this.#options
    const cannot = recordings.storage.fault !== undefined
    if (cannot && !this.#cannotStore) publish('system.error', { error: 'recordings or snapshots cannot be stored' })
    this.#cannotStore = cannot
  }

  #tell(): void {
    if (this.#last === undefined) return
    const { system, connections, publish } = this.#options
    const { status, reasons } = this.#last
    const metrics = { memory_usage: Math.round(system.memoryUsedPercent() * 10) / 10, connections: connections(), reasons }
    publish('system.health', { status, metrics })
  }

  #tellStorage(status: string): void {
    const [storage] = Object.entries(STORAGE_WORDS).find(([, word]) => word === status) ?? ['']
    this.#options.publish('system.health', {
      status,
      metrics: { storage, disk_usage: Math.round(this.#usedPercent * 10) / 10 },
    })
  }
}
