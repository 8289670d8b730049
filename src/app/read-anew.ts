/** Settings that a reload may change: what is in force is read each time one of them is looked at. */

type Members = Readonly<Record<string, () => unknown>>

/** `fixed` with further members, each of which answers what its function returns at that moment. */
export function readAnew<Fixed extends object, Live extends Members>(
  fixed: Fixed,
  live: Live,
): Fixed & { readonly [Name in keyof Live]: ReturnType<Live[Name]> } {
  const getters = Object.entries(live).map(([name, get]) => [name, { get, enumerable: true }])
  const both: object = Object.defineProperties(fixed, Object.fromEntries(getters))
  return both as ReturnType<typeof readAnew<Fixed, Live>>
}
