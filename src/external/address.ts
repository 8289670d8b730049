/** The address of a stream as somebody gave it: what may be asked for, and how it is shown without its secrets. Pure. */

import { invalidParam } from '../base/errors.js'
import { shownAddress, withoutSecrets } from '../base/shown-address.js'

export interface StreamAddress {
  /** As it is fetched, with credentials. A secret: never logged, never shown. */
  readonly url: string
  /** For people and replies. */
  readonly shown: string
  /** Two addresses of one stream have the same: no credentials, usual spelling. */
  readonly key: string
  readonly host: string
  readonly port: number
}

const MAX_CHARS = 2_048
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'rtsp:': 554, 'rtsps:': 322 }
/**
 * What the server that fetches takes, in visible ASCII. It repeats what it refuses, passwords and all, so nothing may come
 * that far; and it puts something in place of what begins with `$`.
 */
const TAKEN = /^(?:[!#&'()*+,./0-9:;=?@A-Z[\]_a-z~-]|%[0-9a-f]{2})+$/i
const HOST = /^(?:[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])$/

/** Throws INVALID_PARAMS; the address itself is not repeated, for it may hold a password. */
export function parseAddress(text: string, param: string): StreamAddress {
  const sound = text.length <= MAX_CHARS && TAKEN.test(text) && URL.canParse(text)
  const address = sound ? new URL(text) : undefined
  const defaultPort = DEFAULT_PORTS[address?.protocol ?? '']
  if (address === undefined || defaultPort === undefined) {
    const rule = `an rtsp:// or rtsps:// address of at most ${MAX_CHARS} characters, others than letters, digits and !#&'()*+,-./:;=?@[]_~ as %HH`
    throw wrong(param, rule, 'rtsp://192.168.1.20:554/stream')
  }
  const host = address.hostname.toLowerCase()
  const port = address.port === '' ? defaultPort : Number(address.port)
  if (!HOST.test(host) || port === 0)
    throw wrong(param, 'an address with a host name or IP address', 'rtsp://192.168.1.20:554/stream')
  if ((address.username === '') !== (address.password === ''))
    throw wrong(param, 'an address with user name and password, or without both', 'rtsp://user:password@192.168.1.20:554/stream')
  const place = `${address.protocol}//${host}:${port}`
  return {
    url: text,
    shown: shownAddress(address),
    key: `${place}${withoutSecrets(address)}`,
    host: host.replace(/^\[|\]$/g, ''),
    port,
  }
}

/** Where an address leads that has been parsed, or pinned since, which may have made it longer than anybody may give one. */
export function placeOf(url: string): Pick<StreamAddress, 'host' | 'port'> {
  const { protocol, hostname, port } = new URL(url)
  return { host: hostname.toLowerCase().replace(/^\[|\]$/g, ''), port: Number(port || DEFAULT_PORTS[protocol]) }
}

/** The same address with this machine in place of the host. `url` has been parsed. */
export function pinned(url: string, machine: string): string {
  const { port } = placeOf(url)
  const host = machine.includes(':') ? `[${machine}]` : machine
  // What stands before the host ends with the last @ before the path.
  return url.replace(/^(rtsps?:\/\/(?:[^/?#]*@)?)[^/?#]*/i, (_whole, before: string) => `${before}${host}:${port}`)
}

/** `url` has been parsed. */
export function withoutLogin(url: string): string {
  return url.replace(/^(rtsps?:\/\/)[^/?#]*@/i, '$1')
}

function wrong(param: string, rule: string, example: string) {
  return invalidParam(param, rule, `give one such as ${example}`, `${param} must be ${rule}`)
}
