/** Who asks, and what that opens (design §2): a token, an API key, a ticket, or sitting at this very machine. */

import {
  demandPlace,
  type Identity,
  isExpired,
  isLocalPeer,
  isLoopbackAddress,
  type Role,
  roleIncludes,
  type TicketGrant,
  type Tickets,
  type Verifier,
} from '../../auth/index.js'
import type { Clock } from '../../base/clock.js'
import { FAULTS } from '../errors.js'
import { isLoopbackName } from './hosts.js'
import { isSameOrigin } from './origins.js'

/** Facts of a request that decide on access. */
export interface Asking {
  readonly address: string
  /** Of the Host header; undefined without one. */
  readonly hostName: string | undefined
  readonly hostHeader: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** The one in a query, and what it would have to be for; undefined where tickets open nothing. */
export interface Ticket {
  readonly value: string
  readonly purpose: string | undefined
}

export interface Access {
  readonly role: Role | undefined
  /** By token, key or ticket. */
  readonly identity: Identity | undefined
  /** Counts against the limit of its address. */
  readonly anonymous: boolean
}

export interface AccessOptions {
  readonly auth: 'strict' | 'none'
  readonly credentials: Verifier
  readonly tickets: Pick<Tickets, 'redeem'>
  readonly clock: Pick<Clock, 'wallMs'>
}

export class AccessControl {
  readonly #options: AccessOptions

  constructor(options: AccessOptions) {
    this.#options = options
  }

  /**
   * Throws 401 for a credential that is no good, whatever would be open without it: a client that believes to be logged in should
   * hear that it is not. A promise only while a key of an older edition is checked.
   */
  of(asking: Asking, ticket: Ticket | undefined): Access | Promise<Access> {
    const place = (identity: Identity): Identity =>
      demandPlace(identity, isLocalPeer(asking.address, Object.keys(asking.headers)))
    const identity = this.#identityOf(asking)
    if (identity instanceof Promise) return identity.then((proven) => known(place(proven)))
    if (identity !== undefined) return known(place(identity))
    if (ticket !== undefined) {
      const { identity } = this.#redeem(ticket)
      return { role: 'viewer', identity: identity && place(identity), anonymous: false }
    }
    if (this.#options.auth === 'none' || isDirectLoopback(asking)) {
      return { role: 'admin', identity: undefined, anonymous: !isLoopbackAddress(asking.address) }
    }
    return { role: undefined, identity: undefined, anonymous: true }
  }

  /** By what the headers carry; nothing without a credential. */
  #identityOf({ address, headers }: Asking): Identity | Promise<Identity> | undefined {
    const { authorization, 'x-api-key': key } = headers
    const { credentials } = this.#options
    if (typeof authorization === 'string') return credentials.verify(bearer(authorization), { address })
    if (key === undefined) return undefined
    return credentials.verify(key, { address, type: 'api_key' })
  }

  #redeem({ value, purpose }: Ticket): TicketGrant {
    const grant = purpose === undefined ? undefined : this.#options.tickets.redeem(value, purpose)
    const over = grant?.identity !== undefined && isExpired(grant.identity, this.#options.clock.wallMs())
    if (grant === undefined || over) throw FAULTS.authRequired('this ticket opens nothing here; ask for a new one')
    return grant
  }
}

/** Throws 401 or 403. */
export function demandRole(access: Access, needed: Role | undefined): void {
  if (needed === undefined) return
  if (access.role === undefined) {
    throw FAULTS.authRequired('Authentication required: a token or an API key, or a ticket where no header can be sent')
  }
  if (!roleIncludes(access.role, needed)) throw FAULTS.permissionDenied(needed)
}

/** A program or page of this machine, not somebody behind a proxy, a foreign page, or a name that resolves to us. */
export function isDirectLoopback({ address, hostName, hostHeader, headers }: Asking): boolean {
  if (hostName === undefined || !isLoopbackName(hostName) || !isLocalPeer(address, Object.keys(headers))) return false
  const { origin, 'sec-fetch-site': site } = headers
  if (origin !== undefined && (typeof origin !== 'string' || !isSameOrigin(origin, hostHeader))) return false
  return site === undefined || site === 'same-origin' || site === 'none'
}

function known(identity: Identity): Access {
  return { role: identity.role, identity, anonymous: false }
}

function bearer(authorization: string): string {
  const token = /^bearer +(\S+) *$/i.exec(authorization)?.[1]
  if (token === undefined) throw FAULTS.authRequired('Authorization must be Bearer and a token or an API key')
  return token
}
