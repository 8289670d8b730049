/** Whether a client sits at this machine, and the tokens that only open to such. */

import { BlockList, isIPv6 } from 'node:net'
import { ServiceError } from '../base/errors.js'
import type { Identity } from './claims.js'

const LOOPBACK_V4 = /^127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}$/
/** For spellings that the kernel does not use: the list takes ten times as long as a comparison, several times per request. */
const LOOPBACK_V6 = new BlockList()
LOOPBACK_V6.addAddress('::1', 'ipv6')

/** What proxies add. One that adds nothing looks like a client at this machine: it has to ask for tokens itself. */
const FORWARDING =
  /^(?:x-forwarded(?:-.*)?|forwarded|via|x-real-ip|x-client-ip|x-cluster-client-ip|x-original-forwarded-for|true-client-ip|cf-connecting-ip|fastly-client-ip|x-envoy-external-address)$/

/** Takes every spelling of an address: `127.0.0.1`, `::1`, `::ffff:127.0.0.1`, `0000:…:0001`. */
export function isLoopbackAddress(address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  if (!plain.includes(':')) return LOOPBACK_V4.test(plain)
  return plain === '::1' || (isIPv6(plain) && LOOPBACK_V6.check(plain, 'ipv6'))
}

/** A program of this machine, and not somebody behind a proxy on it. `headerNames` are in lower case. */
export function isLocalPeer(address: string, headerNames: Iterable<string>): boolean {
  if (!isLoopbackAddress(address)) return false
  for (const name of headerNames) if (FORWARDING.test(name)) return false
  return true
}

/** Throws AUTH_FAILED when the identity is meant for clients of this machine and this one is none. */
export function demandPlace(identity: Identity, local: boolean): Identity {
  if (identity.localOnly !== true || local) return identity
  throw new ServiceError('AUTH_FAILED', {
    details: 'this token is for clients on the machine itself',
    suggestion: 'make another with camera-service token --role viewer|operator|admin',
  })
}
