/** Counts under words, such as a reason or a method and a code. Plain records come out, so that threads can be summed up. */

export type Counts = Readonly<Record<string, number>>

export class Tally {
  readonly #counts = new Map<string, number>()

  add(key: string, by = 1): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + by)
  }

  get counts(): Counts {
    return Object.fromEntries(this.#counts)
  }
}

export function summed(all: readonly Counts[]): Counts {
  const tally = new Tally()
  for (const counts of all) for (const [key, count] of Object.entries(counts)) tally.add(key, count)
  return tally.counts
}
