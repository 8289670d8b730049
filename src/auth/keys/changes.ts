/** What administrators do with keys. Pure: records in, records out; a refusal is an Error that says what to do. */

import { randomUUID } from 'node:crypto'
import { ROLES, type Role } from '../roles.js'
import { type KeyRecord, type KeyShape, type KeyStatus, shapeOf, statusOf } from './record.js'
import { type KeyMaking, keptOf, makeKey } from './secret.js'

type Records = ReadonlyMap<string, KeyRecord>

/** A key that was just made: its only showing. */
export interface NewKey {
  readonly key: string
  readonly record: KeyRecord
}

export interface KeyWish {
  readonly role: Role
  readonly description: string
  /** Undefined: never expires. */
  readonly lifetimeMs: number | undefined
  /** More keys of a role than this that are active at once are refused; undefined: no limit. */
  readonly maxPerRole: number | undefined
}

export interface KeyTotals {
  readonly total_keys: number
  readonly active_keys: number
  readonly revoked_keys: number
  readonly expired_keys: number
  readonly keys_by_role: Readonly<Record<Role, number>>
}

export function addKey(records: Records, wish: KeyWish, making: KeyMaking, wallMs: number): { records: Records; made: NewKey } {
  const { role, maxPerRole } = wish
  const active = [...records.values()].filter((record) => record.role === role && statusOf(record, wallMs) === 'active')
  if (maxPerRole !== undefined && active.length >= maxPerRole) {
    throw new Error(
      `there are ${active.length} active keys of role ${role} already, at most ${maxPerRole} are allowed: revoke one, raise ` +
        'api_key_management.max_keys_per_role, or use --force',
    )
  }
  const expiresMs = wish.lifetimeMs === undefined ? undefined : wallMs + wish.lifetimeMs
  const made = newKey({ role, description: wish.description, expiresMs }, making, wallMs)
  return { records: new Map(records).set(made.record.id, made.record), made }
}

/** Throws when there is no such key. One that is revoked already stays as it is. */
export function revokeKey(records: Records, id: string): Records {
  const record = getKey(records, id)
  return new Map(records).set(id, { ...record, revoked: true })
}

/** Each active key of the role gets a successor with the rest of its lifetime, and ends. */
export function rotateKeys(
  records: Records,
  role: Role,
  making: KeyMaking,
  wallMs: number,
): { records: Records; made: readonly NewKey[] } {
  const next = new Map(records)
  const made: NewKey[] = []
  for (const record of records.values()) {
    if (record.role !== role || statusOf(record, wallMs) !== 'active') continue
    const description = `${record.description} (rotated)`.trimStart()
    const successor = newKey({ role, description, expiresMs: record.expiresMs }, making, wallMs)
    next.set(record.id, { ...record, revoked: true }).set(successor.record.id, successor.record)
    made.push(successor)
  }
  if (made.length === 0) throw new Error(`there is no active key of role ${role} to rotate`)
  return { records: next, made }
}

/** Without the keys whose time is over, revoked or not. */
export function dropExpired(records: Records, wallMs: number): Records {
  return new Map([...records].filter(([, { expiresMs }]) => expiresMs === undefined || expiresMs > wallMs))
}

export function getKey(records: Records, id: string): KeyRecord {
  const record = records.get(id)
  if (record === undefined) throw new Error(`there is no key ${JSON.stringify(id.slice(0, 64))}; keys list shows the ids`)
  return record
}

export function listKeys(
  records: Records,
  filter: { readonly role?: Role | undefined; readonly status?: KeyStatus | undefined },
  wallMs: number,
): readonly KeyShape[] {
  return [...records.values()]
    .map((record) => shapeOf(record, wallMs))
    .filter(({ role, status }) => (filter.role ?? role) === role && (filter.status ?? status) === status)
}

export function keyTotals(records: Records, wallMs: number): KeyTotals {
  const all = [...records.values()]
  const count = (status: KeyStatus): number => all.filter((record) => statusOf(record, wallMs) === status).length
  const ofRole = (role: Role): number => all.filter((record) => record.role === role).length
  const [viewer, operator, admin] = ROLES
  return {
    total_keys: all.length,
    active_keys: count('active'),
    revoked_keys: count('revoked'),
    expired_keys: count('expired'),
    keys_by_role: { [viewer]: ofRole(viewer), [operator]: ofRole(operator), [admin]: ofRole(admin) },
  }
}

function newKey(about: Pick<KeyRecord, 'role' | 'description' | 'expiresMs'>, making: KeyMaking, wallMs: number): NewKey {
  const key = makeKey(making)
  return {
    key,
    record: {
      ...about,
      id: randomUUID(),
      createdMs: wallMs,
      lastUsedMs: undefined,
      usageCount: 0,
      revoked: false,
      ...keptOf(key),
    },
  }
}
