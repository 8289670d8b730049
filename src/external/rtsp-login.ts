/**
 * Answers to the challenges of a machine that streams (RFC 2326 §D, RFC 7616, RFC 7617), as MediaMTX gives them (seen with 1.20.1): the
 * strongest scheme that is offered, and of Digest the form without `qop`. Pure.
 */

import { createHash } from 'node:crypto'

export interface Login {
  readonly user: string
  readonly password: string
}

interface Challenge {
  readonly scheme: string
  readonly words: ReadonlyMap<string, string>
}

/** The best first. */
const HASHES = [
  ['sha-256', 'sha256'],
  ['md5', 'md5'],
] as const
const WORD = /([a-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi

/** What stands before the host of an address, byte by byte; undefined without, and for what no header can hold. */
export function loginOf(url: string): Login | undefined {
  const { username, password } = new URL(url)
  const [user, secret] = [bytesOf(username), bytesOf(password)]
  return user === '' || /\p{Cc}/u.test(user) ? undefined : { user, password: secret }
}

/** The value of `Authorization`; undefined when no challenge is one that can be met. `challenges`: values of `WWW-Authenticate`. */
export function authorization(
  challenges: readonly string[],
  { user, password }: Login,
  { method, uri }: { readonly method: string; readonly uri: string },
): string | undefined {
  const offered = challenges.map(parse)
  for (const [name, hash] of HASHES) {
    const challenge = offered.find(
      ({ scheme, words }) => scheme === 'digest' && (words.get('algorithm') ?? 'MD5').toLowerCase() === name,
    )
    const realm = challenge?.words.get('realm')
    const nonce = challenge?.words.get('nonce')
    if (challenge === undefined || realm === undefined || nonce === undefined) continue
    const digest = (text: string) => createHash(hash).update(text, 'latin1').digest('hex')
    const response = digest(`${digest(`${user}:${realm}:${password}`)}:${nonce}:${digest(`${method}:${uri}`)}`)
    const words = [`username=${quoted(user)}`, `realm=${quoted(realm)}`, `nonce=${quoted(nonce)}`, `uri=${quoted(uri)}`]
    const opaque = challenge.words.get('opaque')
    if (opaque !== undefined) words.push(`opaque=${quoted(opaque)}`)
    if (challenge.words.has('algorithm')) words.push(`algorithm=${name.toUpperCase()}`)
    return `Digest ${words.join(', ')}, response="${response}"`
  }
  if (!offered.some(({ scheme }) => scheme === 'basic')) return undefined
  return `Basic ${Buffer.from(`${user}:${password}`, 'latin1').toString('base64')}`
}

function parse(challenge: string): Challenge {
  const [scheme = '', ...rest] = challenge.trim().split(/\s+/)
  const words = new Map<string, string>()
  for (const [, name = '', quotedValue, bare = ''] of rest.join(' ').matchAll(WORD)) {
    words.set(name.toLowerCase(), quotedValue?.replace(/\\(.)/g, '$1') ?? bare)
  }
  return { scheme: scheme.toLowerCase(), words }
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

/** One character for each byte. */
function bytesOf(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
