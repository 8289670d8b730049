/**
 * One small file of state that must survive anything: written whole with a version and a checksum, the generation before it kept
 * beside it. A damaged one is set aside and the one before counts; when that is damaged too, state begins anew.
 */

import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { link, mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
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

const MAX_BYTES = 16 * 1024 * 1024

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
    await unlink(`${file}.new`).catch(() => undefined)
    for (const candidate of [file, `${file}.old`]) {
      try {
        const content = this.#open(await readRegular(candidate))
        if (content !== undefined) return content
        await this.#setAside(candidate, 'damaged')
      } catch (thrown) {
        if (isMissing(thrown)) continue
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
    await mkdir(dirname(file), { recursive: true })
    const handle = await open(`${file}.new`, 'w', 0o644)
    try {
      await handle.writeFile(`${JSON.stringify({ version, checksum: checksumOf(content), content })}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await unlink(`${file}.old`).catch(() => undefined)
    // Not there the first time.
    await link(file, `${file}.old`).catch(() => undefined)
    await rename(`${file}.new`, file)
    await syncFolder(dirname(file))
  }

  async #setAside(file: string, how: string): Promise<void> {
    const { what, logger } = this.#options
    const aside = `${file}.damaged`
    await rename(file, aside).catch(() => undefined)
    logger.error({ file: aside }, `${what}: a file was ${how} and is set aside`)
  }
}

/** Resolves when the entries of `dir` are on the disk. */
export async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function checksumOf(content: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(content) ?? '')
    .digest('hex')
}

async function readRegular(file: string): Promise<string> {
  // Without O_NONBLOCK the opening of a pipe waits for its writer.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const found = await handle.stat()
    if (!found.isFile()) throw new Error('not a regular file')
    if (found.size > MAX_BYTES) throw new Error(`${found.size} bytes, at most ${MAX_BYTES} are read`)
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT'
}
