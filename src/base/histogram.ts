/** Durations counted by size. Adding one allocates nothing; plain figures come out, so that threads can be summed up. */

/** Upper ends, seconds: 50 µs to 1 s (reliability-security §4). */
export const DURATION_BUCKETS = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
] as const

export interface Durations {
  /** Of each bucket alone; the last holds what is longer than all. */
  readonly counts: readonly number[]
  readonly sumSeconds: number
}

export const NO_DURATIONS: Durations = { counts: [], sumSeconds: 0 }

const ENDS_MS = Float64Array.from(DURATION_BUCKETS, (seconds) => seconds * 1_000)

export class Histogram {
  readonly #counts = new Float64Array(ENDS_MS.length + 1)
  #sumMs = 0

  add(ms: number): void {
    let at = 0
    while (at < ENDS_MS.length && ms > (ENDS_MS[at] ?? 0)) at += 1
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
    this.#sumMs += ms
  }

  get durations(): Durations {
    return { counts: [...this.#counts], sumSeconds: this.#sumMs / 1_000 }
  }
}

export function sumOfDurations(all: readonly Durations[]): Durations {
  const counts = new Array<number>(DURATION_BUCKETS.length + 1).fill(0)
  for (const { counts: some } of all) for (const [at, count] of some.entries()) counts[at] = (counts[at] ?? 0) + count
  return { counts, sumSeconds: all.reduce((sum, { sumSeconds }) => sum + sumSeconds, 0) }
}
