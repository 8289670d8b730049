/** Addresses and networks, whatever way an address is spelt. Pure. */

import { BlockList, isIPv6 } from 'node:net'

/** A list of addresses and networks such as `10.0.0.0/8`. */
export class Networks {
  /** Of IPv4, as numbers: each new connection is looked for, and the list of Node costs it more than all the rest of its admission. */
  readonly #ranges: Range[] = []
  readonly #list = new BlockList()

  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const [address = '', bits] = entry.split('/')
      const number = numberOf(address)
      if (number !== undefined) this.#ranges.push(rangeOf(number, Number(bits ?? 32)))
      else if (bits === undefined) this.#list.addAddress(address, 'ipv6')
      else this.#list.addSubnet(address, Number(bits), 'ipv6')
    }
  }

  includes(address: string): boolean {
    const plain = plainOf(address)
    const number = numberOf(plain)
    if (number !== undefined) return this.#ranges.some(({ first, last }) => number >= first && number <= last)
    return isIPv6(plain) && this.#list.check(plain, 'ipv6')
  }
}

interface Range {
  readonly first: number
  readonly last: number
}

function rangeOf(address: number, bits: number): Range {
  const size = 2 ** (32 - bits)
  const first = address - (address % size)
  return { first, last: first + size - 1 }
}

/** Of an IPv4 address as `inet_ntop` writes it; undefined for any other text. */
function numberOf(address: string): number | undefined {
  const DOT = 46
  const ZERO = 48
  let [number, part, digits, dots] = [0, 0, 0, 0]
  for (let at = 0; at < address.length; at++) {
    const code = address.charCodeAt(at)
    if (code === DOT) {
      if (digits === 0 || dots === 3) return undefined
      number = number * 256 + part
      dots += 1
      part = 0
      digits = 0
      continue
    }
    const digit = code - ZERO
    // No leading zeros: some read octal numbers then.
    if (digit < 0 || digit > 9 || (digits > 0 && part === 0)) return undefined
    part = part * 10 + digit
    digits += 1
    if (part > 255) return undefined
  }
  return dots === 3 && digits > 0 ? number * 256 + part : undefined
}

/** IPv6 by /64: that much one customer has. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const plain = plainOf(address)
  return isIPv6(plain) ? `${groupsOf(plain).slice(0, 4).join(':')}::/64` : plain
}

/** An IPv4 address that was written as IPv6 is one. */
function plainOf(address: string): string {
  if (!address.includes(':')) return address
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
