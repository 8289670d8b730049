/** One string for all that read the same: two of them are compared by their place, and thousands of owners share one piece of memory. */
export class Interned {
  readonly #known = new Map<string, string>()
  readonly #most: number

  /** `most`: as many are remembered, then it begins anew. */
  constructor(most: number) {
    this.#most = most
  }

  /** Remembered now. */
  get size(): number {
    return this.#known.size
  }

  of(text: string): string {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    if (this.#known.size >= this.#most) this.#known.clear()
    this.#known.set(text, text)
    return text
  }
}
