/**
 * What threads that share a port have to know of each other at once: how many connections there are, how many of them have not logged
 * in, what they hold in memory, and how loaded each is. Each thread writes its own row; limits are judged by the sum. One that dies has its row wiped.
 */

import type { LoadStage } from '../base/load.js'
import { type Admission, type AdmissionLimits, countedNetwork, refusalFor } from './admission.js'
import type { Refusal } from './handshake.js'

/** Clients so far, and a secret that nobody outside can aim at. */
const NEXT_CLIENT = 0
const SEED = 1
/** Stage of load of the thread with the services. */
const HOME_LOAD = 2
const HEAD = 3
/** Of a row. */
const CONNECTIONS = 0
const ANONYMOUS = 1
const HELD_KIB = 2
const LOAD = 3
const ADDRESSES = 4
/**
 * Addresses are counted by hash: two that meet in one place share the limit of one. There are few strangers without login at any
 * moment and many places, so that they hardly ever do; if so, the limit is stricter than told.
 */
const PLACES = 16_384
const ROW = ADDRESSES + PLACES
const KIB = 1024

export class ConnectionCounts {
  /** To be handed to the other threads. */
  readonly buffer: SharedArrayBuffer
  readonly #cells: Int32Array
  readonly #rows: number

  /** Fresh for `rows` threads with `seed`, a random 32-bit integer; or those of another thread. */
  constructor(from: { readonly rows: number; readonly seed: number } | SharedArrayBuffer) {
    this.buffer = from instanceof SharedArrayBuffer ? from : new SharedArrayBuffer((HEAD + from.rows * ROW) * 4)
    this.#cells = new Int32Array(this.buffer)
    this.#rows = Math.floor((this.#cells.length - HEAD) / ROW)
    if (!(from instanceof SharedArrayBuffer)) this.#cells[SEED] = from.seed
  }

  /** Of all threads. */
  get connections(): number {
    return this.#sum(CONNECTIONS)
  }

  /** Stage of load of the most loaded thread. */
  get load(): LoadStage {
    let most = Atomics.load(this.#cells, HOME_LOAD)
    for (let row = 0; row < this.#rows; row++) most = Math.max(most, Atomics.load(this.#cells, HEAD + row * ROW + LOAD))
    return most as LoadStage
  }

  /** Notes the stage of load of `row`; undefined: of the thread with the services. */
  setLoad(row: number | undefined, stage: LoadStage): void {
    Atomics.store(this.#cells, row === undefined ? HOME_LOAD : HEAD + row * ROW + LOAD, stage)
  }

  /** N of the next `client_N`, counted over all threads from 1. */
  nextClient(): number {
    return Atomics.add(this.#cells, NEXT_CLIENT, 1) + 1
  }

  /** Notes what the connections of `row` hold; bytes held by all threads. */
  held(row: number, bytes: number): number {
    Atomics.store(this.#cells, HEAD + row * ROW + HELD_KIB, Math.ceil(bytes / KIB))
    return this.heldBytes
  }

  /** As every thread noted it last. */
  get heldBytes(): number {
    return this.#sum(HELD_KIB) * KIB
  }

  /** The limits as the thread of `row` applies them. */
  admission(row: number, limits: AdmissionLimits): Admission {
    const add = (field: number, count: number): number => Atomics.add(this.#cells, HEAD + row * ROW + field, count)
    const networkOf = countedNetwork(limits)
    const counted = (address: string, connections: number, anonymous: number): void => {
      add(CONNECTIONS, connections)
      add(ANONYMOUS, anonymous)
      const network = networkOf(address)
      if (network !== undefined) add(ADDRESSES + this.#placeOf(network), anonymous)
    }
    const refusal = (address: string): Refusal | undefined => {
      // Counted first and looked at then: two threads that both take the last place both let it go again.
      counted(address, 1, 1)
      const network = networkOf(address)
      const before = {
        connections: this.#sum(CONNECTIONS) - 1,
        anonymous: this.#sum(ANONYMOUS) - 1,
        ofNetwork: network === undefined ? 0 : this.#sum(ADDRESSES + this.#placeOf(network)) - 1,
      }
      const reason = refusalFor(before, limits)
      if (reason !== undefined) counted(address, -1, -1)
      return reason
    }
    const own = (): number => Atomics.load(this.#cells, HEAD + row * ROW + CONNECTIONS)
    return {
      get connections() {
        return own()
      },
      admit: refusal,
      loggedIn: (address) => counted(address, 0, -1),
      closed: (address, loggedIn) => counted(address, -1, loggedIn ? 0 : -1),
    }
  }

  /** Forgets the connections of a thread that is no more. */
  wipe(row: number): void {
    for (let at = HEAD + row * ROW; at < HEAD + (row + 1) * ROW; at++) Atomics.store(this.#cells, at, 0)
  }

  #sum(field: number): number {
    let sum = 0
    for (let row = 0; row < this.#rows; row++) sum += Atomics.load(this.#cells, HEAD + row * ROW + field)
    return sum
  }

  /** FNV-1a, begun with the seed. */
  #placeOf(network: string): number {
    let hash = this.#cells[SEED] ?? 0
    for (let at = 0; at < network.length; at++) hash = Math.imul(hash ^ network.charCodeAt(at), 0x01000193)
    return (hash ^ (hash >>> 15)) & (PLACES - 1)
  }
}
