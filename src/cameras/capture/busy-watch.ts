/** Why a camera is busy, and when it is not any more: names the owner and notices that it let go, between attempts. */

import type { Clock } from '../../base/clock.js'
import type { DeviceOwner } from './device-owner.js'

export interface OwnerLookup {
  find(node: string): Promise<DeviceOwner | undefined>
  holds(owner: DeviceOwner, node: string): Promise<boolean>
}

export interface BusyWatchOptions {
  readonly clock: Clock
  readonly lookup: OwnerLookup
  /** The owner; undefined when it cannot be seen. */
  readonly named: (owner: DeviceOwner | undefined) => void
  readonly freed: () => void
}

export class BusyWatch {
  readonly #options: BusyWatchOptions
  /** Grows with each start and stop: late answers are nobody's. */
  #turn = 0
  #cancel: (() => void) | undefined
  /** Found last: a look at one process is a small part of a look at all. */
  #known: DeviceOwner | undefined

  constructor(options: BusyWatchOptions) {
    this.#options = options
  }

  /** Looks begin `everyMs` after one another, however long each takes: who lets go is noticed within that time. */
  start(node: string, everyMs: number): void {
    this.stop()
    const turn = this.#turn
    const next = this.#later(everyMs)
    const left = (): void => {
      if (turn !== this.#turn) return
      this.#known = undefined
      next(() => this.#options.freed())
    }
    void this.#find(node, left).then((owner) => {
      if (turn !== this.#turn) return
      this.#known = owner
      this.#options.named(owner)
      if (turn === this.#turn && owner !== undefined) next(() => this.#watch(owner, node, everyMs, turn))
    })
  }

  stop(): void {
    this.#turn += 1
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** `left`: who held it let go between the attempt and this look; whether another took it since takes longer to see. */
  async #find(node: string, left: () => void): Promise<DeviceOwner | undefined> {
    const { lookup } = this.#options
    const known = this.#known
    if (known === undefined) return lookup.find(node)
    if (await lookup.holds(known, node)) return known
    left()
    return lookup.find(node)
  }

  #watch(owner: DeviceOwner, node: string, everyMs: number, turn: number): void {
    const next = this.#later(everyMs)
    void this.#options.lookup.holds(owner, node).then((held) => {
      if (turn !== this.#turn) return
      if (held) next(() => this.#watch(owner, node, everyMs, turn))
      else this.#options.freed()
    })
  }

  /** Has a task run `delayMs` after this call, not after its own; of several the last one. */
  #later(delayMs: number): (task: () => void) => void {
    const { clock } = this.#options
    const dueMs = clock.nowMs() + delayMs
    return (task) => {
      this.#cancel?.()
      this.#cancel = clock.after(Math.max(0, dueMs - clock.nowMs()), task)
    }
  }
}
