/** What is kept of recordings beside their files: in the journal until they are over, in the index for as long as their files. */

import type { Clock } from '../base/clock.js'
import { errorText } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { RecordingNote } from './details.js'
import type { FileIndex } from './index-store/client.js'
import type { Journal, JournalEntry } from './journal.js'
import type { Recording } from './recording.js'
import type { EndReason } from './types.js'

export interface RecordsOptions {
  readonly index: Pick<FileIndex, 'put' | 'putRecording'>
  readonly journal: Journal
  readonly clock: Clock
  readonly logger: Logger
}

export class Records {
  readonly #options: RecordsOptions

  constructor(options: RecordsOptions) {
    this.#options = options
  }

  /** What was under way when the service ended. */
  load(): Promise<readonly JournalEntry[]> {
    return this.#options.journal.load()
  }

  /** Of a recording under way. Resolves when it is on the disk. */
  keep(entry: JournalEntry): Promise<void> {
    return this.#options.journal.put(entry)
  }

  /** Of a start that failed. */
  forget(id: string): Promise<void> {
    return this.#options.journal.remove(id)
  }

  /** A recording that goes on; in the background. */
  note(recording: Recording): void {
    void this.#note(recording, undefined)
  }

  /** A recording that is over. Lists that are asked for next have it; until this is done the journal has it, too. Never rejects. */
  async close(recording: Recording, reason: EndReason | undefined): Promise<void> {
    // Whoever hears of the end asks at once, and a busy disk takes its time.
    await Promise.all([this.#note(recording, reason ?? 'stopped'), recording.segments.sync()])
    await this.#options.journal.remove(recording.identity.id).catch((thrown: unknown) => {
      this.#options.logger.error({ error: errorText(thrown) }, 'the end of a recording could not be noted')
    })
  }

  /** Into the index, which finds the files by itself but not what they belong to. Never rejects. */
  async #note(recording: Recording, end: string | undefined): Promise<void> {
    const { index, clock, logger } = this.#options
    const { id, device, identity, format, startedMs } = recording.identity
    const { writer, gaps, segments } = recording
    const note: RecordingNote = {
      ...{ device, identity, format, started: startedMs, gaps },
      ...(writer && { writer: writer.kind, ...writer.facts }),
      ...(end && { end, ended: clock.wallMs() }),
    }
    try {
      // All asked at once: a list that is asked for next comes after them.
      await Promise.all([
        index.putRecording(id, JSON.stringify(note)),
        ...segments.list.map(({ place, startedMs: createdMs, durationMs, closed }) => {
          const known = closed && durationMs !== undefined ? { durationMs } : {}
          return index.put(place, { createdMs, recording: id, ...known })
        }),
      ])
    } catch (thrown) {
      logger.warn({ device, error: errorText(thrown) }, 'a recording is not in the index yet')
    }
  }
}
