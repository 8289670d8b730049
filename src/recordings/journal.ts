/**
 * Recordings under way, durable: an entry is there from before the start is answered until all files are closed and synced. What a
 * killed service left is gone on with, or closed and listed, by what is in here.
 */

import type { Logger } from '../base/logger.js'
import { SealedFile } from '../base/sealed-file.js'
import type { RecordingFormat, RecordingGap } from './types.js'

export interface JournalSegment {
  readonly dir: string
  readonly name: string
  /** Wall clock of its first frame, about. */
  readonly startedMs: number
  /** Undefined while it is being written. */
  readonly durationMs?: number
}

export interface JournalEntry {
  readonly id: string
  readonly device: string
  readonly identity: string
  readonly format: RecordingFormat
  readonly writer: 'ffmpeg' | 'mediamtx'
  /** Name answered at the start. */
  readonly filename: string
  /** Wanted by the caller: later segments count from it. */
  readonly named: boolean
  readonly startedMs: number
  /** When it stops by itself; wall clock. */
  readonly deadlineMs: number
  /** Of an entry that an older edition wrote: undefined. */
  readonly inFallback?: boolean
  readonly segments: readonly JournalSegment[]
  readonly gaps: readonly RecordingGap[]
}

interface Content {
  readonly recordings: readonly JournalEntry[]
}

const VERSION = 1

export class Journal {
  readonly #file: SealedFile<Content>
  readonly #entries = new Map<string, JournalEntry>()

  constructor(options: { readonly file: string; readonly logger: Logger }) {
    this.#file = new SealedFile({ ...options, what: 'recordings under way', version: VERSION, parse: contentOf })
  }

  /** What was under way when the service ended. */
  async load(): Promise<readonly JournalEntry[]> {
    const content = await this.#file.load()
    for (const entry of content?.recordings ?? []) this.#entries.set(entry.id, entry)
    return [...this.#entries.values()]
  }

  /** Resolves when it is on the disk. */
  put(entry: JournalEntry): Promise<void> {
    this.#entries.set(entry.id, entry)
    return this.#save()
  }

  async remove(id: string): Promise<void> {
    if (this.#entries.delete(id)) await this.#save()
  }

  #save(): Promise<void> {
    return this.#file.save({ recordings: [...this.#entries.values()] })
  }
}

/** The checksum says that we wrote it, so its parts are as we write them. */
function contentOf(content: unknown): Content | undefined {
  if (typeof content !== 'object' || content === null || !('recordings' in content)) return undefined
  return Array.isArray(content.recordings) ? (content as Content) : undefined
}
