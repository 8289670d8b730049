/** What the audit log keeps of one call. */

import type { AuditEntry } from '../base/audit-log.js'
import { shownAddress } from '../base/shown-address.js'
import type { Message, Params } from './message.js'
import type { Session } from './session.js'

/** Parameters that say what a call changes. All others, credentials among them, are left out. */
const TOLD: ReadonlySet<string> = new Set([
  ...['device', 'filename', 'format', 'duration', 'stream_name', 'stream_url', 'url', 'scan_interval'],
  ...['policy_type', 'enabled', 'max_age_days', 'max_size_gb'],
])
const MAX_CHARS = 256
/** Of any other scheme, too; and what lacks one. */
const ADDRESS = /\/\/|@/
/** No address that is taken is longer. */
const MAX_ADDRESS_CHARS = 2_048

export function auditEntry(
  { identity, address, clientId }: Pick<Session, 'identity' | 'address' | 'clientId'>,
  { method, params }: Pick<Message, 'method' | 'params'>,
  outcome: string,
): AuditEntry {
  return {
    action: method,
    outcome,
    subject: identity?.userId,
    role: identity?.role,
    address,
    client: clientId,
    detail: toldOf(params),
  }
}

function toldOf(params: Params): AuditEntry['detail'] {
  let told: Record<string, string | number | boolean> | undefined
  for (const name in params) {
    if (!TOLD.has(name)) continue
    const value = params[name]
    told ??= {}
    if (typeof value === 'number' || typeof value === 'boolean') told[name] = value
    if (typeof value === 'string') told[name] = shown(value).slice(0, MAX_CHARS)
  }
  return told === undefined || Object.keys(told).length === 0 ? undefined : told
}

/** What looks like an address is told without its secrets, or not at all when it is none: a password might be anywhere in it. */
function shown(value: string): string {
  if (!ADDRESS.test(value)) return value
  const address = value.length <= MAX_ADDRESS_CHARS && URL.canParse(value) ? new URL(value) : undefined
  // Without a host all of it is path: `rtsp:user:password@host`.
  return address === undefined || address.hostname === '' ? 'no address' : shownAddress(address)
}
