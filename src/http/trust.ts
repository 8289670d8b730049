/** Who gets the pages that answer without credentials in full: this machine, listed addresses, and whoever shows a token. */

import { BlockList, isIP } from 'node:net'
import { type Asking, demandPlace, type Identity, isLoopbackAddress } from '../auth/index.js'
import type { Call } from './routes.js'

/** Checks what clients show of themselves. */
export interface CredentialPort {
  /** Throws ServiceError AUTH_REQUIRED, AUTH_FAILED or RATE_LIMITED. */
  verify(credential: string, asking: Asking): Identity
}

const BEARER = /^Bearer +(\S+)$/i

/** The identity behind the token or API key of a request. Throws ServiceError AUTH_REQUIRED, AUTH_FAILED or RATE_LIMITED. */
export function identityOf(call: Call, credentials: CredentialPort): Identity {
  const { headers, local, address } = call
  // Two of them are a trick: one for a proxy in front, one for us.
  const shown = headers.count('authorization') === 1 ? (BEARER.exec(headers.get('authorization'))?.[1] ?? '') : ''
  if (headers.count('authorization') === 0 && headers.count('x-api-key') === 1) {
    return demandPlace(credentials.verify(headers.get('x-api-key'), { address, type: 'api_key' }), local)
  }
  return demandPlace(credentials.verify(shown, { address }), local)
}

export class Trust {
  readonly #addresses = new BlockList()
  readonly #credentials: CredentialPort

  /** `allowed`: addresses, and networks such as `10.0.0.0/8`. */
  constructor(allowed: readonly string[], credentials: CredentialPort) {
    this.#credentials = credentials
    for (const entry of allowed) {
      const [address = '', prefix] = entry.split('/')
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
      if (prefix === undefined) this.#addresses.addAddress(address, family)
      else this.#addresses.addSubnet(address, Number(prefix), family)
    }
  }

  /** Every role may see what these pages show. */
  includes(call: Call): boolean {
    if (call.local) return true
    // Behind a proxy on this machine the address is the proxy's, and says nothing.
    if (!isLoopbackAddress(call.address) && this.#listed(call.address)) return true
    try {
      identityOf(call, this.#credentials)
      return true
    } catch {
      return false
    }
  }

  #listed(address: string): boolean {
    const mapped = /^(?:0000:){5}ffff:([0-9a-f]{2})([0-9a-f]{2}):([0-9a-f]{2})([0-9a-f]{2})$/i.exec(address)
    if (mapped !== null) {
      const plain = mapped.slice(1).map((byte) => Number.parseInt(byte, 16))
      return this.#addresses.check(plain.join('.'), 'ipv4')
    }
    const family = isIP(address)
    return family !== 0 && this.#addresses.check(address, family === 6 ? 'ipv6' : 'ipv4')
  }
}
