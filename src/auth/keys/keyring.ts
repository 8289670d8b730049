/** The API keys as the running service knows them: checked in memory, kept equal to the file, their use noted now and then. */

import { type FSWatcher, watch } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Audit } from '../../base/audit-log.js'
import type { Clock } from '../../base/clock.js'
import { errorText, ServiceError } from '../../base/errors.js'
import type { Service } from '../../base/lifecycle.js'
import type { Logger } from '../../base/logger.js'
import type { Identity } from '../claims.js'
import type { KeyFile, Records } from './key-file.js'
import { KeyIdentity } from './key-identity.js'
import { type KeyRecord, statusOf } from './record.js'
import { digestOf, isSameDigest, keptDigest, keptOf, lookupOf } from './secret.js'
import { type SlowHash, SlowHashes } from './slow-hashes.js'

const MAX_KEY_CHARS = 512
/** How soon after a change of the file it is read, and how often it is looked at where nothing tells of changes. */
const SETTLE_MS = 50
const LOOK_MS = 10_000
const USAGE_MS = 60_000
/** Made once: whoever tries many keys costs little more than the look at each. */
const UNKNOWN_KEY = refused('this API key is unknown')
/** Compared with when there is nothing to compare with, so that an unknown key takes as long as a known one. */
const NOBODY: readonly Candidate[] = [{ digest: Buffer.alloc(32), known: undefined }]

export interface KeyringOptions {
  readonly file: KeyFile
  readonly clock: Clock
  readonly logger: Logger
  /** Whether last use and number of uses are kept. */
  readonly usageTracking: boolean
  /** Whether a line of the log tells of each key that comes, goes or is taken back. */
  readonly auditLogging: boolean
  /** Hears of the same. Default: nobody does. */
  readonly audit?: Audit
}

interface Known {
  record: KeyRecord
  readonly identity: KeyIdentity
  /** Since the last writing. */
  uses: number
  usedMs: number
}

interface Candidate {
  readonly digest: Buffer
  readonly known: Known | undefined
}

export class Keyring implements Service {
  readonly name = 'api-keys'
  readonly #options: KeyringOptions
  readonly #logger: Logger
  readonly #slow = new SlowHashes()
  #known = new Map<string, Known>()
  #byLookup = new Map<string, Candidate[]>()
  #slowHashes: readonly SlowHash[] = []
  #seen = ''
  #watcher: FSWatcher | undefined
  #settle: (() => void) | undefined
  #ends: (() => void)[] = []
  #loading: Promise<void> | undefined
  #noting: Promise<void> | undefined
  #told = ''

  constructor(options: KeyringOptions) {
    this.#options = options
    this.#logger = options.logger.child({ component: 'api-keys' })
  }

  /** Never rejects: without keys there are still tokens, and the log says what to do. */
  async start(): Promise<void> {
    const { file, clock } = this.#options
    try {
      for (const note of await file.importOlder()) this.#logger.warn({}, note)
    } catch (thrown) {
      this.#logger.error({ error: errorText(thrown) }, 'older API keys were not imported')
    }
    await this.reload()
    this.#watch()
    this.#ends = [clock.every(LOOK_MS, () => void this.reload()), clock.every(USAGE_MS, () => void this.#noteUsage())]
  }

  async stop(): Promise<void> {
    for (const end of this.#ends) end()
    this.#ends = []
    this.#settle?.()
    this.#watcher?.close()
    this.#watcher = undefined
    await this.#loading
    await this.#noting
    await this.#noteUsage()
  }

  /** Reads the file when it has changed. Never rejects: what cannot be read leaves the keys as they are. */
  reload(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  /**
   * Who holds `key`. Throws or rejects with AUTH_FAILED for a key that is unknown, revoked or expired, and RATE_LIMITED while too many
   * keys of the older kind wait to be checked: only for those the answer is a promise.
   */
  verify(key: string): Identity | Promise<Identity> {
    if (key.length > MAX_KEY_CHARS) throw refused('this is not an API key')
    const digest = digestOf(key)
    let found: Known | undefined
    for (const candidate of this.#byLookup.get(lookupOf(key)) ?? NOBODY) {
      if (isSameDigest(candidate.digest, digest)) found = candidate.known
    }
    if (found !== undefined) return this.#accept(found)
    if (this.#slowHashes.length > 0 && this.#slow.mayFit(key)) return this.#verifySlowly(key)
    throw UNKNOWN_KEY
  }

  #accept(known: Known): Identity {
    const wallMs = this.#options.clock.wallMs()
    const status = statusOf(known.record, wallMs)
    if (status !== 'active') throw refused(`this API key is ${status}`)
    known.uses += 1
    known.usedMs = wallMs
    return known.identity
  }

  async #verifySlowly(key: string): Promise<Identity> {
    const id = await this.#slow.find(key, () => this.#slowHashes)
    if (id === undefined) throw UNKNOWN_KEY
    const kept = keptOf(key)
    // On disk first: a key that was taken back meanwhile stays so.
    const upgraded = await this.#options.file
      .change((records) => {
        const record = records.get(id)
        return record === undefined ? undefined : new Map(records).set(id, { ...record, ...kept })
      })
      .catch((thrown: unknown) => {
        this.#logger.error({ key_id: id, error: errorText(thrown) }, 'the hash of an older key could not be replaced')
        return undefined
      })
    if (upgraded !== undefined) this.#adopt(upgraded)
    const known = this.#known.get(id)
    if (known === undefined) throw UNKNOWN_KEY
    return this.#accept(known)
  }

  async #load(): Promise<void> {
    try {
      const { file } = this.#options
      const state = await stateOf(file.path)
      if (state === this.#seen) return
      this.#adopt(await file.read())
      this.#seen = state
      this.#told = ''
    } catch (thrown) {
      const error = errorText(thrown)
      if (this.#told !== error) this.#logger.error({ error }, 'API keys were not read; those known stay in force')
      this.#told = error
    }
  }

  /** Takes `records` for the truth; sessions of keys that are not good any more end now. */
  #adopt(records: Records): void {
    const wallMs = this.#options.clock.wallMs()
    const first = this.#seen === ''
    const next = new Map<string, Known>()
    for (const record of records.values()) next.set(record.id, this.#knownFor(record, first, wallMs))
    for (const [id, { identity, record }] of this.#known) {
      if (next.get(id)?.identity === identity) continue
      identity.revoke(wallMs)
      if (!next.has(id)) this.#audit(record, 'removed')
    }
    this.#known = next
    this.#byLookup = grouped(next.values())
    this.#slowHashes = [...next.values()]
      .filter(({ record }) => keptDigest(record) === undefined && statusOf(record, wallMs) === 'active')
      .map(({ record }) => ({ id: record.id, hash: record.hash }))
    this.#slow.forgetMisses()
  }

  #knownFor(record: KeyRecord, first: boolean, wallMs: number): Known {
    const before = this.#known.get(record.id)
    const same =
      before !== undefined && before.record.role === record.role && before.record.expiresMs === record.expiresMs
        ? before
        : undefined
    const known: Known = {
      record,
      identity: same?.identity ?? new KeyIdentity(record),
      uses: before?.uses ?? 0,
      usedMs: before?.usedMs ?? 0,
    }
    if (record.revoked) known.identity.revoke(wallMs)
    if (before === undefined && !first) this.#audit(record, 'added')
    if (before !== undefined && record.revoked && !before.record.revoked) this.#audit(record, 'revoked')
    if (before !== undefined && record.role !== before.record.role) this.#audit(record, 'given another role')
    return known
  }

  #audit({ id, role, description }: KeyRecord, change: 'added' | 'removed' | 'revoked' | 'given another role'): void {
    const { audit, auditLogging } = this.#options
    if (auditLogging) this.#logger.info({ audit: true, key_id: id, role, description }, `API key ${change}`)
    audit?.({ action: 'api_key', outcome: 'ok', detail: { change, key_id: id, role } })
  }

  /** One writing at a time: two would count the same uses. */
  #noteUsage(): Promise<void> {
    this.#noting ??= this.#writeUsage().finally(() => {
      this.#noting = undefined
    })
    return this.#noting
  }

  /** Counts are added to what is in the file, which another program may have changed. */
  async #writeUsage(): Promise<void> {
    const used = [...this.#known.values()].filter(({ uses }) => uses > 0)
    if (used.length === 0 || !this.#options.usageTracking) return
    const taken = used.map((known) => ({ known, uses: known.uses }))
    try {
      const written = await this.#options.file.change((records) => {
        const next = new Map(records)
        for (const { known, uses } of taken) {
          const record = next.get(known.record.id)
          if (record === undefined) continue
          const lastUsedMs = Math.max(record.lastUsedMs ?? 0, known.usedMs)
          next.set(record.id, { ...record, usageCount: record.usageCount + uses, lastUsedMs })
        }
        return next
      })
      for (const { known, uses } of taken) known.uses -= uses
      this.#adopt(written)
    } catch (thrown) {
      this.#logger.warn({ error: errorText(thrown) }, 'the use of API keys could not be noted')
    }
  }

  #watch(): void {
    const { file, clock } = this.#options
    try {
      this.#watcher = watch(dirname(file.path), (_event, name) => {
        if (name !== basename(file.path)) return
        this.#settle?.()
        this.#settle = clock.after(SETTLE_MS, () => void this.reload())
      })
      this.#watcher.on('error', () => undefined)
      this.#watcher.unref()
    } catch {
      // Then the look every few seconds has to do.
    }
  }
}

async function stateOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined)
  return found === undefined ? 'none' : `${found.ino} ${found.size} ${found.mtimeNs}`
}

function grouped(all: Iterable<Known>): Map<string, Candidate[]> {
  const groups = new Map<string, Candidate[]>()
  for (const known of all) {
    const digest = keptDigest(known.record)
    const { lookup } = known.record
    if (digest !== undefined) groups.set(lookup, [...(groups.get(lookup) ?? []), { digest, known }])
  }
  return groups
}

function refused(details: string): ServiceError {
  return new ServiceError('AUTH_FAILED', { details, suggestion: 'ask an administrator for another key' })
}
