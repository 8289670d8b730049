/** The file of API keys below the state directory: no key in it can be used by whoever reads it. */

import { chown, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '../../base/clock.js'
import { readWhole, writeWhole } from '../../base/durable-file.js'
import { errorText } from '../../base/errors.js'
import { jsonOf } from '../../base/state-file.js'
import { inStateDir } from '../state-dir.js'
import { withLock } from './file-lock.js'
import { mergeOlder, readOlder } from './older-files.js'
import { fileText, type KeyRecord, parseFile } from './record.js'

/** Not the name of older files: with their folder as state directory, theirs would be overwritten. */
const NAME = 'api-key-hashes.json'
/** Room for 80 000 keys: those that were taken back stay in the file. */
const MAX_BYTES = 32 * 1024 * 1024
/** Where older editions keep theirs. */
const OLDER_PLACES = [
  '/etc/camera-service/api-keys.json',
  '/opt/camera-service/api-keys.json',
  '/opt/camera-service/keys/api_keys.json',
]

export type Records = ReadonlyMap<string, KeyRecord>

export interface KeyFileOptions {
  /** Created when missing. */
  readonly stateDir: string
  /** File of an older edition; undefined: where those used to be. */
  readonly olderFile: string | undefined
  readonly clock: Pick<Clock, 'wallMs'>
}

export class KeyFile {
  readonly path: string
  readonly #options: KeyFileOptions

  constructor(options: KeyFileOptions) {
    this.#options = options
    this.path = join(options.stateDir, NAME)
  }

  /** Rejects with one line that names file and remedy when it is damaged or cannot be read. */
  async read(): Promise<Records> {
    const text = await readWhole(this.path, MAX_BYTES).catch((thrown: unknown) => {
      throw new Error(`${this.path}: ${errorText(thrown)}; make it readable for this user`, { cause: thrown })
    })
    if (text === undefined) return new Map()
    const records = parseFile(jsonOf(text))
    if (records !== undefined) return records
    throw new Error(`${this.path}: the API keys are damaged; put a good copy in its place, or move it away to begin anew`)
  }

  /** Writes what `change` makes of the newest records, one writer at a time; undefined changes nothing. Answers what is there now. */
  change(change: (records: Records) => Records | undefined): Promise<Records> {
    return inStateDir(this.#options.stateDir, () =>
      withLock(this.path, async () => {
        const present = await this.read()
        const next = change(present)
        if (next === undefined) return present
        await this.#write(next)
        return next
      }),
    )
  }

  /**
   * Takes over what files of older editions hold and leaves them as they are. Answers one line for each that could not be used, in whole
   * or in part. Rejects as `change`.
   */
  async importOlder(): Promise<readonly string[]> {
    const { olderFile } = this.#options
    const notes: string[] = []
    for (const file of olderFile === undefined ? OLDER_PLACES : [olderFile]) {
      const note = await this.#importFrom(file)
      if (note !== undefined) notes.push(note)
    }
    return notes
  }

  async #importFrom(file: string): Promise<string | undefined> {
    let text: string | undefined
    try {
      text = await readWhole(file, MAX_BYTES)
    } catch (thrown) {
      return `${file}: older API keys were not imported: ${errorText(thrown)}`
    }
    if (text === undefined) return undefined
    const wallMs = this.#options.clock.wallMs()
    const older = readOlder(jsonOf(text), wallMs)
    if (older === undefined) return `${file}: older API keys were not imported: the file has none of the known shapes`
    if (older.records.length > 0) await this.change((present) => mergeOlder(present, older.records, wallMs))
    if (older.skipped.length === 0) return undefined
    return `${file}: older API keys that could not be understood: ${older.skipped.slice(0, 10).join(', ')}`
  }

  async #write(records: Records): Promise<void> {
    const isNew = (await stat(this.path).catch(() => undefined)) === undefined
    await writeWhole(this.path, fileText(records, this.#options.clock.wallMs()), { newMode: 0o600 })
    // Made by root on the command line, it must still be the service's.
    if (!isNew || process.getuid?.() !== 0) return
    const folder = await stat(dirname(this.path))
    await chown(this.path, folder.uid, folder.gid)
  }
}
