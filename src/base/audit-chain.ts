/** How lines of the audit log hang together: each has a number, and the hash of the line before it. Pure. */

import { hash } from 'node:crypto'

/** In place of the hash, in the first line of all. */
export const NOTHING_BEFORE = '0'.repeat(64)

export function hashOf(line: string): string {
  return hash('sha256', line, 'hex')
}

export function seqOf(line: string): number {
  return chainOf(line).seq ?? 0
}

export function chainOf(line: string): { readonly seq?: number; readonly prev?: string } {
  try {
    const { seq, prev } = JSON.parse(line) as Readonly<Record<string, unknown>>
    return typeof seq === 'number' && typeof prev === 'string' ? { seq, prev } : {}
  } catch {
    return {}
  }
}
