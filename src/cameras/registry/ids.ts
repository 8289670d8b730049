/** Wire ids that stick to identities (design §8, v4l2-native §8 "replug matching"). Pure: the caller keeps and stores the table. */

export interface KnownCamera {
  /** N of `cameraN`. */
  readonly number: number
  /** `VID:PID`, empty when the bus has none. */
  readonly model: string
  /** `controller/portchain`, empty when the bus has none. */
  readonly port: string
}

/** Identity key → what is remembered of it. One entry per number. */
export type IdTable = ReadonlyMap<string, KnownCamera>

export interface SeenCamera {
  readonly id: string
  /** Earlier keys of the same camera. */
  readonly aliases: readonly string[]
  readonly model: string
  readonly port: string
  /** N of `/dev/videoN` at this sight; absent for virtual cameras. */
  readonly nodeNumber?: number | undefined
}

export interface Surroundings {
  /** Identity key → number, from the configuration. */
  readonly pins: ReadonlyMap<string, number>
  /** Keys of cameras that left while this process ran: only such a one can have moved to another port. */
  readonly left: ReadonlySet<string>
  /** Keys of cameras that are plugged in now. */
  readonly present: ReadonlySet<string>
}

/**
 * The number of a camera just seen, and the table with it (the same one when it says so already). A pin wins; else the number it had under this key or an earlier one; else
 * that of an absent camera of the same model at the same port; else that of the only camera of its model that left; else the
 * number of its node; else the lowest free one.
 */
export function assignNumber(
  table: IdTable,
  seen: SeenCamera,
  around: Surroundings,
): { readonly number: number; readonly table: IdTable } {
  const keys = [seen.id, ...seen.aliases]
  const pinned = keys.map((key) => around.pins.get(key)).find((number) => number !== undefined)
  const former = keys.find((key) => table.has(key)) ?? samePort(table, seen, around) ?? onlyOneThatLeft(table, seen, around)
  const number = pinned ?? formerNumber(table, former, around.pins) ?? freeNumber(table, around.pins, seen.nodeNumber)

  const known = table.get(seen.id)
  // The usual case, a camera that came back: the same table tells the caller that there is nothing to store.
  if (known?.number === number && known.model === seen.model && known.port === seen.port) return { number, table }

  const next = new Map<string, KnownCamera>()
  for (const [key, other] of table) {
    // One key per number: the former key of this camera goes, and so does whoever held a number that is pinned now.
    if (key !== former && other.number !== number) next.set(key, other)
  }
  next.set(seen.id, { number, model: seen.model, port: seen.port })
  return { number, table: next }
}

/** A number that the configuration has since pinned to another camera is lost. */
function formerNumber(table: IdTable, former: string | undefined, pins: ReadonlyMap<string, number>): number | undefined {
  const number = former === undefined ? undefined : table.get(former)?.number
  return number !== undefined && [...pins.values()].includes(number) ? undefined : number
}

function samePort(table: IdTable, seen: SeenCamera, around: Surroundings): string | undefined {
  if (seen.model === '' || seen.port === '') return undefined
  return absent(table, around).find(([, known]) => known.model === seen.model && known.port === seen.port)?.[0]
}

function onlyOneThatLeft(table: IdTable, seen: SeenCamera, around: Surroundings): string | undefined {
  if (seen.model === '') return undefined
  const candidates = absent(table, around).filter(([key, known]) => known.model === seen.model && around.left.has(key))
  return candidates.length === 1 ? candidates[0]?.[0] : undefined
}

function absent(table: IdTable, around: Surroundings): [string, KnownCamera][] {
  return [...table].filter(([key]) => !around.present.has(key))
}

function freeNumber(table: IdTable, pins: ReadonlyMap<string, number>, wanted: number | undefined): number {
  const taken = new Set([...[...table.values()].map((known) => known.number), ...pins.values()])
  if (wanted !== undefined && !taken.has(wanted)) return wanted
  let lowest = 0
  while (taken.has(lowest)) lowest += 1
  return lowest
}
