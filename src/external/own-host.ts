/** Whether an address is one of this machine, however it is spelt: names, short and other numbers, IPv4 inside IPv6. */

import { lookup } from 'node:dns/promises'
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'

/** Both for the loopback and for no address at all, which the kernel takes for the loopback. */
const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('0.0.0.0', 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')
LOOPBACK.addAddress('::', 'ipv6')
/** A resolver that says nothing: then nobody else can be asked what the name means either. */
const RESOLVE_MS = 2_000

export type Resolve = (host: string) => Promise<readonly string[]>

/** `resolve` takes what a connection takes; numbers such as `0` and `127.1` go the same way. Never rejects. */
export async function isOwnHost(host: string, resolve: Resolve = resolveSoon): Promise<boolean> {
  const addresses = isIPv4(host) || isIPv6(host) ? [host] : await resolve(host).catch(() => [])
  const own = new BlockList()
  for (const { address, family } of Object.values(networkInterfaces()).flatMap((each) => each ?? [])) {
    own.addAddress(address, family === 'IPv6' ? 'ipv6' : 'ipv4')
  }
  return addresses.some((address) => {
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    // A list of IPv4 addresses knows their spelling inside IPv6, too.
    return LOOPBACK.check(address, family) || own.check(address, family)
  })
}

async function resolveSoon(host: string): Promise<readonly string[]> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('the resolver is silent')), RESOLVE_MS).unref()
  })
  const found = await Promise.race([lookup(host, { all: true }), late])
  return found.map(({ address }) => address)
}
