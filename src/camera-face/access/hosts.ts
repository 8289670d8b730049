/** The Host header: what it names, and whether we answer to that name (usb-camera-server §3.5). Pure. */

import { isIPv6 } from 'node:net'
import { isLoopbackAddress } from '../../auth/index.js'

export interface HostName {
  /** Lower case, IPv6 without brackets. */
  readonly name: string
  /** `:8000` or empty. */
  readonly port: string
}

const HOST = /^(?:([a-z0-9._~-]+)|\[([0-9a-f:.]+)\])(:\d{1,5})?$/i

/** Undefined for what no Host header may be. */
export function parseHost(header: string): HostName | undefined {
  const match = HOST.exec(header)
  if (match === null) return undefined
  const literal = match[2]
  if (literal !== undefined && !isIPv6(literal)) return undefined
  return { name: (match[1] ?? literal ?? '').toLowerCase(), port: match[3] ?? '' }
}

/** `ok`, `refused`, or the name with `www.` in front that the client should have used. */
export function judgeHost(name: string, trusted: readonly string[]): 'ok' | 'refused' | { readonly redirectTo: string } {
  const entries = trusted.map((entry) => entry.toLowerCase().replace(/^\[(.*)\]$/, '$1'))
  const matches = (entry: string): boolean =>
    entry === '*' || name === entry || (entry.startsWith('*.') && name.endsWith(entry.slice(1)))
  if (entries.some(matches)) return 'ok'
  // Only where it is listed as such: the bare name of a `*.domain` is meant to be refused.
  const www = `www.${name}`
  return entries.includes(www) ? { redirectTo: www } : 'refused'
}

/** Whether a host name can only mean loopback, whatever a name server says. */
export function isLoopbackName(name: string): boolean {
  return name === 'localhost' || isLoopbackAddress(name)
}
