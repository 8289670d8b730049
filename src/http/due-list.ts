/** When each of many is to be looked at next: the times lie side by side, so that thousands that are not due cost next to nothing. */

const FIRST_PLACES = 64

/** Written by the list alone. */
export interface Listed {
  place: number
}

export class DueList<Item extends Listed> {
  readonly #items: Item[] = []
  #dueMs = new Float64Array(FIRST_PLACES)

  /** Due at once. */
  add(item: Item): void {
    const place = this.#items.length
    if (place === this.#dueMs.length) {
      const larger = new Float64Array(place * 2)
      larger.set(this.#dueMs)
      this.#dueMs = larger
    }
    item.place = place
    this.#items.push(item)
    this.#dueMs[place] = 0
  }

  /** Of one that was added. */
  remove(item: Item): void {
    const last = this.#items.pop()
    if (last === undefined || last === item) return
    // The last one takes the place that is free.
    this.#dueMs[item.place] = this.#dueMs[last.place] ?? 0
    this.#items[item.place] = last
    last.place = item.place
  }

  /** With the next look. */
  hasten(item: Item): void {
    if (this.#items[item.place] === item) this.#dueMs[item.place] = 0
  }

  /** All, with the next look. */
  hastenAll(): void {
    this.#dueMs.fill(0)
  }

  /** Looks at those that are due; `look` answers when to do so again, and may remove the one it looks at. */
  look(nowMs: number, look: (item: Item) => number): void {
    // From the end: whoever takes the place of one that is removed has been looked at.
    for (let place = this.#items.length - 1; place >= 0; place--) {
      // Of those that are not due nothing else is touched.
      if ((this.#dueMs[place] ?? 0) > nowMs) continue
      const item = this.#items[place]
      if (item === undefined) continue
      const dueMs = look(item)
      if (this.#items[place] === item) this.#dueMs[place] = dueMs
    }
  }
}
