/** The service's configuration while it runs: read anew on request, or whenever the file changes, and taken over as a whole or not at all. */

import { access } from 'node:fs/promises'
import type { Clock } from '../base/clock.js'
import { errorText } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import { ConfigError, type ConfigurationPort, faultText, type LiveConfig, type LoadedConfig } from '../config/index.js'

export interface ConfigurationOptions {
  readonly live: LiveConfig
  /** What is in force. */
  readonly first: LoadedConfig
  /** Loads as at the start. Rejects with ConfigError. */
  readonly load: () => Promise<LoadedConfig>
  readonly logger: Logger
}

/** The contract's (§18). */
const QUIET_MS = 100

export class Configuration implements ConfigurationPort {
  readonly #options: ConfigurationOptions
  readonly #logger: Logger
  readonly #listeners = new Set<(keys: ReadonlySet<string>) => void>()
  readonly #refusalListeners = new Set<(faults: readonly string[]) => void>()
  #endWatch: () => void = () => undefined
  /** The end of the one queue of reloads. */
  #last: Promise<void> = Promise.resolve()

  constructor(options: ConfigurationOptions) {
    this.#options = options
    this.#logger = options.logger.child({ component: 'config' })
    this.#warn(options.first)
  }

  onChange(listener: (keys: ReadonlySet<string>) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  onRefused(listener: (faults: readonly string[]) => void): () => void {
    this.#refusalListeners.add(listener)
    return () => void this.#refusalListeners.delete(listener)
  }

  reload(): Promise<void> {
    this.#last = this.#last.then(() => this.#reload())
    return this.#last
  }

  /** Reloads whenever the file changes, until it is removed or `stop`. Without a file nothing happens. */
  async watch(clock: Clock): Promise<void> {
    const { file } = this.#options.first
    if (file === undefined) return
    const { watchFile } = await import('../base/file-watch.js')
    const end = (reason: string): void => {
      this.#endWatch()
      this.#logger.warn({ file, reason }, 'the configuration is not watched any more')
    }
    this.#endWatch = watchFile({
      file,
      quietMs: QUIET_MS,
      clock,
      onChange: () => {
        access(file).then(
          () => this.reload(),
          () => end('the file is gone'),
        )
      },
      onFailure: (thrown) => end(errorText(thrown)),
    })
    this.#logger.info({ file }, 'the configuration is watched')
  }

  stop(): void {
    this.#endWatch()
  }

  async #reload(): Promise<void> {
    const loaded = await this.#loaded()
    if (loaded === undefined) return
    this.#warn(loaded)
    const { applied, pending } = this.#options.live.take(loaded.config)
    if (pending.length > 0) this.#logger.warn({ keys: pending }, 'these keys have another value at the next start')
    this.#logger.info({ changed: applied }, 'the configuration was reloaded')
    if (applied.length > 0) this.#tell(this.#listeners, new Set(applied))
  }

  /** One bad listener keeps neither the others nor the next reload from their turn. */
  #tell<Fact>(listeners: ReadonlySet<(fact: Fact) => void>, fact: Fact): void {
    for (const listener of listeners) {
      try {
        listener(fact)
      } catch (thrown) {
        this.#logger.error({ error: errorText(thrown) }, 'a listener of the configuration failed')
      }
    }
  }

  async #loaded(): Promise<LoadedConfig | undefined> {
    const { first, load } = this.#options
    try {
      const loaded = await load()
      // Without its file everything would be as if nobody had ever configured anything.
      if (first.file !== undefined && loaded.file === undefined) throw new Error(`${first.file}: the file is gone`)
      return loaded
    } catch (thrown) {
      const faults = thrown instanceof ConfigError ? thrown.faults.map(faultText) : [errorText(thrown)]
      this.#logger.error({ faults }, 'the configuration was not reloaded; what was in force stays')
      this.#tell(this.#refusalListeners, faults)
      return undefined
    }
  }

  #warn({ warnings }: LoadedConfig): void {
    for (const warning of warnings) this.#logger.warn({}, warning)
  }
}
