/** When paths are compared with the desired ones, what came of it, and who waits for it. One comparison at a time. */

import type { Clock } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import type { RuntimePath } from '../api/wire.js'
import type { MediaMeter } from '../meter.js'
import type { DesiredSet, PathWrites, Reconciler } from './reconciler.js'
import { Settling } from './settling.js'

export interface PathKeeperOptions {
  readonly reconciler: Pick<Reconciler, 'pass' | 'sawServer'>
  readonly desired: DesiredSet
  /** The server refuses everything: called each time it is found so. */
  readonly onPoisoned: () => void
  readonly meter?: Pick<MediaMeter, 'compared'>
  readonly clock: Clock
  readonly logger: Logger
  readonly compareIntervalMs: number
}

/** While somebody waits for a write to show. */
const SETTLE_FIRST_MS = 20
const SETTLE_MAX_MS = 200

export class PathKeeper {
  readonly #options: PathKeeperOptions
  readonly #settling: Settling
  #comparedMs = Number.NEGATIVE_INFINITY
  #settleMs = SETTLE_FIRST_MS
  #foreign: readonly string[] = []
  #refusals: ReadonlyMap<string, string> = new Map()
  #poisoned: string | undefined

  constructor(options: PathKeeperOptions) {
    this.#options = options
    this.#settling = new Settling(options.clock)
  }

  /** Names that somebody else configured and that we would have. */
  get foreign(): readonly string[] {
    return this.#foreign
  }

  /** Why the server does not take this path as we want it. */
  refusal(name: string): string | undefined {
    return this.#refusals.get(name)
  }

  /** The desired set changed: the next comparison is due. */
  compareSoon(): void {
    this.#comparedMs = Number.NEGATIVE_INFINITY
    this.#settleMs = SETTLE_FIRST_MS
  }

  /** Milliseconds until a comparison is due, 0 when it is. `paths`: the runtime list as just seen. */
  dueMs(paths: ReadonlyMap<string, RuntimePath>): number {
    const { clock, compareIntervalMs, desired } = this.#options
    const missing = [...desired.get().keys()].some((name) => !paths.has(name) && !this.#refusals.has(name))
    const intervalMs = this.#settling.pending || missing ? this.#settleMs : compareIntervalMs
    return Math.max(0, this.#comparedMs + intervalMs - clock.nowMs())
  }

  /** A server that may not be the one before. `started`: what tells its process from others. */
  sawServer(started: string): void {
    this.#options.reconciler.sawServer(started)
    this.compareSoon()
  }

  /** Throws a MediamtxError when the server is away. */
  async compare(client: PathWrites): Promise<void> {
    const { clock, desired, logger, reconciler } = this.#options
    this.#comparedMs = clock.nowMs()
    const settle = this.#settling.begin()
    const result = await reconciler.pass(client, desired)
    this.#options.meter?.compared(clock.nowMs() - this.#comparedMs, result.drift)
    this.#foreign = result.foreign
    this.#refusals = result.refusals
    settle({ isSettled: result.isSettled, problem: (name) => this.#problem(name) })
    this.#settleMs = result.writes > 0 ? SETTLE_FIRST_MS : Math.min(SETTLE_MAX_MS, this.#settleMs * 2)
    if (result.poisoned !== undefined) {
      if (result.poisoned !== this.#poisoned) logger.error({ error: result.poisoned }, 'MediaMTX refuses every write')
      this.#options.onPoisoned()
    }
    this.#poisoned = result.poisoned
  }

  /** Resolves when the stored configuration of `name` is the desired one, as read back. Rejects with DEPENDENCY_FAILED. */
  settled(name: string): Promise<void> {
    this.compareSoon()
    return this.#settling.wait(name)
  }

  /** The server is gone; who waits is told. */
  lost(detail: string): void {
    this.compareSoon()
    this.#settling.fail(detail)
  }

  #problem(name: string): string | undefined {
    const refusal = this.#refusals.get(name)
    if (refusal !== undefined) return `the path ${name} is refused: ${refusal}`
    return this.#foreign.includes(name) ? `the path ${name} was configured by somebody else` : undefined
  }
}
