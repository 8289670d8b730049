/** One step for all parts that are configured: they agree first, then each puts the change in force. */

import type { Clock } from '../base/clock.js'
import { errorText } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { Applier, PlannedChange } from './types.js'

/** A part that takes longer is told as pending; the change goes on. */
const APPLY_MS = 5_000

export class Appliers {
  readonly #list = new Set<Applier>()
  readonly #clock: Clock
  readonly #logger: Logger

  constructor(options: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = options.clock
    this.#logger = options.logger
  }

  add(applier: Applier): () => void {
    this.#list.add(applier)
    return () => void this.#list.delete(applier)
  }

  /** Throws what a part refuses with; what the others took is given back then, and by the function returned. */
  async prepare(change: PlannedChange): Promise<() => Promise<void>> {
    const undo: (() => Promise<void>)[] = []
    const undoAll = async (): Promise<void> => {
      for (const step of undo.splice(0).reverse()) {
        await step().catch((thrown: unknown) => this.#logger.error({ error: errorText(thrown) }, 'a change was not undone'))
      }
    }
    try {
      for (const applier of this.#concerned(change)) {
        if (applier.prepare !== undefined) undo.push(await applier.prepare(change))
      }
    } catch (thrown) {
      await undoAll()
      throw thrown
    }
    return undoAll
  }

  /** The keys that are not in force. Never rejects. */
  async apply(change: PlannedChange): Promise<readonly string[]> {
    const pending = await Promise.all(this.#concerned(change).map((applier) => this.#applyOne(applier, change)))
    return change.changed.filter((key) => pending.some((keys) => keys.includes(key)))
  }

  #concerned({ changed }: PlannedChange): Applier[] {
    return [...this.#list].filter((applier) => changed.some((key) => applier.concerns(key)))
  }

  async #applyOne(applier: Applier, change: PlannedChange): Promise<readonly string[]> {
    const own = change.changed.filter((key) => applier.concerns(key))
    let cancel = (): void => undefined
    const late = new Promise<readonly string[]>((resolve) => {
      cancel = this.#clock.after(APPLY_MS, () => {
        this.#logger.warn({ part: applier.name, keys: own }, 'a change of the configuration is taking long')
        resolve(own)
      })
    })
    // In a turn of its own: a part that throws at once is caught like one that rejects.
    const applied = Promise.resolve()
      .then(() => applier.apply(change))
      .catch((thrown: unknown) => {
        this.#logger.error({ part: applier.name, keys: own, error: errorText(thrown) }, 'a change of the configuration failed')
        return own
      })
    return Promise.race([applied, late]).finally(() => cancel())
  }
}
