/**
 * One small file of state that must survive anything: written whole with a version and a checksum, the generation before it kept
 * beside it. A damaged one is set aside and the one before counts; when that is damaged too, state begins anew.
 */

import { createHash } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { readWhole, removeLeftovers, writeWhole } from './durable-file.js'
import { errorText } from './errors.js'
import type { Logger } from './logger.js'

export interface SealedFileOptions<Content> {
  readonly file: string
  /** What it holds, for the log: `recordings under way`. */
  readonly what: string
  /** A file of another version is taken for damaged. */
  readonly version: number
  /** Undefined for content that is none. */
  readonly parse: (content: unknown) => Content | undefined
  readonly logger: Logger
}

export class SealedFile<Content extends object> {
  readonly #options: SealedFileOptions<Content>
  #pending: Content | undefined
  #next: Promise<void> | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(options: SealedFileOptions<Content>) {
    this.#options = options
  }

  /** Undefined when there is none, or none that can be trusted. Never rejects. */
  async load(): Promise<Content | undefined> {
    const { file, what, logger } = this.#options
    await removeLeftovers(file)
    for (const candidate of [file, `${file}.old`]) {
      try {
        const text = await readWhole(candidate)
        if (text === undefined) continue
        const content = this.#open(text)
        if (content !== undefined) return content
        await this.#setAside(candidate, 'damaged')
      } catch (thrown) {
        logger.error({ file: candidate, error: errorText(thrown) }, `${what} could not be read`)
        await this.#setAside(candidate, 'unreadable')
      }
    }
    return undefined
  }

  /** Resolves when `content`, or a later one, is on the disk; rejects when the disk did not take it. */
  save(content: Content): Promise<void> {
    this.#pending = content
    // Calls during a write are folded into the one after it.
    this.#next ??= this.#writing
      .catch(() => undefined)
      .then(() => {
        const newest = this.#pending
        this.#pending = undefined
        this.#next = undefined
        this.#writing = newest === undefined ? Promise.resolve() : this.#write(newest)
        return this.#writing
      })
    return this.#next
  }

  #open(text: string): Content | undefined {
    let sealed: unknown
    try {
      sealed = JSON.parse(text)
    } catch {
      return undefined
    }
    if (typeof sealed !== 'object' || sealed === null) return undefined
    const { version, checksum, content } = sealed as Record<string, unknown>
    if (version !== this.#options.version || checksum !== checksumOf(content)) return undefined
    return this.#options.parse(content)
  }

  async #write(content: Content): Promise<void> {
    const { file, version } = this.#options
    const sealed = `${JSON.stringify({ version, checksum: checksumOf(content), content })}\n`
    await writeWhole(file, sealed, { keptAs: `${file}.old` })
  }

  async #setAside(file: string, how: string): Promise<void> {
    const { what, logger } = this.#options
    const aside = `${file}.damaged`
    await rename(file, aside).catch(() => undefined)
    logger.error({ file: aside }, `${what}: a file was ${how} and is set aside`)
  }
}

function checksumOf(content: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(content) ?? '')
    .digest('hex')
}
