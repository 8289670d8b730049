/** Addresses and networks, whatever way an address is spelt. Pure. */

import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** A list of addresses and networks such as `10.0.0.0/8`. */
export class Networks {
  readonly #list = new BlockList()

  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const [address = '', bits] = entry.split('/')
      const family = isIPv4(address) ? 'ipv4' : 'ipv6'
      if (bits === undefined) this.#list.addAddress(address, family)
      else this.#list.addSubnet(address, Number(bits), family)
    }
  }

  includes(address: string): boolean {
    const plain = plainOf(address)
    if (isIPv4(plain)) return this.#list.check(plain, 'ipv4')
    return isIPv6(plain) && this.#list.check(plain, 'ipv6')
  }
}

/** IPv6 by /64: that much one customer has. */
export function networkOf(address: string): string {
  const plain = plainOf(address)
  return isIPv6(plain) ? `${groupsOf(plain).slice(0, 4).join(':')}::/64` : plain
}

/** An IPv4 address that was written as IPv6 is one. */
function plainOf(address: string): string {
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (dotted !== undefined) return dotted
  if (!isIPv6(address)) return address
  const groups = groupsOf(address)
  if (groups.slice(0, 5).some((group) => group !== '0') || groups[5] !== 'ffff') return address
  return groups
    .slice(6)
    .map((group) => Number.parseInt(group, 16))
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.')
}

/** The eight groups without leading zeros. */
function groupsOf(address: string): string[] {
  const [before = '', after] = (address.split('%')[0] ?? '').split('::')
  const head = before === '' ? [] : before.split(':')
  const tail = after === undefined || after === '' ? [] : after.split(':')
  const middle = after === undefined ? [] : Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0')
  return [...head, ...middle, ...tail].map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
}
