/** Ids that the camera face's configuration gives to cameras by path (usb-camera-server §2.6). Pure. */

import { type Findable, isNamed, nodeIndex } from './camera-path.js'

/** The camera that `path` names is `cameraN`. */
export interface Selection {
  /** N of `cameraN`. */
  readonly number: number
  readonly path: string
}

/** A camera that is plugged in, with the number it has. */
export interface Held extends Findable {
  readonly number: number
  /** Its identity key, and earlier ones. */
  readonly keys: readonly string[]
}

type Pins = ReadonlyMap<string, number>

export interface Appearance extends Findable {
  /** Its identity key, and earlier ones. */
  readonly keys: readonly [string, ...string[]]
  /** It had a number before. */
  readonly isKnown: boolean
  /** Numbers of other cameras that are plugged in. */
  readonly taken: ReadonlySet<number>
}

/**
 * The pins for a camera that appears: those of the configuration, which win, and with them what the selections say. A number that is
 * selected for a camera is kept free for it. A node says only which of the cameras never seen before is meant: it is no identity.
 */
export function withSelections(pins: Pins, selections: readonly Selection[], seen: Appearance): Pins {
  const all = new Map(pins)
  for (const { number, path } of unpinned(selections, pins)) {
    const isNode = nodeIndex(path) !== undefined
    const isMeant = isNamed(seen, path) && !(isNode && seen.isKnown) && !seen.taken.has(number)
    if (isMeant && !seen.keys.some((key) => all.has(key))) all.set(seen.keys[0], number)
    else if (!isNode) all.set(`selected for camera${number}`, number)
  }
  return all
}

/** The cameras that have another number than the selections say: those that get one of these first, then those that lose theirs. */
export function misplaced<Camera extends Held>(
  cameras: readonly Camera[],
  selections: readonly Selection[],
  pins: Pins,
): Camera[] {
  const free = cameras.filter(({ keys }) => !keys.some((key) => pins.has(key)))
  const meant = new Map<Camera, number>()
  const claimed = new Set<number>()
  for (const { number, path } of unpinned(selections, pins)) {
    const named = free.filter((camera) => isNamed(camera, path) && !meant.has(camera))
    const camera = named.find((each) => each.number === number) ?? named[0]
    if (camera !== undefined) meant.set(camera, number)
    if (camera !== undefined || nodeIndex(path) === undefined) claimed.add(number)
  }
  const comes = free.filter((camera) => meant.has(camera) && meant.get(camera) !== camera.number)
  const goes = free.filter((camera) => !meant.has(camera) && claimed.has(camera.number))
  return [...comes, ...goes]
}

function unpinned(selections: readonly Selection[], pins: Pins): Selection[] {
  const numbers = new Set(pins.values())
  return selections.filter(({ number }) => !numbers.has(number))
}
