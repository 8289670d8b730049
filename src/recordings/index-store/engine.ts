/** The file index as it runs in its thread: tables, folders, and what may be asked of them. */

import { readdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Folder } from './folder.js'
import { IndexStore } from './store.js'
import {
  FILE_KINDS,
  type FileFacts,
  type FileKind,
  type FilePage,
  type FilePlace,
  type IndexedFile,
  type KindTotals,
} from './types.js'

export interface EngineOptions {
  /** The database. */
  readonly file: string
  readonly roots: Readonly<Record<FileKind, string>>
}

/** Watches are a promise of the kernel's that we check: folder replaced, mount gone, watch refused. */
const CHECK_MS = 2_000

export class IndexEngine {
  readonly #options: EngineOptions
  readonly #store: IndexStore
  /** Where a damaged index was put aside at this start. */
  readonly damaged: string | undefined
  readonly #folders = new Map<string, Folder>()
  readonly #timer: NodeJS.Timeout
  readonly #ready: Promise<unknown>

  /** Throws when the database cannot be opened or made. */
  constructor(options: EngineOptions) {
    this.#options = options
    const { store, damaged } = IndexStore.open(options.file)
    this.#store = store
    this.damaged = damaged
    for (const kind of FILE_KINDS) this.#findFolders(kind)
    this.#ready = Promise.all(FILE_KINDS.map((kind) => this.#settle(kind)))
    this.#timer = setInterval(() => this.#check(), CHECK_MS)
  }

  close(): void {
    clearInterval(this.#timer)
    for (const folder of this.#folders.values()) folder.stop()
    this.#folders.clear()
    this.#store.close()
  }

  /** Rejects with the code of the system when the folder cannot be read. Waits for the first comparison only. */
  async page(kind: FileKind, limit: number, offset: number): Promise<FilePage> {
    await this.#ready
    this.#checkFault(kind)
    return this.#store.page(kind, limit, offset)
  }

  async find(kind: FileKind, stem: string): Promise<readonly IndexedFile[]> {
    await this.#ready
    this.#checkFault(kind)
    const listed = this.#store.byStem(kind, stem)
    // What is told about one file is looked at: the disk knows better than the last event.
    return listed.flatMap((file) => this.#folder(kind, file.dir).put(file.name) ?? [])
  }

  async totals(): Promise<Readonly<Record<FileKind, KindTotals>>> {
    await this.#ready
    return { recording: this.#store.totals('recording'), snapshot: this.#store.totals('snapshot') }
  }

  async oldest(kind: FileKind, limit: number, offset: number): Promise<readonly IndexedFile[]> {
    await this.#ready
    return this.#store.oldest(kind, limit, offset)
  }

  ofRecording(recording: string): readonly IndexedFile[] {
    return this.#store.ofRecording(recording)
  }

  /** Looks at one file now. Undefined when it is not there. */
  put({ kind, dir, name }: FilePlace, facts: FileFacts): IndexedFile | undefined {
    return this.#folder(kind, dir).put(name, facts)
  }

  /** Removes the file and its row. False when there was none. Throws what the system says. */
  delete(place: FilePlace): boolean {
    try {
      unlinkSync(join(this.#options.roots[place.kind], place.dir, place.name))
    } catch (thrown) {
      if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')) throw thrown
      this.#store.remove(place)
      return false
    }
    this.#store.remove(place)
    return true
  }

  putRecording(id: string, facts: string): void {
    this.#store.putRecording(id, facts)
  }

  recording(id: string): string | undefined {
    return this.#store.recording(id)
  }

  forgetEmptyRecordings(): void {
    this.#store.forgetEmptyRecordings()
  }

  /** Resolves when all changes seen until now are in the index. */
  async settled(): Promise<void> {
    await this.#ready
    for (const kind of FILE_KINDS) await this.#settle(kind)
  }

  async #settle(kind: FileKind): Promise<void> {
    // A comparison may find further folders.
    for (let seen = -1; seen !== this.#folders.size; ) {
      seen = this.#folders.size
      await Promise.all(this.#of(kind).map(([, folder]) => folder.settled()))
    }
  }

  #check(): void {
    for (const folder of this.#folders.values()) folder.check()
  }

  #checkFault(kind: FileKind): void {
    const fault = this.#folder(kind, '').fault
    if (fault !== undefined) throw Object.assign(new Error(`the folder cannot be read: ${fault}`), { code: fault })
  }

  #of(kind: FileKind): [string, Folder][] {
    return [...this.#folders].filter(([key]) => key.startsWith(`${kind}/`))
  }

  #folder(kind: FileKind, dir: string): Folder {
    const key = `${kind}/${dir}`
    let folder = this.#folders.get(key)
    if (folder === undefined) {
      const root = this.#options.roots[kind]
      folder = new Folder({ kind, root, dir, store: this.#store, onFolders: () => this.#findFolders(kind) })
      this.#folders.set(key, folder)
      void folder.start()
    }
    return folder
  }

  /** The root, its folders (one per camera), and those that have gone but are still known. */
  #findFolders(kind: FileKind): void {
    this.#folder(kind, '')
    const root = this.#options.roots[kind]
    const present = foldersIn(root)
    for (const dir of present) this.#folder(kind, dir)
    for (const dir of this.#store.dirs(kind)) {
      if (dir === '' || present.includes(dir)) continue
      this.#forget(kind, dir)
    }
    for (const [key, folder] of this.#of(kind)) {
      const dir = key.slice(kind.length + 1)
      if (dir === '' || present.includes(dir)) continue
      folder.stop()
      this.#folders.delete(key)
    }
  }

  #forget(kind: FileKind, dir: string): void {
    const BATCH = 1_000
    for (;;) {
      const entries = this.#store.entries(kind, dir, '', BATCH)
      if (entries.length === 0) return
      this.#store.transaction(() => {
        for (const { name } of entries) this.#store.remove({ kind, dir, name })
      })
    }
  }
}

/** Symbolic links are not followed: what lies behind one is not ours. */
function foldersIn(root: string): string[] {
  try {
    return readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
  } catch {
    return []
  }
}
