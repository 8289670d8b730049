/** Rules of the WebSocket upgrade: the handshake itself (RFC 6455 §4.2.1) and who may ask for it (contract §2). Pure. */

import { isIP } from 'node:net'
import type { RequestHeaders } from './request-headers.js'

export interface Refusal {
  readonly status: string
  readonly text: string
  readonly headers?: Readonly<Record<string, string>>
}

const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/

/** What is wrong with the handshake, undefined when nothing is. */
export function handshakeFault(headers: RequestHeaders): Refusal | undefined {
  if (!hasToken(headers.get('upgrade'), 'websocket')) return badRequest('this path takes WebSocket upgrades only')
  if (!hasToken(headers.get('connection'), 'upgrade')) return badRequest('the Connection header must name Upgrade')
  if (headers.get('sec-websocket-version') !== '13') {
    return {
      status: '426 Upgrade Required',
      text: 'WebSocket version 13 is required',
      headers: { 'Sec-WebSocket-Version': '13' },
    }
  }
  if (headers.count('sec-websocket-key') !== 1 || !KEY.test(headers.get('sec-websocket-key'))) {
    return badRequest('Sec-WebSocket-Key must be 16 bytes in base64')
  }
  if (headers.count('host') > 1) return badRequest('one Host header, please')
  return undefined
}

export interface OriginRules {
  /** Compared exactly: scheme, host and port; `*`: every one. */
  readonly allowed: readonly string[]
  /** Names this service goes by, beside loopback names and addresses. */
  readonly ownNames: readonly string[]
}

/**
 * No `Origin` is allowed (not a browser), and so are those on the list and the page we serve ourselves. Our own page is known
 * by origin and Host being the same and the Host being a name of ours: an attacker's name that resolves to us is not.
 */
export function originAllowed(headers: RequestHeaders, rules: OriginRules): boolean {
  const count = headers.count('origin')
  if (count === 0) return true
  const origin = headers.get('origin')
  if (count > 1 || origin === '' || origin === 'null') return false
  if (rules.allowed.includes(origin) || rules.allowed.includes('*')) return true
  const host = headers.get('host')
  if (origin !== `http://${host}` && origin !== `https://${host}`) return false
  const name = hostName(host)
  return name !== undefined && (name === 'localhost' || isIP(name.replace(/^\[|\]$/g, '')) !== 0 || rules.ownNames.includes(name))
}

/** The name in a Host header, without port; undefined when it is none that may stand in a link. */
export function hostName(host: string): string | undefined {
  return /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/.exec(host)?.[1]
}

/** The encoding asked for by subprotocol; others are neither understood nor echoed. */
export function chooseCodec(subprotocols: string): 'json' | 'msgpack' {
  return hasToken(subprotocols, 'msgpack') ? 'msgpack' : 'json'
}

function hasToken(header: string, wanted: string): boolean {
  if (!header.includes(',')) return header.trim().toLowerCase() === wanted
  return header.split(',').some((token) => token.trim().toLowerCase() === wanted)
}

function badRequest(text: string): Refusal {
  return { status: '400 Bad Request', text }
}
