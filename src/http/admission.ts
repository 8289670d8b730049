/** How many connections there may be: in all, before login, and before login from one address. */

import type { Refusal } from './handshake.js'

export interface AdmissionLimits {
  readonly maxConnections: number
  /** Connections that have not logged in yet, from everywhere; undefined: a tenth of `maxConnections`, at least 64. */
  readonly maxAnonymous: number | undefined
  /** As `maxAnonymous`, from one address; loopback addresses are exempt. */
  readonly maxAnonymousPerAddress: number
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
  readonly #anonymousByAddress = new Map<string, number>()
  #connections = 0
  #anonymous = 0

  constructor(limits: AdmissionLimits) {
    this.#limits = limits
  }

  get connections(): number {
    return this.#connections
  }

  admit(address: string): Refusal | undefined {
    const ofAddress = this.#anonymousByAddress.get(address) ?? 0
    const refusal = refusalFor(address, { connections: this.#connections, anonymous: this.#anonymous, ofAddress }, this.#limits)
    if (refusal !== undefined) return refusal
    this.#connections += 1
    this.#anonymous += 1
    this.#anonymousByAddress.set(address, ofAddress + 1)
    return undefined
  }

  loggedIn(address: string): void {
    this.#anonymous -= 1
    const left = (this.#anonymousByAddress.get(address) ?? 0) - 1
    if (left > 0) this.#anonymousByAddress.set(address, left)
    else this.#anonymousByAddress.delete(address)
  }

  closed(address: string, loggedIn: boolean): void {
    this.#connections -= 1
    if (!loggedIn) this.loggedIn(address)
  }
}

export interface Admitted {
  readonly connections: number
  readonly anonymous: number
  /** Without login, of the address that asks. */
  readonly ofAddress: number
}

/** Why one more connection from `address` is refused beside those that were admitted before; undefined when it is not. */
export function refusalFor(address: string, admitted: Admitted, limits: AdmissionLimits): Refusal | undefined {
  const { maxConnections, maxAnonymous = Math.max(64, Math.floor(maxConnections / 10)) } = limits
  if (admitted.connections >= maxConnections) return unavailable('Maximum connections reached')
  if (admitted.anonymous >= maxAnonymous) return unavailable('Too many connections without login')
  if (admitted.ofAddress < limits.maxAnonymousPerAddress || isLoopback(address)) return undefined
  return {
    status: '429 Too Many Requests',
    text: 'Too many connections without login',
    headers: { 'Retry-After': RETRY_AFTER_S },
  }
}

function unavailable(text: string): Refusal {
  return { status: '503 Service Unavailable', text, headers: { 'Retry-After': RETRY_AFTER_S } }
}

/** The text form of uWebSockets.js writes IPv6 addresses in full. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || /^(0000:){7}0001$/.test(address) || /^(0000:){5}ffff:7f/.test(address) || address === '::1'
}
