/** The same program, counting its branches in `globalThis.fuzzCounters`. */
export function instrument(code: string): string
