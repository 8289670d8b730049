/** The files that clients list, ask about and delete: recordings and snapshots, as the index knows them. */

import { isAbsolute, join } from 'node:path'
import { timestamp } from '../base/clock.js'
import { errorText, ServiceError } from '../base/errors.js'
import { detailsOf, type RecordingDetails } from './details.js'
import type { Holds } from './holds.js'
import type { FileIndex } from './index-store/client.js'
import { type FileKind, type FilePlace, folderOf, type IndexedFile, stemOf } from './index-store/types.js'
import { checkFileName, recordingStems } from './names.js'

export interface FilesOptions {
  readonly index: FileIndex
  readonly holds: Holds
  readonly roots: Readonly<Record<FileKind, string>>
  /** Where files lie that were written while a root could not be. */
  readonly fallbacks?: Readonly<Record<FileKind, string>>
  /** Milliseconds that a recording plays; undefined when nobody can tell. */
  readonly measure: (file: string) => Promise<number | undefined>
}

export interface FileEntry {
  readonly filename: string
  readonly file_size: number
  readonly modified_time: string
  readonly download_url: string
}

export interface FileList {
  readonly files: readonly FileEntry[]
  readonly total: number
  readonly limit: number
  readonly offset: number
}

export interface FileInfo {
  readonly filename: string
  readonly file_size: number
  readonly created_time: string
  readonly download_url: string
}

export interface RecordingInfo extends FileInfo {
  /** Seconds. */
  readonly duration: number
}

export interface DeletedFile {
  readonly filename: string
  readonly deleted: true
  readonly message: string
}

/** A file that stays for as long as somebody reads it. */
export interface HeldFile {
  /** Absolute. */
  readonly path: string
  /** Folder of its kind, or of the fallback, in which `path` lies. */
  readonly root: string
  readonly name: string
  readonly sizeBytes: number
  release(): void
}

const DEFAULT_LIMIT = 50
const MS_PER_SECOND = 1_000
const FOLDERS: Readonly<Record<FileKind, string>> = { recording: 'recordings', snapshot: 'snapshots' }

export class Files {
  readonly #options: FilesOptions

  constructor(options: FilesOptions) {
    this.#options = options
  }

  /** Newest first. Rejects with STORAGE_UNREADABLE. */
  async list(kind: FileKind, { limit = DEFAULT_LIMIT, offset = 0 }: { limit?: number; offset?: number }): Promise<FileList> {
    const { files, total } = await this.#options.index.page(kind, limit, offset)
    return { files: files.map(entryOf), total, limit, offset }
  }

  /** Rejects with INVALID_PARAMS, RECORDING_NOT_FOUND, STORAGE_UNREADABLE. */
  async recordingInfo(filename: string): Promise<RecordingInfo> {
    const file = await this.#get('recording', filename)
    const durationMs = file.durationMs ?? (await this.#measure(file))
    return { ...infoOf(file), duration: Math.round(durationMs / MS_PER_SECOND) }
  }

  /** What is known of it beyond that; empty of a file that somebody put there. Rejects as `recordingInfo`. */
  async recordingFacts(filename: string): Promise<RecordingDetails | Record<string, never>> {
    const { recording } = await this.#get('recording', filename)
    if (recording === undefined) return {}
    const { index } = this.#options
    const [note, files] = await Promise.all([index.recording(recording), index.ofRecording(recording)])
    return note === undefined ? {} : detailsOf(note, files)
  }

  /** Rejects with INVALID_PARAMS, SNAPSHOT_NOT_FOUND, STORAGE_UNREADABLE. */
  async snapshotInfo(filename: string): Promise<FileInfo> {
    return infoOf(await this.#get('snapshot', filename))
  }

  /**
   * Rejects with INVALID_PARAMS, RECORDING_NOT_FOUND or SNAPSHOT_NOT_FOUND, INVALID_STATE (written or downloaded),
   * DEPENDENCY_FAILED (the disk).
   */
  async delete(kind: FileKind, filename: string): Promise<DeletedFile> {
    const file = await this.#get(kind, filename)
    const reason = this.#options.holds.reason(file)
    if (reason !== undefined) throw inUse(file, reason)
    await this.remove(file)
    const what = kind === 'recording' ? 'Recording' : 'Snapshot'
    return { filename: stemOf(kind, file.name), deleted: true, message: `${what} file deleted successfully` }
  }

  /** For a download. Rejects as `recordingInfo`, and with INVALID_STATE while it is being written. */
  async hold(kind: FileKind, filename: string): Promise<HeldFile> {
    const file = await this.#get(kind, filename)
    const { holds, roots, fallbacks } = this.#options
    if (holds.reason(file) === 'RECORDING') throw inUse(file, 'RECORDING')
    const path = join(folderOf(roots[kind], file.dir), file.name)
    const root = (isAbsolute(file.dir) && fallbacks?.[kind]) || roots[kind]
    return { path, root, name: file.name, sizeBytes: file.sizeBytes, release: holds.hold(file, 'DOWNLOADING') }
  }

  /** A snapshot was just written: it is in the next list. */
  async noticed(place: FilePlace): Promise<void> {
    await this.#options.index.put(place)
  }

  isHeld(place: FilePlace): boolean {
    return this.#options.holds.reason(place) !== undefined
  }

  /** Removes one file that nobody holds. False when it was gone already. Rejects with DEPENDENCY_FAILED. */
  async remove(place: FilePlace): Promise<boolean> {
    try {
      return await this.#options.index.delete(place)
    } catch (thrown) {
      const detail = `the file could not be deleted: ${errorText(thrown)}`
      throw new ServiceError('DEPENDENCY_FAILED', {
        data: { dependency: 'storage', detail },
        details: detail,
        suggestion: `check the folder of ${FOLDERS[place.kind]}: the service must be able to write there`,
        cause: thrown,
      })
    }
  }

  async #get(kind: FileKind, filename: string): Promise<IndexedFile> {
    checkFileName(filename)
    const stems = kind === 'recording' ? recordingStems(filename) : [filename]
    const found = (await Promise.all(stems.map((stem) => this.#options.index.find(kind, stem)))).flat()
    // The very file that was named, else the newest that goes by the name.
    const file = found.find(({ name }) => name === filename) ?? found[0]
    if (file === undefined) throw notFound(kind, filename)
    return file
  }

  /** Known from then on; 0 for what nobody can read. */
  async #measure(file: IndexedFile): Promise<number> {
    const durationMs = await this.#options.measure(join(folderOf(this.#options.roots[file.kind], file.dir), file.name))
    if (durationMs === undefined) return 0
    if (!this.isHeld(file)) await this.#options.index.put(file, { createdMs: file.createdMs, durationMs })
    return durationMs
  }
}

function entryOf(file: IndexedFile): FileEntry {
  return {
    filename: stemOf(file.kind, file.name),
    file_size: file.sizeBytes,
    modified_time: timestamp(file.modifiedMs),
    download_url: urlOf(file),
  }
}

function infoOf(file: IndexedFile): FileInfo {
  return {
    filename: stemOf(file.kind, file.name),
    file_size: file.sizeBytes,
    created_time: timestamp(file.createdMs),
    download_url: urlOf(file),
  }
}

function urlOf({ kind, name }: IndexedFile): string {
  return `/files/${FOLDERS[kind]}/${encodeURIComponent(name)}`
}

function notFound(kind: FileKind, filename: string): ServiceError {
  const code = kind === 'recording' ? 'RECORDING_NOT_FOUND' : 'SNAPSHOT_NOT_FOUND'
  return new ServiceError(code, { data: { resource: kind, id: filename }, details: `there is no ${kind} of that name` })
}

function inUse(file: IndexedFile, state: 'RECORDING' | 'DOWNLOADING'): ServiceError {
  const verb = state === 'RECORDING' ? 'written' : 'downloaded'
  return new ServiceError('INVALID_STATE', {
    data: { state, allowed_states: ['STOPPED'] },
    details: `${stemOf(file.kind, file.name)} is being ${verb}`,
    suggestion: state === 'RECORDING' ? 'call stop_recording first' : 'wait for the download to end',
  })
}
