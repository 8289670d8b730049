/** Makes the paths of one MediaMTX equal to the desired ones: one comparison of one list, then only the writes it takes. */

import type { Clock } from '../../base/clock.js'
import { errorText } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { MediamtxClient } from '../api/client.js'
import { MediamtxError } from '../api/failures.js'
import { CHECK_PATH } from '../notify/check-path.js'
import type { PathBody } from './body.js'
import { type Plan, planPaths } from './plan.js'

export interface ReconcilerOptions {
  readonly instance: string
  readonly takeOver: boolean
  readonly clock: Clock
  readonly logger: Logger
}

export interface PassResult {
  readonly writes: number
  /** Paths that were not as they should be. */
  readonly drift: number
  /** Names that the server does not take as we want them, with its reason. */
  readonly refusals: ReadonlyMap<string, string>
  /** Desired names that somebody else configured. */
  readonly foreign: readonly string[]
  /** Why the server refuses even the plainest path: its hidden state is broken (a refused path PATCH of somebody's). */
  readonly poisoned: string | undefined
  /** As read from the server, the path was as desired, or was not there and not desired. */
  isSettled(name: string): boolean
}

export type PathWrites = Pick<MediamtxClient, 'listPathConfigs' | 'replacePath' | 'deletePath'>

type Desired = ReadonlyMap<string, PathBody>

export interface DesiredSet {
  /** As it is now: what changes while a pass goes on is seen by its next write. */
  get(): Desired
  /** False for a name of ours that is not desired but may yet turn out to be. */
  mayRemove(name: string): boolean
}

interface Written {
  readonly body: PathBody
  readonly atMs: number
  readonly refusal: string | undefined
}

/** A write may show in the list only after the reload that it caused; until then it is not repeated. */
const SHOWS_AFTER_MS = 1_000
/** What was refused is as wrong a moment later, and each refusal is a line in the server's log. */
const REFUSED_AGAIN_MS = 30_000

export class Reconciler {
  readonly #options: ReconcilerOptions
  /** Paths written since this server process started. */
  readonly #written = new Map<string, Written>()
  #started: string | undefined
  #poisoned: string | undefined
  #told = '[]'

  constructor(options: ReconcilerOptions) {
    this.#options = options
  }

  /** A server process that is not the one before has none of our paths. */
  sawServer(started: string): void {
    if (started === this.#started) return
    this.#started = started
    this.#written.clear()
    this.#poisoned = undefined
  }

  /**
   * One pass; the caller runs one at a time. Throws a MediamtxError when the server is away; a refusal of one path does not keep
   * the others from being written.
   */
  async pass(client: PathWrites, wanted: DesiredSet): Promise<PassResult> {
    const desired = wanted.get()
    const actual = await client.listPathConfigs()
    const { instance, takeOver } = this.#options
    const written = new Set([...this.#written].filter(([, { refusal }]) => refusal === undefined).map(([name]) => name))
    const plan = planPaths({ desired, actual, instance, written, takeOver })
    let writes = 0
    let refused = false
    for (const name of plan.replace) {
      const body = wanted.get().get(name)
      if (body === undefined || this.#isRecent(name, body)) continue
      writes++
      refused = !(await this.#replace(client, name, body)) || refused
    }
    for (const name of plan.remove) {
      if (wanted.get().has(name) || !wanted.mayRemove(name)) continue
      writes++
      refused = !(await this.#remove(client, name)) || refused
    }
    if (refused) await this.#cure(client, wanted, [...plan.same, ...plan.replace])
    for (const name of [...this.#written.keys()]) if (!desired.has(name) && !wanted.get().has(name)) this.#written.delete(name)
    const refusals = this.#refusals()
    if (refusals.size === 0) this.#poisoned = undefined
    this.#tell(refusals)
    const drift = plan.replace.length + plan.remove.length
    return { writes, drift, refusals, foreign: plan.foreign, poisoned: this.#poisoned, isSettled: settledBy(plan, desired) }
  }

  #isRecent(name: string, body: PathBody): boolean {
    const last = this.#written.get(name)
    if (last === undefined || !isSame(last.body, body)) return false
    const restMs = last.refusal === undefined ? SHOWS_AFTER_MS : REFUSED_AGAIN_MS
    return this.#options.clock.nowMs() - last.atMs < restMs
  }

  /** False when the server refuses. */
  async #replace(client: PathWrites, name: string, body: PathBody): Promise<boolean> {
    const refusal = await refusalOf(() => client.replacePath(name, body))
    this.#written.set(name, { body, atMs: this.#options.clock.nowMs(), refusal })
    return refusal === undefined
  }

  async #remove(client: PathWrites, name: string): Promise<boolean> {
    const refusal = await refusalOf(() => client.deletePath(name))
    if (refusal === undefined) this.#written.delete(name)
    return refusal === undefined
  }

  /**
   * After a refusal: replacing each of our paths whole ends a poisoned state when one of them carries it. When even a path of
   * defaults is then refused, it is not about what we write. `ours`: names that were compared and are nobody else's.
   */
  async #cure(client: PathWrites, wanted: DesiredSet, ours: readonly string[]): Promise<void> {
    for (const name of ours) {
      const body = wanted.get().get(name)
      if (body !== undefined) await this.#replace(client, name, body)
    }
    this.#poisoned = undefined
    if (this.#refusals().size === 0) return
    this.#poisoned = await refusalOf(() => client.replacePath(CHECK_PATH, {}))
    if (this.#poisoned === undefined) await refusalOf(() => client.deletePath(CHECK_PATH))
  }

  #refusals(): Map<string, string> {
    const refusals = new Map<string, string>()
    for (const [name, { refusal }] of this.#written) if (refusal !== undefined) refusals.set(name, refusal)
    return refusals
  }

  /** Said once, then on change. */
  #tell(refusals: ReadonlyMap<string, string>): void {
    const text = JSON.stringify([...refusals])
    if (text === this.#told) return
    this.#told = text
    if (refusals.size > 0) this.#options.logger.warn({ refused: Object.fromEntries(refusals) }, 'MediaMTX refuses paths')
  }
}

/** The server's reason, `undefined` when it agrees. Rethrows what is no refusal. */
async function refusalOf(write: () => Promise<void>): Promise<string | undefined> {
  try {
    await write()
    return undefined
  } catch (thrown) {
    if (thrown instanceof MediamtxError && thrown.kind === 'rejected') return errorText(thrown)
    throw thrown
  }
}

function isSame(one: PathBody, other: PathBody): boolean {
  if (one === other) return true
  const names = Object.keys(one)
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name])
}

function settledBy(plan: Plan, desired: Desired): (name: string) => boolean {
  return (name) => plan.same.has(name) || (!desired.has(name) && !plan.remove.includes(name))
}
