/** The secret of an API key: how it is made, and what of it is kept. */

import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { KeyRecord } from './record.js'

export type KeyFormat = 'base64url' | 'base64' | 'hex'

export interface KeyMaking {
  /** Random bytes. */
  readonly length: number
  readonly prefix: string
  readonly format: KeyFormat
}

/** Few enough that what is left of a key of 32 letters and digits has 140 bits. */
const LOOKUP_CHARS = 8
const DIGEST = /^sha256:[0-9a-f]{64}$/

export function makeKey({ length, prefix, format }: KeyMaking): string {
  const bytes = randomBytes(length)
  if (format === 'hex') return prefix + bytes.toString('hex')
  // Padded, as keys always were: programs check for 44 characters.
  const text = bytes.toString('base64')
  return prefix + (format === 'base64' ? text : text.replaceAll('+', '-').replaceAll('/', '_'))
}

/** What is kept of a key. A fast hash will do: the key is random, so nobody can try all of them. */
export function keptOf(key: string): Pick<KeyRecord, 'lookup' | 'hash'> {
  return { lookup: lookupOf(key), hash: `sha256:${digestOf(key).toString('hex')}` }
}

export function lookupOf(key: string): string {
  return key.slice(0, LOOKUP_CHARS)
}

export function digestOf(key: string): Buffer {
  return hash('sha256', key, 'buffer')
}

/** The digest in a record; undefined when it holds a slow hash. */
export function keptDigest({ hash }: KeyRecord): Buffer | undefined {
  return DIGEST.test(hash) ? Buffer.from(hash.slice('sha256:'.length), 'hex') : undefined
}

/** Takes the same time wherever the two differ. */
export function isSameDigest(one: Buffer, other: Buffer): boolean {
  return timingSafeEqual(one, other)
}
