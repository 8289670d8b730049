/** Who a request comes from, and who gets the pages that answer without credentials in full. */

import { BlockList, isIP } from 'node:net'
import { demandPlace, type Identity, isLoopbackAddress, type Verifier } from '../auth/index.js'
import type { Call } from './routes.js'

/** Checks what clients show of themselves. */
export type CredentialPort = Verifier

const BEARER = /^Bearer +(\S+)$/i

/** The identity behind the token or API key of a request. Rejects with AUTH_REQUIRED, AUTH_FAILED or RATE_LIMITED. */
export async function identityOf(call: Call, credentials: CredentialPort): Promise<Identity> {
  const { headers, local, address } = call
  if (headers.count('authorization') === 0 && headers.count('x-api-key') === 1) {
    return demandPlace(await credentials.verify(headers.get('x-api-key'), { address, type: 'api_key' }), local)
  }
  // Two of them are a trick: one for a proxy in front, one for us.
  const bearer = headers.count('authorization') === 1 ? BEARER.exec(headers.get('authorization'))?.[1] : undefined
  return demandPlace(await credentials.verify(bearer, { address }), local)
}

export class Trust {
  readonly #addresses = new BlockList()
  readonly #credentials: CredentialPort

  /** `allowed`: addresses, and networks such as `10.0.0.0/8`. */
  constructor(allowed: readonly string[], credentials: CredentialPort) {
    this.#credentials = credentials
    for (const entry of allowed) {
      const [address = '', prefix] = entry.split('/')
      const family = address.includes(':') ? 'ipv6' : 'ipv4'
      if (prefix === undefined) this.#addresses.addAddress(address, family)
      else this.#addresses.addSubnet(address, Number(prefix), family)
    }
  }

  /** Every role may see what these pages show. A promise only where credentials have to be checked. */
  includes(call: Call): boolean | Promise<boolean> {
    if (call.local) return true
    // Behind a proxy on this machine the address is the proxy's, and says nothing.
    if (!isLoopbackAddress(call.address) && this.#listed(call.address)) return true
    if (call.headers.count('authorization') + call.headers.count('x-api-key') === 0) return false
    return identityOf(call, this.#credentials).then(
      () => true,
      () => false,
    )
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
