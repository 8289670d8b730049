// Interleaved rounds: every variant once per round, the order rotated, so that a slow minute of the machine hits all.

/** `variants`: name → function that measures once. Answers name → list of what it answered, one per round. */
export async function interleave(variants, rounds) {
  const names = Object.keys(variants)
  const values = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(round + i) % names.length]
      values[name].push(await variants[name]())
    }
  }
  return values
}
