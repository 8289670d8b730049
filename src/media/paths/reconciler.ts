/** Makes the paths of one MediaMTX equal to the desired ones: one comparison of one list, then only the writes it takes. */

import { errorText } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { MediamtxClient } from '../api/client.js'
import { MediamtxError } from '../api/failures.js'
import type { PathBody } from './body.js'
import { planPaths } from './plan.js'

export interface ReconcilerOptions {
  readonly instance: string
  readonly takeOver: boolean
  readonly logger: Logger
}

export interface PassResult {
  readonly writes: number
  /** Writes that the server refused; trying again at once would only fill its log. */
  readonly refused: number
  /** Desired names that somebody else configured. */
  readonly foreign: readonly string[]
  /** A refusal that repeats for every write: the server's hidden state is broken (a refused path PATCH of somebody's). */
  readonly poisoned: string | undefined
}

export type PathWrites = Pick<MediamtxClient, 'listPathConfigs' | 'replacePath' | 'deletePath'>

export class Reconciler {
  readonly #options: ReconcilerOptions
  readonly #written = new Set<string>()
  #started: string | undefined
  #refusals = ''

  constructor(options: ReconcilerOptions) {
    this.#options = options
  }

  /** A server process that is not the one before has none of our paths. */
  sawServer(started: string): void {
    if (started !== this.#started) this.#written.clear()
    this.#started = started
  }

  /**
   * One pass; the caller runs one at a time. `mayRemove` is false while the desired set is not known to be whole. Throws a
   * MediamtxError when the server is away; a refusal of one path does not keep the others from being written.
   */
  async pass(client: PathWrites, desired: ReadonlyMap<string, PathBody>, mayRemove: boolean): Promise<PassResult> {
    const actual = await client.listPathConfigs()
    const { instance, takeOver } = this.#options
    const plan = planPaths({ desired, actual, instance, written: this.#written, takeOver })
    const refusals = new Map<string, string>()
    for (const name of plan.replace) await this.#replace(client, name, desired, refusals)
    for (const name of mayRemove ? plan.remove : []) {
      await this.#guard(name, refusals, () => client.deletePath(name))
      this.#written.delete(name)
    }
    const poisoned = refusals.size > 0 ? await this.#cure(client, desired, refusals) : undefined
    this.#tell(refusals)
    const writes = plan.replace.length + (mayRemove ? plan.remove.length : 0)
    return { writes, refused: refusals.size, foreign: plan.foreign, poisoned }
  }

  async #replace(
    client: PathWrites,
    name: string,
    desired: ReadonlyMap<string, PathBody>,
    refusals: Map<string, string>,
  ): Promise<void> {
    const body = desired.get(name)
    if (body === undefined) return
    await this.#guard(name, refusals, () => client.replacePath(name, body))
    if (!refusals.has(name)) this.#written.add(name)
  }

  /**
   * After a refusal: replacing each of our paths whole ends a poisoned state when one of them carries it. When all are then
   * refused with one text, it is not about what we write.
   */
  async #cure(
    client: PathWrites,
    desired: ReadonlyMap<string, PathBody>,
    refusals: Map<string, string>,
  ): Promise<string | undefined> {
    refusals.clear()
    for (const name of desired.keys()) await this.#replace(client, name, desired, refusals)
    const texts = new Set(refusals.values())
    return refusals.size === desired.size && texts.size === 1 ? [...texts][0] : undefined
  }

  async #guard(name: string, refusals: Map<string, string>, write: () => Promise<void>): Promise<void> {
    try {
      await write()
    } catch (thrown) {
      if (!(thrown instanceof MediamtxError && thrown.kind === 'rejected')) throw thrown
      refusals.set(name, errorText(thrown))
    }
  }

  /** Said once, then on change. */
  #tell(refusals: ReadonlyMap<string, string>): void {
    const text = JSON.stringify([...refusals])
    if (text === this.#refusals) return
    this.#refusals = text
    if (refusals.size > 0) this.#options.logger.warn({ refused: Object.fromEntries(refusals) }, 'MediaMTX refuses paths')
  }
}
