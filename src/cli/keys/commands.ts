/** What `camera-service-cli keys` can do: one entry gives options, help and work. */

import { chmod } from 'node:fs/promises'
import type * as Auth from '../../auth/index.js'
import { timestamp } from '../../base/clock.js'
import { writeWhole } from '../../base/durable-file.js'
import type { Config } from '../../config/index.js'
import type { OptionSpec } from '../command.js'
import { parseExpiry } from './expiry.js'
import { fields, table } from './tables.js'
import { type Options, usage } from './words.js'

export interface KeyContext {
  readonly auth: typeof Auth
  readonly file: Auth.KeyFile
  readonly settings: Config['api_key_management']
  readonly wallMs: number
}

/** What a command says: as a table, or as JSON. */
export interface Said {
  readonly text: string
  readonly json: unknown
}

export interface KeyCommand {
  readonly summary: string
  readonly options: Readonly<Record<string, OptionSpec>>
  readonly required: readonly string[]
  /** Told in the audit log. */
  readonly audited?: true
  /** Throws UsageError, or an Error that says what to do. */
  run(context: KeyContext, options: Options): Promise<Said>
}

const ROLE: OptionSpec = { type: 'string', value: 'ROLE', doc: 'viewer, operator or admin' }
const KEY_ID: OptionSpec = { type: 'string', value: 'ID', doc: 'id of the key, as list shows it' }
const STATUSES = ['active', 'revoked', 'expired'] as const
const MAX_DESCRIPTION = 256
const ONCE = 'WARNING: the key is shown this once only. Keep it now: nothing can show it again.'

export const KEY_COMMANDS: Readonly<Record<string, KeyCommand>> = {
  generate: {
    summary: 'Makes a key and shows it, once.',
    options: {
      role: ROLE,
      expiry: { type: 'string', value: 'TIME', doc: 'lifetime such as 90d, 1y or 12h (default: 90d, or what is configured)' },
      description: { type: 'string', value: 'TEXT', doc: 'what the key is for' },
      force: { type: 'boolean', doc: 'beyond the largest number of keys of a role, too' },
    },
    required: ['role'],
    audited: true,
    async run({ auth, file, settings, wallMs }, options) {
      const wish = {
        role: roleIn(auth, options) ?? 'viewer',
        description: descriptionIn(options),
        lifetimeMs: lifetimeIn(options) ?? settings.default_expiry,
        maxPerRole: options.force === true ? undefined : settings.max_keys_per_role,
      }
      const made: Auth.NewKey[] = []
      await file.change((records) => {
        const added = auth.addKey(records, wish, makingOf(settings), wallMs)
        made.push(added.made)
        return added.records
      })
      const [shown] = made.map((key) => recordWithKey(auth, key, wallMs))
      return { text: made.map((key) => cardOf(auth, key, wallMs)).join(''), json: shown }
    },
  },

  list: {
    summary: 'Lists the keys; their secrets are not known.',
    options: { role: ROLE, status: { type: 'string', value: 'STATUS', doc: 'active, revoked or expired' } },
    required: [],
    async run({ auth, file, wallMs }, options) {
      const status = STATUSES.find((word) => word === options.status)
      if (options.status !== undefined && status === undefined) throw usage(`--status is one of ${STATUSES.join(', ')}`)
      const keys = auth.listKeys(await file.read(), { role: roleIn(auth, options), status }, wallMs)
      const rows = keys.map((key) => [key.id, key.role, key.status, expiresText(key), key.description])
      const text = keys.length === 0 ? 'No keys found\n' : table(['ID', 'Role', 'Status', 'Expires', 'Description'], rows)
      return { text, json: keys }
    },
  },

  revoke: {
    summary: 'Takes a key back: its open connections can do nothing any more, and are closed unless they log in again.',
    options: { 'key-id': KEY_ID },
    required: ['key-id'],
    audited: true,
    async run({ auth, file }, options) {
      const id = String(options['key-id'])
      await file.change((records) => auth.revokeKey(records, id))
      return { text: `Key ${id} revoked\n`, json: { key_id: id, status: 'revoked' } }
    },
  },

  rotate: {
    summary: 'Gives each active key of a role a successor with the rest of its lifetime, and takes the old ones back.',
    options: { role: ROLE, force: { type: 'boolean', doc: 'accepted for older scripts: nothing is asked either way' } },
    required: ['role'],
    audited: true,
    async run({ auth, file, settings, wallMs }, options) {
      const role = roleIn(auth, options) ?? 'viewer'
      let made: readonly Auth.NewKey[] = []
      await file.change((records) => {
        const rotated = auth.rotateKeys(records, role, makingOf(settings), wallMs)
        made = rotated.made
        return rotated.records
      })
      const cards = made.map((key) => cardOf(auth, key, wallMs)).join('\n')
      return {
        text: `Keys of role ${role} rotated: ${made.length}\n\n${cards}`,
        json: { role, rotated: made.length, keys: made.map((key) => recordWithKey(auth, key, wallMs)) },
      }
    },
  },

  export: {
    summary: 'Writes the record of a key as JSON; the secret is not in it.',
    options: { 'key-id': KEY_ID, output: { type: 'string', value: 'FILE', doc: 'file to write (default: standard output)' } },
    required: ['key-id'],
    audited: true,
    async run({ auth, file, wallMs }, options) {
      const key = auth.shapeOf(auth.getKey(await file.read(), String(options['key-id'])), wallMs)
      const json = { key, exported_at: timestamp(wallMs), exported_by: 'camera-service-cli' }
      const text = `${JSON.stringify(json, null, 2)}\n`
      if (typeof options.output !== 'string') return { text, json }
      await writeWhole(options.output, text, { newMode: 0o600 })
      await chmod(options.output, 0o600)
      return { text: `Key ${key.id} exported to ${options.output}\n`, json: { key_id: key.id, output: options.output } }
    },
  },

  cleanup: {
    summary: 'Removes the keys whose time is over.',
    options: { 'dry-run': { type: 'boolean', doc: 'only count them' } },
    required: [],
    audited: true,
    async run({ auth, file, wallMs }, options) {
      const dryRun = options['dry-run'] === true
      let removed = 0
      await file.change((records) => {
        const kept = auth.dropExpired(records, wallMs)
        removed = records.size - kept.size
        return dryRun || removed === 0 ? undefined : kept
      })
      const keys = `expired ${removed === 1 ? 'key' : 'keys'}`
      const text = dryRun ? `${removed} ${keys} would be removed\n` : `Removed ${removed} ${keys}\n`
      return { text: removed === 0 ? 'No expired keys found\n' : text, json: { removed, dry_run: dryRun } }
    },
  },

  stats: {
    summary: 'Counts the keys.',
    options: {},
    required: [],
    async run({ auth, file, wallMs }) {
      const totals = auth.keyTotals(await file.read(), wallMs)
      const { keys_by_role: byRole } = totals
      const rows: (readonly [string, string])[] = [
        ['Total keys', String(totals.total_keys)],
        ['Active keys', String(totals.active_keys)],
        ['Revoked keys', String(totals.revoked_keys)],
        ['Expired keys', String(totals.expired_keys)],
        ...auth.ROLES.map((role) => [`Keys of role ${role}`, String(byRole[role])] as const),
      ]
      return { text: fields(rows), json: totals }
    },
  },
}

function roleIn(auth: typeof Auth, { role }: Options): Auth.Role | undefined {
  if (role === undefined || auth.isRole(role)) return role
  throw usage(`${JSON.stringify(role)} is no role, valid roles: ${auth.ROLES.join(', ')}`)
}

function lifetimeIn({ expiry }: Options): number | undefined {
  if (typeof expiry !== 'string') return undefined
  const lifetimeMs = parseExpiry(expiry)
  if (lifetimeMs === undefined) throw usage('--expiry is a time such as 90d, 1y or 12h, at least 1s')
  return lifetimeMs
}

function descriptionIn({ description }: Options): string {
  if (typeof description !== 'string') return ''
  if (description.length > MAX_DESCRIPTION || /\p{Cc}/u.test(description)) {
    throw usage(`--description has at most ${MAX_DESCRIPTION} characters, without control characters`)
  }
  return description
}

function makingOf({ key_length, key_prefix, key_format }: KeyContext['settings']): Auth.KeyMaking {
  return { length: key_length, prefix: key_prefix, format: key_format }
}

function recordWithKey(auth: typeof Auth, { key, record }: Auth.NewKey, wallMs: number) {
  const { id, ...rest } = auth.shapeOf(record, wallMs)
  return { id, key, ...rest }
}

function cardOf(auth: typeof Auth, { key, record }: Auth.NewKey, wallMs: number): string {
  const { id, role, description, ...rest } = auth.shapeOf(record, wallMs)
  const rows: (readonly [string, string])[] = [
    ['ID', id],
    ['Key', key],
    ['Role', role],
    ['Expires', expiresText(rest)],
    ['Description', description],
  ]
  return `${fields(rows)}\n${ONCE}\n`
}

function expiresText({ expires_at }: Pick<Auth.KeyShape, 'expires_at'>): string {
  return expires_at.startsWith('0001') ? 'never' : expires_at
}
