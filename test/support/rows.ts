/**
 * Some rows of the reliability requirements last longer than a whole test run may, or are random. `npm run test:rows` runs them to
 * their letter; `npm test` runs a shorter form, which its name says. What is random is made from a seed that is printed.
 */

const FULL = process.env.FULL_ROWS === '1'

/** The row's own figure, or the one of `npm test`. */
export function full(ofRow: number, otherwise: number): number {
  return FULL ? ofRow : otherwise
}

/** For the name of a test: what of the row it is. */
export function extent(unit: string, ofRow: number, otherwise: number): string {
  return FULL ? `${ofRow} ${unit}` : `${otherwise} of the row's ${ofRow} ${unit}; all with npm run test:rows`
}

/** Given by `SEED`, else new; printed, so that what failed can be run again. */
export function seed(what: string): number {
  const value = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
  console.info(`${what}: SEED=${value}`)
  return value
}

/** From 0 to 1, the same for the same seed. */
export function randomFrom(start: number): () => number {
  let state = start >>> 0
  return () => {
    // Marsaglia's xorshift, behind a multiplication that spreads small seeds.
    state = Math.imul(state ^ 0x9e3779b9, 0x85ebca6b) >>> 0 || 1
    state ^= state << 13
    state ^= state >>> 17
    state = (state ^ (state << 5)) >>> 0
    return state / 2 ** 32
  }
}
