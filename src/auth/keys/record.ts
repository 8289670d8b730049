/** One API key as it is kept, and the shape of the file that holds them. Pure. */

import { isRole, ROLES, type Role } from '../roles.js'

export interface KeyRecord {
  readonly id: string
  readonly role: Role
  readonly description: string
  readonly createdMs: number
  /** Undefined: never. Wall-clock milliseconds, like all times here. */
  readonly expiresMs: number | undefined
  readonly lastUsedMs: number | undefined
  readonly usageCount: number
  readonly revoked: boolean
  /** First characters of the key, by which it is looked up; empty while only a slow hash of it is known. */
  readonly lookup: string
  /** `sha256:` and 64 hex digits, or what bcrypt makes. */
  readonly hash: string
}

export type KeyStatus = 'active' | 'revoked' | 'expired'

/** How older clients and scripts read a key; the times of what never happened are year 1. */
export interface KeyShape {
  readonly id: string
  readonly role: Role
  readonly created_at: string
  readonly expires_at: string
  readonly description: string
  readonly last_used: string
  readonly usage_count: number
  readonly status: KeyStatus
}

const NEVER = '0001-01-01T00:00:00Z'
const FORMAT_VERSION = 1

export function statusOf({ revoked, expiresMs }: KeyRecord, wallMs: number): KeyStatus {
  if (revoked) return 'revoked'
  return expiresMs !== undefined && expiresMs <= wallMs ? 'expired' : 'active'
}

export function shapeOf(record: KeyRecord, wallMs: number): KeyShape {
  return {
    id: record.id,
    role: record.role,
    created_at: written(record.createdMs),
    expires_at: written(record.expiresMs),
    description: record.description,
    last_used: written(record.lastUsedMs),
    usage_count: record.usageCount,
    status: statusOf(record, wallMs),
  }
}

/** The text of our file. */
export function fileText(records: ReadonlyMap<string, KeyRecord>, wallMs: number): string {
  const keys = Object.fromEntries(
    [...records.values()].map((record) => [
      record.id,
      { ...shapeOf(record, wallMs), key_prefix: record.lookup, key_hash: record.hash },
    ]),
  )
  return `${JSON.stringify({ version: FORMAT_VERSION, keys }, null, 2)}\n`
}

/** What our file holds; undefined when one entry of it cannot be understood: a key that is passed over could be a revoked one. */
export function parseFile(content: unknown): Map<string, KeyRecord> | undefined {
  if (own(content, 'version') !== FORMAT_VERSION) return undefined
  const keys = own(content, 'keys')
  if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) return undefined
  const records = new Map<string, KeyRecord>()
  for (const [id, entry] of Object.entries(keys)) {
    const lookup = own(entry, 'key_prefix')
    const hash = own(entry, 'key_hash')
    if (typeof lookup !== 'string' || typeof hash !== 'string' || hash === '') return undefined
    const record = readEntry(entry, id, { lookup, hash })
    if (record === undefined) return undefined
    records.set(id, record)
  }
  return records
}

/** An entry of our file or of an older one, all but its secret; undefined when it cannot be understood. */
export function readEntry(entry: unknown, id: string, secret: Pick<KeyRecord, 'lookup' | 'hash'>): KeyRecord | undefined {
  const role = roleOf(own(entry, 'role'))
  const createdMs = timeOf(own(entry, 'created_at'))
  const expiresMs = timeOf(own(entry, 'expires_at'))
  const lastUsedMs = timeOf(own(entry, 'last_used'))
  if (role === undefined || createdMs === 'wrong' || expiresMs === 'wrong' || lastUsedMs === 'wrong') return undefined
  const count = own(entry, 'usage_count')
  const description = own(entry, 'description') ?? own(entry, 'name')
  return {
    id,
    role,
    description: typeof description === 'string' ? description : '',
    createdMs: createdMs ?? 0,
    expiresMs,
    lastUsedMs,
    usageCount: typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : 0,
    // Whatever is not said to be good is not good.
    revoked: !(own(entry, 'status') === 'active' || own(entry, 'status') === 'expired' || own(entry, 'is_active') === true),
    ...secret,
  }
}

export function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}

/** Older files number the roles from 1; scripts write words. */
function roleOf(value: unknown): Role | undefined {
  if (typeof value === 'number') return ROLES[value - 1]
  return isRole(value) ? value : undefined
}

function timeOf(value: unknown): number | undefined | 'wrong' {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') return 'wrong'
  const atMs = Date.parse(value)
  if (Number.isNaN(atMs)) return 'wrong'
  return atMs <= 0 ? undefined : atMs
}

function written(atMs: number | undefined): string {
  return atMs === undefined ? NEVER : new Date(atMs).toISOString()
}
