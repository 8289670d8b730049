/**
 * Which machines streams may be fetched from: those of the networks that were configured, and never what only this machine should
 * reach. A name is resolved once, and what is fetched is the address it had then, however often the name changes its mind.
 */

import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { addressesOfInterfaces, resolveSoon } from './host-lookup.js'

export type Resolve = (host: string) => Promise<readonly string[]>

export interface HostGuardOptions {
  /** IPv4 and IPv6 networks in CIDR notation, and single addresses. */
  readonly networks: readonly string[]
  /** Whether a port of this machine is one of our own listeners: a path that fetches itself. */
  readonly isOwnPort: (port: number) => boolean
  /** Takes what a connection takes; numbers such as `0` and `127.1` go the same way. */
  readonly resolve?: Resolve
  /** Of this machine. */
  readonly ownAddresses?: () => readonly string[]
}

export type Verdict =
  | { readonly address: string }
  /** `unknown`: nobody knows the name, now. `own`: this service itself. `forbidden`: outside the configured networks. */
  | { readonly refused: 'unknown' | 'own' | 'forbidden' }

/** Loopback, and no address at all, which the kernel takes for the loopback. */
const LOOPBACK = listOf(['127.0.0.0/8', '0.0.0.0/8', '::1/128', '::/128'])
/** Everybody at once, the places where clouds hand out their keys, and a spelling of IPv4 that is no longer one. */
const NEVER = listOf(['224.0.0.0/4', '240.0.0.0/4', 'ff00::/8', '169.254.169.254/32', 'fd00:ec2::254/128', '::/96'])
/** Stands for this machine in the list of networks. */
const THIS_MACHINE = '127.0.0.1'

export class HostGuard {
  readonly #options: HostGuardOptions
  readonly #allowed: BlockList

  constructor(options: HostGuardOptions) {
    this.#options = options
    this.#allowed = listOf(options.networks)
  }

  /** `host`: a name, or an address in any spelling. Never rejects. */
  async check(host: string, port: number): Promise<Verdict> {
    const { resolve = resolveSoon } = this.#options
    const addresses = isIPv4(host) || isIPv6(host) ? [host] : await resolve(host).catch(() => [])
    const [first] = addresses
    if (first === undefined) return { refused: 'unknown' }
    const own = this.#own()
    // Who does not know his own addresses takes nobody for another.
    if (own === undefined) return { refused: 'unknown' }
    // All of them: a name with two faces is trusted with neither.
    for (const address of addresses) {
      const isOwn = has(LOOPBACK, address) || has(own, address)
      if (isOwn && this.#options.isOwnPort(port)) return { refused: 'own' }
      const isAllowed = has(this.#allowed, isOwn ? THIS_MACHINE : address)
      if (!isAllowed || has(NEVER, address)) return { refused: 'forbidden' }
    }
    return { address: first }
  }

  /** Undefined when the system does not tell: it takes a descriptor to ask. */
  #own(): BlockList | undefined {
    const { ownAddresses = addressesOfInterfaces } = this.#options
    try {
      return listOf(ownAddresses())
    } catch {
      return undefined
    }
  }
}

function has(list: BlockList, address: string): boolean {
  // A list of IPv4 addresses knows their spelling inside IPv6, too.
  return list.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    // They are addresses: Node's own test would compile a pattern, five milliseconds of each start.
    const family = address.includes(':') ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}
