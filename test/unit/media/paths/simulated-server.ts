/** A MediaMTX of the mind for the reconciler: only its path configurations, with everything going wrong that can, by chance. */

import { MediamtxError } from '../../../../src/media/api/failures.js'
import type { PathConfig } from '../../../../src/media/api/wire.js'
import { ownerOf } from '../../../../src/media/paths/body.js'
import type { PathWrites } from '../../../../src/media/paths/reconciler.js'

type Fields = Readonly<Record<string, unknown>>

/** Shares of calls. */
export interface Chances {
  /** The connection fails before the call has an effect. */
  readonly unreachable: number
  /** The call has its effect and its reply is lost. */
  readonly lostReply: number
  /** A write shows in the list only some calls later. */
  readonly late: number
  readonly refused: number
}

export const CALM: Chances = { unreachable: 0, lostReply: 0, late: 0, refused: 0 }

export class SimulatedServer implements PathWrites {
  /** Stored configurations. */
  readonly paths = new Map<string, Fields>()
  chances: Chances = CALM
  started = 1
  writes = 0
  /** Calls under way, and the most there were at once. */
  mostAtOnce = 0
  /** Writes over what was seen to be somebody else's and never ours. */
  readonly trespasses: string[] = []
  /** Called at each point where others may act. */
  meanwhile: () => void = () => undefined
  readonly #random: () => number
  readonly #ours = new Set<string>()
  #seen: readonly PathConfig[] = []
  #told = 0
  #underWay = 0
  #stale: { readonly list: PathConfig[]; calls: number } | undefined

  constructor(random: () => number) {
    this.#random = random
  }

  listPathConfigs(): Promise<PathConfig[]> {
    return this.#call(() => {
      if (this.#stale === undefined || this.#stale.calls-- <= 0) this.#stale = undefined
      this.#seen = this.#stale?.list ?? this.#list()
      return [...this.#seen]
    })
  }

  /** What tells this process from others, as the client asks for it. */
  tellStarted(): string {
    this.#told = this.started
    return String(this.started)
  }

  replacePath(name: string, body: Fields): Promise<void> {
    const seen = this.#seen.find((config) => config.name === name)
    const foreign = seen !== undefined && ownerOf(seen, 'one') === 'foreign' && !this.#ours.has(name)
    if (foreign && this.#told === this.started) this.trespasses.push(name)
    return this.#write(() => {
      this.#ours.add(name)
      this.paths.set(name, { name, ...body })
    })
  }

  deletePath(name: string): Promise<void> {
    return this.#write(() => this.paths.delete(name))
  }

  /** Another process: everything of the API is forgotten. */
  restart(): void {
    this.started++
    this.#stale = undefined
    this.#ours.clear()
    this.paths.clear()
  }

  async #write(effect: () => void): Promise<void> {
    this.writes++
    await this.#call(() => {
      if (this.#random() < this.chances.refused) throw new MediamtxError('rejected', 'refused')
      if (this.#random() < this.chances.late) this.#stale ??= { list: this.#list(), calls: 2 }
      effect()
    })
  }

  async #call<Result>(act: () => Result): Promise<Result> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#underWay)
    try {
      this.meanwhile()
      await Promise.resolve()
      if (this.#random() < this.chances.unreachable) throw new MediamtxError('unreachable', 'econnrefused')
      const result = act()
      this.meanwhile()
      await Promise.resolve()
      if (this.#random() < this.chances.lostReply) throw new MediamtxError('timeout', 'no reply in time')
      return result
    } finally {
      this.#underWay--
    }
  }

  #list(): PathConfig[] {
    return [...this.paths].map(([name, fields]) => ({ name, fields }))
  }
}
