/** The newest entries of something endless: a bounded list that gives up its oldest. */

export class Ring<Entry> {
  readonly #entries: Entry[] = []
  readonly #capacity: number
  /** Index of the oldest entry, once all places are taken. */
  #oldest = 0

  /** `capacity`: integer ≥ 1. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#entries.length
  }

  push(entry: Entry): void {
    if (this.#entries.length < this.#capacity) {
      this.#entries.push(entry)
      return
    }
    this.#entries[this.#oldest] = entry
    this.#oldest = (this.#oldest + 1) % this.#capacity
  }

  /** The newest `count` entries, oldest first; all of them when there are fewer. */
  newest(count: number): readonly Entry[] {
    const wanted = Math.min(count, this.#entries.length)
    const inOrder = [...this.#entries.slice(this.#oldest), ...this.#entries.slice(0, this.#oldest)]
    return inOrder.slice(inOrder.length - wanted)
  }
}
