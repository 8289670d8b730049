/** The address of a stream as somebody gave it: what may be asked for, and how it is shown without its secrets. Pure. */

import { invalidParam } from '../base/errors.js'

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
const HIDDEN = '***'
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'rtsp:': 554, 'rtsps:': 322 }
const SECRET_PARAMETERS = /^(?:.*(?:pass|pwd|secret|token).*|key|auth)$/i
/** Cheap cameras want the password in the path: `/user=admin_password=secret_channel=1`, `/live;pwd=secret`. */
const SECRET_IN_PATH = /((?:pass(?:w(?:or)?d)?|pwd|secret|token)=)[^/&;]+/gi
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
  const user = address.username === '' ? '' : `${address.username}${address.password === '' ? '' : `:${HIDDEN}`}@`
  return {
    url: text,
    shown: `${address.protocol}//${user}${host}${address.port === '' ? '' : `:${port}`}${withoutSecrets(address)}`,
    key: `${place}${withoutSecrets(address)}`,
    host: host.replace(/^\[|\]$/g, ''),
    port,
  }
}

/** The same address with this machine in place of the host. `url` has been parsed. */
export function pinned(url: string, machine: string): string {
  const { port } = parseAddress(url, 'url')
  const host = machine.includes(':') ? `[${machine}]` : machine
  // What stands before the host ends with the last @ before the path.
  return url.replace(/^(rtsps?:\/\/(?:[^/?#]*@)?)[^/?#]*/i, (_whole, before: string) => `${before}${host}:${port}`)
}

/** Path and query. */
function withoutSecrets({ pathname, search }: URL): string {
  const path = pathname.replace(SECRET_IN_PATH, `$1${HIDDEN}`)
  if (search === '') return path
  return `${path}?${search.slice(1).replace(/[^&;]+/g, hidden)}`
}

function hidden(part: string): string {
  const name = part.split('=', 1)[0] ?? ''
  return SECRET_PARAMETERS.test(name) && name !== part ? `${name}=${HIDDEN}` : part
}

function wrong(param: string, rule: string, example: string) {
  return invalidParam(param, rule, `give one such as ${example}`, `${param} must be ${rule}`)
}
