/** Which camera has which number: what was assigned before, what the configuration says, and who is plugged in. */

import { isDeepStrictEqual } from 'node:util'
import type { DeviceState } from '../../native/index.js'
import { assignNumber, type IdTable } from './ids.js'
import { misplaced, type Selection, withSelections } from './selections.js'

export interface IdBookOptions {
  /** Identity key → N of `cameraN`. */
  readonly pins: ReadonlyMap<string, number>
  readonly selections?: readonly Selection[]
  /** Ids of earlier runs. */
  readonly ids: IdTable
  /** Hears of each new table of ids, to keep it. */
  readonly onIds: (ids: IdTable) => void
}

/** A camera that is plugged in. */
export interface Numbered {
  readonly number: number
  readonly identity: string
  readonly state: DeviceState
}

export class IdBook {
  readonly #options: IdBookOptions
  readonly #left = new Set<string>()
  #selections: readonly Selection[]
  #ids: IdTable

  constructor(options: IdBookOptions) {
    this.#options = options
    this.#selections = options.selections ?? []
    this.#ids = options.ids
  }

  /** N of a camera that appears; `around`: those that are plugged in. */
  assign(state: DeviceState, around: () => readonly Numbered[]): number {
    return this.#formerNumber(state) ?? this.#assign(state, around())
  }

  /** The usual case, and all there is to it: a camera came back as it was, and nobody gives ids by hand. */
  #formerNumber({ identity }: DeviceState): number | undefined {
    if (this.#selections.length > 0 || this.#options.pins.size > 0) return undefined
    const known = this.#ids.get(identity.id)
    return known !== undefined && known.model === modelOf(identity) && known.port === identity.port ? known.number : undefined
  }

  #assign(state: DeviceState, present: readonly Numbered[]): number {
    const { identity, node, virtual } = state
    const keys = keysOf(state)
    const pins = withSelections(this.#options.pins, this.#selections, {
      keys,
      node,
      hardware: identity,
      isKnown: keys.some((key) => this.#ids.has(key)),
      taken: new Set(present.filter((other) => !keys.includes(other.identity)).map(({ number }) => number)),
    })
    const seen = {
      id: identity.id,
      aliases: identity.aliases,
      model: modelOf(identity),
      port: identity.port,
      nodeNumber: virtual ? undefined : nodeNumber(node),
    }
    const around = { pins, left: this.#left, present: new Set(present.map((other) => other.identity)) }
    const { number, table } = assignNumber(this.#ids, seen, around)
    if (table !== this.#ids) {
      this.#ids = table
      this.#options.onIds(table)
    }
    return number
  }

  /** It left while this process runs. */
  left(identity: string): void {
    this.#left.add(identity)
  }

  /** Takes other selections. The cameras that have to appear anew for them, in that order; their numbers are forgotten. */
  select(selections: readonly Selection[], present: readonly Numbered[]): DeviceState[] {
    if (isDeepStrictEqual(selections, this.#selections)) return []
    this.#selections = selections
    const held = present.map(({ number, state }) => {
      return { number, keys: keysOf(state), node: state.node, hardware: state.identity, state }
    })
    const movers = misplaced(held, selections, this.#options.pins)
    const forgotten = new Set(movers.flatMap(({ keys }) => keys))
    if (forgotten.size > 0) this.#ids = new Map([...this.#ids].filter(([key]) => !forgotten.has(key)))
    return movers.map(({ state }) => state)
  }
}

function keysOf({ identity }: DeviceState): readonly [string, ...string[]] {
  return [identity.id, ...identity.aliases]
}

function modelOf({ vid, pid }: DeviceState['identity']): string {
  return vid === '' ? '' : `${vid}:${pid}`
}

/** N of `/dev/videoN`, or of `cameraN`. */
export function nodeNumber(node: string): number | undefined {
  const digits = /(\d+)$/.exec(node)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
