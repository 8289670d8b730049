/**
 * The camera face's configuration: what is in force, where it is kept, and the one path by which it changes. A change from a client, a
 * signal or the disk is checked as a whole, agreed on by all parts, written, and only then put in force.
 */

import { basename } from 'node:path'
import type { Clock } from '../base/clock.js'
import { keepAside, removeLeftovers, writeWhole } from '../base/durable-file.js'
import { errorText } from '../base/errors.js'
import { TypedEvents } from '../base/events.js'
import { type FaultCount, FaultCounts } from '../base/fault-counts.js'
import { watchFile } from '../base/file-watch.js'
import type { Service } from '../base/lifecycle.js'
import type { Logger } from '../base/logger.js'
import { Appliers } from './appliers.js'
import { checkDocument } from './check.js'
import { type ChosenMode, changedKeys, type Defaults, effectiveConfig, freshText, withMode } from './effective.js'
import { editJsonText } from './json-text.js'
import { foldDefaultCamera, mergeEdits } from './merge.js'
import { type FileState, parseConfig, readConfig, shortCause } from './read.js'
import {
  type Applier,
  type CameraServerConfig,
  type ConfigChange,
  ConfigRejected,
  ConfigUnreadable,
  ConfigUnwritable,
} from './types.js'

/** Contract §2.5. */
const QUIET_MS = 200

export interface CameraConfigOptions {
  readonly file: string
  /** Values where the file says nothing. */
  readonly defaults: Defaults
  readonly clock: Clock
  readonly logger: Logger
  /** Asked when the file is missing: the mode of the default camera, undefined when there is none. Static defaults when absent. */
  readonly chosenMode?: (signal: AbortSignal) => Promise<ChosenMode | undefined>
  /** The camera that `camera` means now. */
  readonly defaultCameraId?: () => string | undefined
}

export type CameraConfigEvents = {
  changed: ConfigChange
  /** The file was read anew and not taken over. */
  reloadRefused: { readonly reason: string }
}

export interface CameraConfigStore extends Service {
  /** In force; frozen. The defaults before `start`. */
  readonly current: CameraServerConfig
  /**
   * Resolves when the file was read, or written because it was missing (which waits for the mode of the default camera). Until then
   * size and rate in `current` may change once more. Never rejects.
   */
  readonly settled: Promise<void>
  readonly events: TypedEvents<CameraConfigEvents>
  /** What became of bad files and changes: UNREADABLE, REJECTED, UNWRITABLE. */
  readonly faults: readonly FaultCount[]
  /** Merges a partial document, keeps it and puts it in force. Rejects with ConfigRejected or ConfigUnwritable; then nothing changed. */
  put(document: unknown): Promise<ConfigChange>
  /** Reads the file anew. Rejects with ConfigUnreadable, or ConfigRejected when a part refuses; then nothing changed. */
  reload(): Promise<ConfigChange>
  /** The function returned takes the part out again. */
  onApply(applier: Applier): () => void
}

export function createCameraConfigStore(options: CameraConfigOptions): CameraConfigStore {
  return new Store(options)
}

class Store implements CameraConfigStore {
  readonly name = 'camera-config'
  readonly events: TypedEvents<CameraConfigEvents>
  readonly settled: Promise<void>
  readonly #options: CameraConfigOptions
  readonly #appliers: Appliers
  readonly #faults: FaultCounts
  readonly #abort = new AbortController()
  #settle: () => void = () => undefined
  #current: CameraServerConfig
  #defaults: Defaults
  /** What was last read or written; a change on disk to the same is none. */
  #knownText: string | undefined
  /** The end of the one queue of reads and changes. */
  #last: Promise<unknown> = Promise.resolve()
  #endWatch: (() => void) | undefined

  constructor(options: CameraConfigOptions) {
    this.#options = options
    this.#defaults = options.defaults
    this.#current = effectiveConfig({ camera: {}, server: {} }, options.defaults)
    this.#appliers = new Appliers(options)
    this.#faults = new FaultCounts(options.clock)
    this.events = new TypedEvents((thrown) => options.logger.error({ error: String(thrown) }, 'a listener failed'))
    this.settled = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  get faults(): readonly FaultCount[] {
    return this.#faults.list()
  }

  get current(): CameraServerConfig {
    return this.#current
  }

  async start(): Promise<void> {
    const { file, logger } = this.#options
    await removeLeftovers(file)
    const state = await readConfig(file)
    if (state.is === 'good') {
      this.#warn(state)
      this.#knownText = state.text
      this.#current = effectiveConfig(state.said, this.#defaults)
    }
    if (state.is === 'broken') {
      this.#knownText = state.text
      const [{ line, column }] = state.faults
      this.#faults.count('UNREADABLE', texts(state).join('; '))
      logger.error(
        { file, line, column, faults: texts(state) },
        'the configuration is broken and stays as it is; defaults are used',
      )
    }
    this.#followWatch()
    // Nobody waits for the first write: the mode of a camera may take seconds to be known.
    if (state.is === 'missing') void this.#writeFirst().finally(() => this.#settle())
    else this.#settle()
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    this.#endWatch?.()
    this.#endWatch = undefined
    await this.#last
  }

  onApply(applier: Applier): () => void {
    return this.#appliers.add(applier)
  }

  put(document: unknown): Promise<ConfigChange> {
    return this.#inTurn(async () => {
      const { said, problems } = checkDocument(document, 'change')
      if (problems.length > 0) throw new ConfigRejected(problems.map(({ text }) => text))
      const state = await readConfig(this.#options.file)
      // A file that is missing or broken says nothing: what is in force counts, and the broken one is kept beside the new.
      const base = state.is === 'good' ? state : this.#parsed(freshText(this.#current))
      const edits = mergeEdits(base.document, foldDefaultCamera(said, this.#options.defaultCameraId?.()))
      const text = editJsonText(base.text, edits)
      return this.#change(this.#parsed(text).said, async () => {
        if (state.is === 'good' && state.text === text) return
        if (state.is === 'broken') await this.#keepAside()
        await this.#write(text)
      })
    })
  }

  reload(): Promise<ConfigChange> {
    return this.#inTurn(() => this.#reload())
  }

  #reload(): Promise<ConfigChange> {
    return this.#readAnew().catch((thrown: unknown) => {
      this.events.emit('reloadRefused', { reason: errorText(thrown) })
      throw thrown
    })
  }

  async #readAnew(): Promise<ConfigChange> {
    const state = await readConfig(this.#options.file)
    if (state.is === 'missing') throw new ConfigUnreadable(`${basename(this.#options.file)}: the file is missing`)
    this.#knownText = state.text
    if (state.is === 'broken') throw new ConfigUnreadable(texts(state).join('; '))
    this.#warn(state)
    return this.#change(state.said, async () => undefined)
  }

  /** Agree, keep, then put in force; what throws before the last step has changed nothing. */
  async #change(said: Parameters<typeof effectiveConfig>[0], keep: () => Promise<void>): Promise<ConfigChange> {
    const before = this.#current
    const after = effectiveConfig(said, this.#defaults)
    const planned = { before, after, changed: changedKeys(before, after) }
    const undo = await this.#appliers.prepare(planned)
    try {
      await keep()
    } catch (thrown) {
      await undo()
      throw thrown
    }
    this.#current = after
    const pending = await this.#appliers.apply(planned)
    this.#followWatch()
    const change = { ...planned, pending, applied: planned.changed.filter((key) => !pending.includes(key)) }
    if (change.changed.length > 0) {
      this.#options.logger.info({ changed: change.changed, pending }, 'configuration changed')
      this.events.emit('changed', change)
    }
    return change
  }

  async #writeFirst(): Promise<void> {
    const { chosenMode, defaults, file, logger } = this.#options
    const mode = await chosenMode?.(this.#abort.signal).catch(() => undefined)
    if (this.#abort.signal.aborted) return
    await this.#inTurn(async () => {
      // A change of a client may have come first, or a file from elsewhere.
      if ((await readConfig(file)).is !== 'missing') return
      const said = this.#parsed(freshText(effectiveConfig({ camera: {}, server: {} }, withMode(defaults, mode))))
      await this.#change(said.said, () => this.#write(said.text))
    }).catch((thrown: unknown) => logger.warn({ file, error: String(thrown) }, 'the configuration could not be written'))
  }

  async #write(text: string): Promise<void> {
    const { file } = this.#options
    const known = this.#knownText
    // Before the write: the watch may tell of it at any moment.
    this.#knownText = text
    try {
      await writeWhole(file, text)
    } catch (thrown) {
      this.#knownText = known
      throw new ConfigUnwritable(`${basename(file)}: cannot be written (${shortCause(thrown)})`, thrown)
    }
  }

  async #keepAside(): Promise<void> {
    const { file, logger } = this.#options
    const aside = await keepAside(file).catch((thrown: unknown) => {
      throw new ConfigUnwritable(`${basename(file)}: cannot be set aside (${shortCause(thrown)})`, thrown)
    })
    logger.warn({ file: aside }, 'the broken configuration is kept aside; a change takes its place')
  }

  /** Text of our own making. */
  #parsed(text: string): Extract<FileState, { is: 'good' }> {
    const state = parseConfig(text, basename(this.#options.file))
    if (state.is === 'broken') throw new ConfigRejected(texts(state))
    return state
  }

  #followWatch(): void {
    const { file, clock, logger } = this.#options
    if (!this.#current.server.watch_config || this.#abort.signal.aborted) {
      this.#endWatch?.()
      this.#endWatch = undefined
      return
    }
    this.#endWatch ??= watchFile({
      file,
      quietMs: QUIET_MS,
      clock,
      onChange: () => this.#seen(),
      onFailure: (thrown) => logger.warn({ file, error: String(thrown) }, 'the configuration is not watched any more'),
    })
  }

  #seen(): void {
    const { file, logger } = this.#options
    this.#inTurn(async () => {
      const state = await readConfig(file)
      if (state.is === 'missing' || state.text === this.#knownText) return
      await this.#reload()
    }).catch((thrown: unknown) => logger.error({ error: String(thrown) }, 'the changed configuration was not taken over'))
  }

  #warn(state: Extract<FileState, { is: 'good' }>): void {
    for (const warning of state.warnings) this.#options.logger.warn({}, warning)
  }

  #count(thrown: unknown): void {
    if (thrown instanceof ConfigUnreadable) this.#faults.count('UNREADABLE', thrown.message)
    if (thrown instanceof ConfigRejected) this.#faults.count('REJECTED', thrown.message)
    if (thrown instanceof ConfigUnwritable) this.#faults.count('UNWRITABLE', thrown.message)
  }

  #inTurn<Value>(task: () => Promise<Value>): Promise<Value> {
    const turn = this.#last.then(task).catch((thrown: unknown) => {
      this.#count(thrown)
      throw thrown
    })
    this.#last = turn.catch(() => undefined)
    return turn
  }
}

function texts(state: Extract<FileState, { is: 'broken' }>): string[] {
  return state.faults.map(({ text }) => text)
}
