/** What this machine knows of addresses: its own, and those of names. */

import { networkInterfaces } from 'node:os'

/** A resolver that says nothing: then nobody else can be asked what the name means either. */
const RESOLVE_MS = 2_000

/** Of all its interfaces, now. */
export function addressesOfInterfaces(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address))
}

/** Rejects for a name that nobody knows, and when nobody says so in time. */
export async function resolveSoon(host: string): Promise<readonly string[]> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('the resolver is silent')), RESOLVE_MS).unref()
  })
  const { lookup } = await import('node:dns/promises')
  const found = await Promise.race([lookup(host, { all: true }), late])
  return found.map(({ address }) => address)
}
