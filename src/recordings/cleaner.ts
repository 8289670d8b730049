/**
 * Deletes what the retention policy gives up, the oldest first: by itself every so often, and when asked. Each file goes from the disk
 * before it goes from the index, so that an end in the middle leaves nothing that the next start does not see.
 */

import type { Clock } from '../base/clock.js'
import { errorText, ServiceError } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import { SealedFile } from '../base/sealed-file.js'
import type { Files } from './files.js'
import type { FileIndex } from './index-store/client.js'
import { FILE_KINDS, type FileKind, type IndexedFile } from './index-store/types.js'
import type { RetentionPolicy, SnapshotLimits } from './options.js'
import { allowedBytes, answerOf, nextPolicy, oldestAllowedMs, type PolicyAnswer, type PolicyParams } from './retention.js'

export interface CleanerOptions {
  readonly index: FileIndex
  readonly files: Pick<Files, 'isHeld' | 'remove'>
  /** Where a policy that was set by a call is kept. */
  readonly file: string
  /** In force until a call sets another. */
  readonly policy: RetentionPolicy
  readonly auto: boolean
  readonly intervalMs: number
  /** Limits of snapshots alone; undefined: none. */
  readonly snapshots?: SnapshotLimits
  readonly clock: Clock
  readonly logger: Logger
}

export interface CleanupAnswer {
  readonly cleanup_executed: boolean
  readonly files_deleted: number
  readonly space_freed: number
  readonly message: string
}

/** `failed`: files that should have gone and could not be deleted. */
interface Sweep {
  files: number
  bytes: number
  failed: number
}

const VERSION = 1
const BATCH = 200
/** The first sweep leaves a start alone. */
const FIRST_MS = 60_000

export class Cleaner {
  readonly #options: CleanerOptions
  readonly #stored: SealedFile<RetentionPolicy>
  #policy: RetentionPolicy
  /** Two sweeps at once would delete the same files twice over. */
  #last: Promise<unknown> = Promise.resolve()
  #cancels: (() => void)[] = []
  #stopped = false
  readonly #total: Sweep = { files: 0, bytes: 0, failed: 0 }

  constructor(options: CleanerOptions) {
    const { file, logger } = options
    this.#options = options
    this.#policy = options.policy
    this.#stored = new SealedFile({ file, what: 'the retention policy', version: VERSION, parse: policyOf, logger })
  }

  get policy(): RetentionPolicy {
    return this.#policy
  }

  /** Of all sweeps since the start. */
  get figures(): Readonly<Sweep> {
    return this.#total
  }

  async start(): Promise<void> {
    const { auto, intervalMs, snapshots } = this.#options
    this.#policy = (await this.#stored.load()) ?? this.#policy
    if (auto) this.#plan(intervalMs, (done) => this.#sweepAll(done))
    if (snapshots !== undefined) this.#plan(snapshots.intervalMs, (done) => this.#sweepSnapshots(done, snapshots))
  }

  #plan(intervalMs: number, sweep: (done: Sweep) => Promise<void>): void {
    const { clock } = this.#options
    const run = () => void this.#automatic(sweep)
    this.#cancels.push(clock.after(Math.min(FIRST_MS, intervalMs), run), clock.every(intervalMs, run))
  }

  /** A sweep under way ends after the file it is at. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const cancel of this.#cancels) cancel()
    await this.#last
  }

  /** Durable before it is answered. Rejects with INVALID_PARAMS, DEPENDENCY_FAILED; then the old one stays. */
  async setPolicy(params: PolicyParams): Promise<PolicyAnswer> {
    const policy = nextPolicy(this.#policy, params)
    await this.#stored.save(policy).catch((thrown: unknown) => {
      const detail = `the policy could not be stored: ${errorText(thrown)}`
      throw new ServiceError('DEPENDENCY_FAILED', { data: { dependency: 'storage', detail }, details: detail, cause: thrown })
    })
    this.#policy = policy
    return answerOf(params)
  }

  /** Rejects with INVALID_STATE when retention is not enabled. */
  async cleanup(): Promise<CleanupAnswer> {
    if (!this.#policy.enabled) {
      throw new ServiceError('INVALID_STATE', {
        data: { state: 'RETENTION_DISABLED', allowed_states: ['RETENTION_ENABLED'] },
        details: 'the retention policy is not enabled',
        suggestion: 'call set_retention_policy with enabled true',
      })
    }
    const { files, bytes, failed } = await this.#run((done) => this.#sweepAll(done))
    const kept = failed === 0 ? '' : `; ${failed} could not be deleted`
    const message = files === 0 ? `Nothing to clean up${kept}` : `Deleted ${files} old files${kept}`
    return { cleanup_executed: true, files_deleted: files, space_freed: bytes, message }
  }

  async #automatic(sweep: (done: Sweep) => Promise<void>): Promise<void> {
    if (!this.#policy.enabled || this.#policy.type === 'manual') return
    await this.#run(sweep).catch((thrown: unknown) => {
      this.#options.logger.error({ error: errorText(thrown) }, 'old files could not be cleaned up')
    })
  }

  /** One after the other. */
  #run(sweep: (done: Sweep) => Promise<void>): Promise<Sweep> {
    const running = this.#last.then(() => this.#runNow(sweep))
    this.#last = running.catch(() => undefined)
    return running
  }

  async #runNow(sweep: (done: Sweep) => Promise<void>): Promise<Sweep> {
    const { index, logger } = this.#options
    const done: Sweep = { files: 0, bytes: 0, failed: 0 }
    try {
      await sweep(done)
    } finally {
      // What was deleted counts, also when the rest could not be looked at.
      this.#total.files += done.files
      this.#total.bytes += done.bytes
      this.#total.failed += done.failed
    }
    if (done.files > 0) {
      await index.forgetEmptyRecordings()
      logger.info({ files: done.files, bytes: done.bytes }, 'old files were deleted')
    }
    if (done.failed > 0) logger.warn({ files: done.failed }, 'old files could not be deleted')
    return done
  }

  async #sweepAll(done: Sweep): Promise<void> {
    const { index, clock } = this.#options
    const untilMs = oldestAllowedMs(this.#policy, clock.wallMs())
    if (untilMs !== undefined) await this.#deleteWhile(done, FILE_KINDS, (file) => file.createdMs < untilMs)
    const limit = allowedBytes(this.#policy)
    if (limit === undefined) return
    const totals = await index.totals()
    const allBytes = totals.recording.bytes + totals.snapshot.bytes
    await this.#deleteWhile(done, FILE_KINDS, () => allBytes - done.bytes > limit)
  }

  async #sweepSnapshots(done: Sweep, { maxAgeMs, maxCount }: SnapshotLimits): Promise<void> {
    const { index, clock } = this.#options
    const untilMs = clock.wallMs() - maxAgeMs
    const { snapshot } = await index.totals()
    const isDoomed = (file: IndexedFile) => file.createdMs < untilMs || snapshot.files - done.files > maxCount
    await this.#deleteWhile(done, ['snapshot'], isDoomed)
  }

  /** Oldest first over all kinds, until `doomed` says no. Files in use are passed over. */
  async #deleteWhile(done: Sweep, kinds: readonly FileKind[], doomed: (file: IndexedFile) => boolean): Promise<void> {
    const queues = kinds.map((kind) => new OldestFirst(this.#options.index, kind))
    while (!this.#stopped) {
      const heads = await Promise.all(queues.map((queue) => queue.head()))
      const [queue] = queues
        .filter((_queue, order) => heads[order] !== undefined)
        .sort((one, other) => (one.now?.createdMs ?? 0) - (other.now?.createdMs ?? 0))
      const file = queue?.now
      if (queue === undefined || file === undefined || !doomed(file)) return
      queue.drop(await this.#delete(file, done))
    }
  }

  /** Whether it is gone. */
  async #delete(file: IndexedFile, done: Sweep): Promise<boolean> {
    const { files } = this.#options
    if (files.isHeld(file)) return false
    try {
      if (await files.remove(file)) {
        done.files += 1
        done.bytes += file.sizeBytes
      }
      return true
    } catch {
      done.failed += 1
      return false
    }
  }
}

/** The files of one kind by age, read in batches while they are being deleted. */
class OldestFirst {
  readonly #index: FileIndex
  readonly #kind: FileKind
  #batch: IndexedFile[] = []
  /** Files at the front that stay. */
  #kept = 0
  #over = false

  constructor(index: FileIndex, kind: FileKind) {
    this.#index = index
    this.#kind = kind
  }

  get now(): IndexedFile | undefined {
    return this.#batch[0]
  }

  async head(): Promise<IndexedFile | undefined> {
    if (this.#batch.length === 0 && !this.#over) {
      this.#batch = [...(await this.#index.oldest(this.#kind, BATCH, this.#kept))]
      this.#over = this.#batch.length === 0
    }
    return this.now
  }

  drop(deleted: boolean): void {
    this.#batch.shift()
    if (!deleted) this.#kept += 1
  }
}

function policyOf(content: unknown): RetentionPolicy | undefined {
  if (typeof content !== 'object' || content === null) return undefined
  const { type, enabled, maxAgeDays, maxSizeGb } = content as Partial<Record<keyof RetentionPolicy, unknown>>
  if (type !== 'age' && type !== 'size' && type !== 'manual') return undefined
  if (typeof enabled !== 'boolean' || typeof maxAgeDays !== 'number' || typeof maxSizeGb !== 'number') return undefined
  return { type, enabled, maxAgeDays, maxSizeGb }
}
