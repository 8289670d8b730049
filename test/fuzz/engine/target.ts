/** What is fuzzed: a parser, inputs that it took once, and words that mean something to it. */

export interface FuzzTarget {
  /** Sources that read the bytes: the seeds reach their lines (test/fuzz/coverage.mjs). */
  readonly parsers: readonly string[]
  /** Good inputs, and old findings. */
  readonly seeds: readonly (string | Uint8Array)[]
  /** Pieces that are put in. */
  readonly words: readonly (string | Uint8Array)[]
  /** Throws what is a finding; a refusal of bad input is none. */
  run(input: Buffer): void | Promise<void>
}
