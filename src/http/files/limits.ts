/** How many downloads there may be, in all and of one identity. */

export interface DownloadLimits {
  readonly max: number
  readonly maxPerIdentity: number
}

export class DownloadSlots {
  readonly #limits: DownloadLimits
  readonly #byHolder = new Map<string, number>()
  #taken = 0

  constructor(limits: DownloadLimits) {
    this.#limits = limits
  }

  get taken(): number {
    return this.#taken
  }

  /** The function returned gives the slot back, once. `all`, `identity`: whose limit is reached. */
  take(holder: string): (() => void) | 'all' | 'identity' {
    const held = this.#byHolder.get(holder) ?? 0
    if (held >= this.#limits.maxPerIdentity) return 'identity'
    if (this.#taken >= this.#limits.max) return 'all'
    this.#taken += 1
    this.#byHolder.set(holder, held + 1)
    let given = false
    return () => {
      if (given) return
      given = true
      this.#taken -= 1
      const left = (this.#byHolder.get(holder) ?? 1) - 1
      if (left > 0) this.#byHolder.set(holder, left)
      else this.#byHolder.delete(holder)
    }
  }
}
