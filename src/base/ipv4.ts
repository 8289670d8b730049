/** The hosts of an IPv4 network in CIDR notation. Pure. */

/** The largest network that is scanned has 256 addresses. */
export const MIN_PREFIX = 24

interface Network {
  readonly first: number
  readonly last: number
}

export function isNetwork(text: string): boolean {
  return parse(text) !== undefined
}

/** All host addresses, lowest first; nothing of a text that is no network. */
export function* hostsOf(text: string): Generator<string> {
  const network = parse(text)
  if (network === undefined) return
  const { first, last } = network
  // Of a real network, the first address names it and the last is for all.
  const ends = last - first > 1 ? 1 : 0
  for (let address = first + ends; address <= last - ends; address += 1) yield dotted(address)
}

export function isIpv4(text: string): boolean {
  return addressOf(text) !== undefined
}

function parse(text: string): Network | undefined {
  const [address, prefix, ...rest] = text.split('/')
  const base = addressOf(address ?? '')
  if (base === undefined || rest.length > 0 || !/^\d{1,2}$/.test(prefix ?? '')) return undefined
  const bits = Number(prefix)
  if (bits < MIN_PREFIX || bits > 32) return undefined
  const size = 2 ** (32 - bits)
  const first = base - (base % size)
  return { first, last: first + size - 1 }
}

function addressOf(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (match === null) return undefined
  const parts = match.slice(1).map(Number)
  return parts.every((part) => part <= 255) ? parts.reduce((address, part) => address * 256 + part, 0) : undefined
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}
