/** How fast one address may open connections and ask for upgrades (reliability-security §1.2). */

import { Networks, networkOf, OwnRates, type Rate, type Rates, SharedRates } from '../auth/index.js'
import type { Clock } from '../base/clock.js'
import type { Refusal } from './handshake.js'

/** Read anew now and then, so they may be getters. */
export interface AddressRateLimits {
  readonly acceptRate: Rate
  readonly upgradeRate: Rate
  /** Addresses and networks that are never limited. */
  readonly exemptAddresses: readonly string[]
}

/** Of threads that share a port. */
export interface SharedAddressRates {
  readonly accept: SharedArrayBuffer
  readonly upgrade: SharedArrayBuffer
}

const MS_PER_SECOND = 1_000

export class AddressRates {
  readonly #limits: AddressRateLimits
  readonly #clock: Clock
  readonly #exempt: Networks
  readonly #accept: Rates
  readonly #upgrade: Rates

  constructor(limits: AddressRateLimits, clock: Clock, shared: SharedAddressRates | undefined) {
    const { acceptRate, upgradeRate, exemptAddresses } = limits
    this.#limits = limits
    this.#clock = clock
    this.#exempt = new Networks(exemptAddresses)
    this.#accept = shared ? new SharedRates(shared.accept, acceptRate, clock) : new OwnRates({ rate: acceptRate, clock })
    this.#upgrade = shared ? new SharedRates(shared.upgrade, upgradeRate, clock) : new OwnRates({ rate: upgradeRate, clock })
  }

  /** Takes over limits that have changed. */
  refresh(): void {
    this.#accept.change(this.#limits.acceptRate)
    this.#upgrade.change(this.#limits.upgradeRate)
  }

  /** Whether a connection that came may stay. */
  accepts(address: string): boolean {
    return this.#exempt.includes(address) || this.#accept.place(networkOf(address)).take(this.#clock.nowMs()) === 0
  }

  upgrade(address: string): Refusal | undefined {
    if (this.#exempt.includes(address)) return undefined
    const waitMs = this.#upgrade.place(networkOf(address)).take(this.#clock.nowMs())
    if (waitMs === 0) return undefined
    return {
      status: '429 Too Many Requests',
      text: 'Too many connections in a short time',
      headers: { 'Retry-After': String(Math.ceil(waitMs / MS_PER_SECOND)) },
    }
  }
}
