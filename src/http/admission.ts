/** How many connections there may be: in all, before login, and before login from one address. */

import { Networks, networkOf } from '../auth/index.js'
import type { Refusal } from './handshake.js'

export interface AdmissionLimits {
  readonly maxConnections: number
  /** Connections that have not logged in yet, from everywhere; undefined: a tenth of `maxConnections`, at least 64. */
  readonly maxAnonymous: number | undefined
  /** As `maxAnonymous`, from one address; of IPv6 from one network, since that much one customer has. */
  readonly maxAnonymousPerAddress: number
  /** Addresses and networks that `maxAnonymousPerAddress` is not for. */
  readonly exemptAddresses: readonly string[]
}

const RETRY_AFTER_S = '5'

/** Whoever is admitted counts from then on, until it has gone. */
export interface Admission {
  readonly connections: number
  /** Why a connection from `address` is refused now; undefined: it is admitted. */
  admit(address: string): Refusal | undefined
  /** The connection has logged in for the first time. */
  loggedIn(address: string): void
  closed(address: string, loggedIn: boolean): void
}

/** For connections of one thread. */
export class OwnAdmission implements Admission {
  readonly #limits: AdmissionLimits
  readonly #networkOf: (address: string) => string | undefined
  readonly #anonymousByNetwork = new Map<string, number>()
  #connections = 0
  #anonymous = 0

  constructor(limits: AdmissionLimits) {
    this.#limits = limits
    this.#networkOf = countedNetwork(limits)
  }

  get connections(): number {
    return this.#connections
  }

  admit(address: string): Refusal | undefined {
    const network = this.#networkOf(address)
    const ofNetwork = network === undefined ? 0 : (this.#anonymousByNetwork.get(network) ?? 0)
    const refusal = refusalFor({ connections: this.#connections, anonymous: this.#anonymous, ofNetwork }, this.#limits)
    if (refusal !== undefined) return refusal
    this.#connections += 1
    this.#anonymous += 1
    if (network !== undefined) this.#anonymousByNetwork.set(network, ofNetwork + 1)
    return undefined
  }

  loggedIn(address: string): void {
    this.#anonymous -= 1
    const network = this.#networkOf(address)
    if (network === undefined) return
    const left = (this.#anonymousByNetwork.get(network) ?? 0) - 1
    if (left > 0) this.#anonymousByNetwork.set(network, left)
    else this.#anonymousByNetwork.delete(network)
  }

  closed(address: string, loggedIn: boolean): void {
    this.#connections -= 1
    if (!loggedIn) this.loggedIn(address)
  }
}

export interface Admitted {
  readonly connections: number
  readonly anonymous: number
  /** Without login, of the network that asks; 0 when it is exempt. */
  readonly ofNetwork: number
}

/** By what an address is counted before login; undefined: it is not. */
export function countedNetwork({ exemptAddresses }: AdmissionLimits): (address: string) => string | undefined {
  const exempt = new Networks(exemptAddresses)
  return (address) => (exempt.includes(address) ? undefined : networkOf(address))
}

/** Why one more connection is refused beside those that were admitted before; undefined when it is not. */
export function refusalFor(admitted: Admitted, limits: AdmissionLimits): Refusal | undefined {
  const { maxConnections, maxAnonymous = Math.max(64, Math.floor(maxConnections / 10)) } = limits
  if (admitted.connections >= maxConnections) return unavailable('Maximum connections reached')
  if (admitted.anonymous >= maxAnonymous) return unavailable('Too many connections without login')
  if (admitted.ofNetwork < limits.maxAnonymousPerAddress) return undefined
  return {
    status: '429 Too Many Requests',
    text: 'Too many connections without login',
    headers: { 'Retry-After': RETRY_AFTER_S },
  }
}

function unavailable(text: string): Refusal {
  return { status: '503 Service Unavailable', text, headers: { 'Retry-After': RETRY_AFTER_S } }
}
