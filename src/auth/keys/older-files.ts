/** Key files of older editions, read and never written: one holds plain keys, the other bcrypt hashes (contract §4.3). Pure. */

import { type KeyRecord, own, readEntry, statusOf } from './record.js'
import { keptOf } from './secret.js'

const BCRYPT = /^\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}$/

export interface OlderKeys {
  readonly records: readonly KeyRecord[]
  /** Ids of entries that could not be understood. */
  readonly skipped: readonly string[]
}

/** Undefined when the content has neither shape. */
export function readOlder(content: unknown, wallMs: number): OlderKeys | undefined {
  const keys = own(content, 'keys')
  if (typeof keys !== 'object' || keys === null) return undefined
  const hashes = Array.isArray(keys) ? hashesBeside(content) : undefined
  const records: KeyRecord[] = []
  const skipped: string[] = []
  for (const [name, entry] of Object.entries(keys)) {
    const found = own(entry, 'id') ?? own(entry, 'key_id')
    const id = typeof found === 'string' && found !== '' ? found : name
    const secret = secretOf(entry) ?? slowSecret(hashes?.get(id))
    const record = secret && readEntry(entry, id, secret)
    if (record === undefined) skipped.push(id)
    else records.push(own(entry, 'status') === 'expired' ? endedBy(record, wallMs) : record)
  }
  return { records, skipped }
}

/** What is known already, and what the older file adds or takes back; undefined when nothing changes. */
export function mergeOlder(
  present: ReadonlyMap<string, KeyRecord>,
  older: readonly KeyRecord[],
  wallMs: number,
): Map<string, KeyRecord> | undefined {
  const merged = new Map(present)
  let changed = false
  for (const record of older) {
    const known = merged.get(record.id)
    if (known === undefined) merged.set(record.id, record)
    else if (record.revoked && !known.revoked) merged.set(record.id, { ...known, revoked: true })
    else if (statusOf(record, wallMs) === 'expired' && statusOf(known, wallMs) === 'active')
      merged.set(record.id, endedBy(known, wallMs))
    else continue
    changed = true
  }
  return changed ? merged : undefined
}

/** What is said to be expired is so, whatever time it gives. */
function endedBy(record: KeyRecord, wallMs: number): KeyRecord {
  return { ...record, expiresMs: Math.min(record.expiresMs ?? wallMs, wallMs) }
}

function secretOf(entry: unknown): Pick<KeyRecord, 'lookup' | 'hash'> | undefined {
  const key = own(entry, 'key')
  if (typeof key === 'string' && key !== '' && !BCRYPT.test(key)) return keptOf(key)
  if (typeof entry !== 'object' || entry === null) return undefined
  // Editions of that file differ in the name of this member.
  return slowSecret(Object.values(entry).find((value) => typeof value === 'string' && BCRYPT.test(value)))
}

function slowSecret(hash: unknown): Pick<KeyRecord, 'lookup' | 'hash'> | undefined {
  return typeof hash === 'string' && BCRYPT.test(hash) ? { lookup: '', hash } : undefined
}

/** Some keep the hashes in a map of their own: id to hash. */
function hashesBeside(content: unknown): Map<string, unknown> {
  if (typeof content !== 'object' || content === null) return new Map()
  const maps = Object.values(content).filter((value) => typeof value === 'object' && value !== null && !Array.isArray(value))
  return new Map(maps.flatMap((map) => Object.entries(map as object)))
}
