/** Delay before attempt N: doubling from `firstMs` to `maxMs`, with full jitter unless `jitter` is 0. Pure. */
export interface BackoffOptions {
  readonly firstMs: number
  readonly maxMs: number
  /** Share of the delay that is random, 0 to 1. */
  readonly jitter: number
  /** Source of randomness in [0, 1). */
  readonly random: () => number
}

/** `attempt` counts from 0. Milliseconds. */
export function backoffMs(attempt: number, options: BackoffOptions): number {
  const full = Math.min(options.maxMs, options.firstMs * 2 ** Math.min(attempt, 30))
  return full * (1 - options.jitter * options.random())
}
