/**
 * Tickets for URLs that cannot carry a header (`<img>`): random, for one purpose, valid for a moment. They live in memory only, so a
 * restart ends them all, and whoever reads one in a log or a history reads something that is over.
 */

import { randomBytes } from 'node:crypto'
import type { Clock } from '../base/clock.js'
import { ServiceError } from '../base/errors.js'
import type { Identity } from './claims.js'

const BYTES = 24
const DEFAULT_MAX = 10_000
const DEFAULT_MAX_PER_HOLDER = 256

export interface TicketsOptions {
  readonly clock: Pick<Clock, 'nowMs'>
  /** How long a ticket opens its purpose. */
  readonly lifetimeMs: number
  /** Tickets that may be open at once; more are refused, so that nobody can push out another's. Default 10 000. */
  readonly max?: number
  /** Of these, tickets of one holder; the next is refused until one of its own ends or is used up. Default 256. */
  readonly maxPerHolder?: number
}

export interface TicketWish {
  /** What exactly it opens; compared as a whole. */
  readonly purpose: string
  /** Whose share it takes: the user of a token, else the address. */
  readonly holder: string
  /** Gone with its first use. */
  readonly once: boolean
  /** Who asked for it; undefined where no token is needed. */
  readonly identity?: Identity | undefined
}

export interface TicketGrant {
  readonly identity: Identity | undefined
}

interface Issued extends TicketWish {
  readonly endsAtMs: number
}

export class Tickets {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #max: number
  readonly #maxPerHolder: number
  readonly #lifetimeMs: number
  /** In the order of issue, which is the order of ending. */
  readonly #issued = new Map<string, Issued>()
  readonly #perHolder = new Map<string, number>()

  constructor({ clock, lifetimeMs, max = DEFAULT_MAX, maxPerHolder = DEFAULT_MAX_PER_HOLDER }: TicketsOptions) {
    this.#clock = clock
    this.#lifetimeMs = lifetimeMs
    this.#max = max
    this.#maxPerHolder = maxPerHolder
  }

  /** A fresh ticket. Throws RATE_LIMITED while too many are open, of this holder or in all. */
  issue(wish: TicketWish): { readonly ticket: string; readonly lifetimeMs: number } {
    this.#dropEnded()
    if (this.#issued.size >= this.#max) throw new ServiceError('RATE_LIMITED', { details: 'too many tickets are open' })
    const held = this.#perHolder.get(wish.holder) ?? 0
    if (held >= this.#maxPerHolder) {
      throw new ServiceError('RATE_LIMITED', {
        details: `too many tickets of yours are open: at most ${this.#maxPerHolder} at once`,
      })
    }
    this.#perHolder.set(wish.holder, held + 1)
    const ticket = randomBytes(BYTES).toString('base64url')
    this.#issued.set(ticket, { ...wish, endsAtMs: this.#clock.nowMs() + this.#lifetimeMs })
    return { ticket, lifetimeMs: this.#lifetimeMs }
  }

  /** What the ticket grants; undefined when it is unknown, over, used up or for something else. A wrong purpose uses nothing up. */
  redeem(ticket: string, purpose: string): TicketGrant | undefined {
    const issued = this.#issued.get(ticket)
    if (issued === undefined || issued.purpose !== purpose || issued.endsAtMs <= this.#clock.nowMs()) return undefined
    if (issued.once) this.#drop(ticket, issued)
    return { identity: issued.identity }
  }

  #dropEnded(): void {
    const nowMs = this.#clock.nowMs()
    for (const [ticket, issued] of this.#issued) {
      if (issued.endsAtMs > nowMs) return
      this.#drop(ticket, issued)
    }
  }

  #drop(ticket: string, { holder }: Issued): void {
    this.#issued.delete(ticket)
    const left = (this.#perHolder.get(holder) ?? 1) - 1
    if (left > 0) this.#perHolder.set(holder, left)
    else this.#perHolder.delete(holder)
  }
}
