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

export class Admission {
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

  /** Why a connection from `address` is refused now, undefined when it is not. */
  refusal(address: string): Refusal | undefined {
    const { maxConnections, maxAnonymous = Math.max(64, Math.floor(maxConnections / 10)) } = this.#limits
    if (this.#connections >= maxConnections) return unavailable('Maximum connections reached')
    if (this.#anonymous >= maxAnonymous) return unavailable('Too many connections without login')
    if (!isLoopback(address) && (this.#anonymousByAddress.get(address) ?? 0) >= this.#limits.maxAnonymousPerAddress) {
      return {
        status: '429 Too Many Requests',
        text: 'Too many connections without login',
        headers: { 'Retry-After': RETRY_AFTER_S },
      }
    }
    return undefined
  }

  opened(address: string): void {
    this.#connections += 1
    this.#anonymous += 1
    this.#anonymousByAddress.set(address, (this.#anonymousByAddress.get(address) ?? 0) + 1)
  }

  /** The connection has logged in for the first time. */
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

function unavailable(text: string): Refusal {
  return { status: '503 Service Unavailable', text, headers: { 'Retry-After': RETRY_AFTER_S } }
}

/** The text form of uWebSockets.js writes IPv6 addresses in full. */
function isLoopback(address: string): boolean {
  return address.startsWith('127.') || /^(0000:){7}0001$/.test(address) || /^(0000:){5}ffff:7f/.test(address) || address === '::1'
}
