/** What happens around live paths: hooks, demand, recordings. */

import { readDuration } from './duration.js'
import { Hook } from './hooks.js'
import { OnDemand } from './on-demand.js'
import type { Fields } from './path-fields.js'
import { Recorder } from './recorder.js'
import { Runtime, type RuntimeListener } from './runtime.js'

export interface LiveOptions {
  readonly config: (name: string) => Fields | undefined
  readonly runsHooks: boolean
  readonly isDiskFull: () => boolean
}

export class LivePaths implements RuntimeListener {
  readonly runtime: Runtime
  readonly #options: LiveOptions
  readonly #recorder: Recorder
  readonly #initHooks = new Map<string, Hook>()
  readonly #demandHooks = new Map<string, Hook>()
  readonly #demands = new Map<string, OnDemand>()

  constructor(options: LiveOptions) {
    this.#options = options
    this.runtime = new Runtime(this)
    this.#recorder = new Recorder(options)
  }

  created(name: string, config: Fields): void {
    this.#run(this.#initHooks, name, config, 'runOnInit')
    if (config.runOnDemand !== '') this.#demands.set(name, this.#demand(name))
  }

  destroyed(name: string): void {
    this.#recorder.settle(name, false)
    this.#demands.get(name)?.destroy()
    this.#demands.delete(name)
    stop(this.#initHooks, name)
    stop(this.#demandHooks, name)
  }

  reconfigured(name: string, fields: readonly string[]): void {
    this.#recorder.settle(
      name,
      this.#isPublished(name),
      fields.some((field) => field.startsWith('record')),
    )
  }

  published(name: string): void {
    this.#demands.get(name)?.published()
    this.#recorder.settle(name, true)
  }

  unpublished(name: string): void {
    this.#demands.get(name)?.changed()
    this.#recorder.settle(name, false)
  }

  readersChanged(name: string): void {
    this.#demands.get(name)?.changed()
  }

  received(name: string, bytes: number): void {
    this.#recorder.received(name, bytes)
  }

  /** Resolves when the reader is served; the function returned makes it leave. Rejects as the server refuses. */
  async read(name: string): Promise<() => void> {
    if (this.#options.config(name) === undefined) throw new Error(`path '${name}' is not configured`)
    if (!this.#isPublished(name)) {
      const demand = this.#demands.get(name)
      if (demand === undefined) throw new Error(`no stream is available on path '${name}'`)
      await demand.hold()
    }
    return this.runtime.read(name)
  }

  /** Readers who wait for a publisher. */
  held(name: string): number {
    return this.#demands.get(name)?.held ?? 0
  }

  /** Whether the command of a path runs. */
  demanded(name: string): boolean {
    return this.#demandHooks.has(name)
  }

  /** The close time of a path is over now. */
  endDemand(name: string): void {
    this.#demands.get(name)?.close()
  }

  /** As by kill -9: files stay open, nothing is told. Hooks end, as ours do when their parent is gone. */
  clear(): void {
    this.#recorder.clear()
    this.runtime.clear()
  }

  #demand(name: string): OnDemand {
    const durationMs = (field: string) => (readDuration(String(this.#options.config(name)?.[field] ?? '')) ?? 0) / 1e6
    return new OnDemand({
      startTimeoutMs: () => durationMs('runOnDemandStartTimeout'),
      closeAfterMs: () => durationMs('runOnDemandCloseAfter'),
      readers: () => this.runtime.get(name)?.readers.length ?? 0,
      startCommand: () => this.#run(this.#demandHooks, name, this.#options.config(name) ?? {}, 'runOnDemand'),
      stopCommand: () => stop(this.#demandHooks, name),
    })
  }

  #isPublished(name: string): boolean {
    return this.runtime.get(name)?.publisher !== undefined
  }

  #run(hooks: Map<string, Hook>, name: string, config: Fields, field: 'runOnInit' | 'runOnDemand'): void {
    const command = config[field]
    if (typeof command !== 'string' || command === '' || !this.#options.runsHooks || hooks.has(name)) return
    hooks.set(name, new Hook(command, name, config[`${field}Restart`] === true, process.env))
  }
}

function stop(hooks: Map<string, Hook>, name: string): void {
  hooks.get(name)?.stop()
  hooks.delete(name)
}
