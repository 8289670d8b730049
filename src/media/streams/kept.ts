/** Streams that were started and are still owed: a restart of this service within their time starts them again. */

import type { Clock } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import { StateFile } from '../../base/state-file.js'

export interface KeptStreamsOptions {
  readonly file: string
  /** How long a started stream is owed without readers. */
  readonly closeAfterMs: number
  readonly clock: Clock
  readonly logger: Logger
}

export class KeptStreams {
  readonly #options: KeptStreamsOptions
  readonly #file: StateFile
  /** Device → wall clock until when. */
  #until = new Map<string, number>()

  constructor(options: KeptStreamsOptions) {
    this.#options = options
    this.#file = new StateFile({ file: options.file, what: 'started streams', logger: options.logger })
  }

  /** Device → milliseconds that are left. */
  async load(): Promise<ReadonlyMap<string, number>> {
    const nowMs = this.#options.clock.wallMs()
    const kept = (await this.#file.load(parse)) ?? new Map<string, number>()
    // A clock that was set back must not prolong anything.
    const rest = [...kept].map(([device, untilMs]) => [device, Math.min(untilMs - nowMs, this.#options.closeAfterMs)] as const)
    const owed = new Map(rest.filter(([, restMs]) => restMs > 0))
    this.#until = new Map([...owed].map(([device, restMs]) => [device, nowMs + restMs]))
    return owed
  }

  /** Resolves when it is on the disk, or cannot be: the log says so, and the stream runs all the same. */
  async keep(device: string): Promise<void> {
    const { clock, closeAfterMs } = this.#options
    this.#until.set(device, clock.wallMs() + closeAfterMs)
    await this.#save()
  }

  async drop(device: string): Promise<void> {
    if (this.#until.delete(device)) await this.#save()
  }

  #save(): Promise<boolean> {
    const nowMs = this.#options.clock.wallMs()
    for (const [device, untilMs] of this.#until) if (untilMs <= nowMs) this.#until.delete(device)
    return this.#file.save({ version: 1, streams: Object.fromEntries(this.#until) })
  }
}

function parse(content: unknown): Map<string, number> | undefined {
  if (typeof content !== 'object' || content === null || !('version' in content) || content.version !== 1) return undefined
  const streams = 'streams' in content ? content.streams : undefined
  if (typeof streams !== 'object' || streams === null) return undefined
  const entries = Object.entries(streams).filter((entry): entry is [string, number] => Number.isFinite(entry[1]))
  return new Map(entries)
}
