/** The address at the other end of a request. */

import type { HttpResponse } from './uws.js'

const IPV4_BYTES = 4
/** Addresses as text; the same few come again and again. */
const MAX_KNOWN = 4096
const known = new Map<number, string>()

/** As text: `127.0.0.1`, or IPv6 in full. Only while the request is handled. */
export function peerAddress(response: HttpResponse): string {
  const raw = response.getRemoteAddress()
  if (raw.byteLength !== IPV4_BYTES) return Buffer.from(response.getRemoteAddressAsText()).toString()
  const bytes = new Uint8Array(raw)
  const at = (index: number): number => bytes[index] ?? 0
  const key = (at(0) << 24) | (at(1) << 16) | (at(2) << 8) | at(3)
  const had = known.get(key)
  if (had !== undefined) return had
  if (known.size >= MAX_KNOWN) known.clear()
  const address = `${at(0)}.${at(1)}.${at(2)}.${at(3)}`
  known.set(key, address)
  return address
}
