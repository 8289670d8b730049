/** The file index as it runs in its thread: tables, folders, and what may be asked of them. */

import { existsSync, readdirSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { Folder } from './folder.js'
import { IndexStore, isDamage } from './store.js'
import {
  FILE_KINDS,
  type FileFacts,
  type FileKind,
  type FilePage,
  type FilePlace,
  folderOf,
  type IndexedFile,
  type KindTotals,
  namesOf,
} from './types.js'
import { unlinkBelow } from './unlink-below.js'

export interface EngineOptions {
  /** The database. */
  readonly file: string
  readonly roots: Readonly<Record<FileKind, string>>
  /** Where files lie that were written while a root could not be. */
  readonly fallbacks?: Readonly<Record<FileKind, string>>
}

/** Watches are a promise of the kernel's that we check: folder replaced, mount gone, watch refused. */
const CHECK_MS = 1_000

export class IndexEngine {
  readonly #options: EngineOptions
  #store: IndexStore
  /** Where a damaged index was put aside. */
  #damaged: string | undefined
  readonly #folders = new Map<string, Folder>()
  readonly #timer: NodeJS.Timeout
  #ready: Promise<unknown>
  #closed = false

  /** Throws when the database cannot be opened or made. */
  constructor(options: EngineOptions) {
    this.#options = options
    const { store, damaged } = IndexStore.open(options.file)
    this.#store = store
    this.#damaged = damaged
    this.#ready = this.#compareAll()
    this.#timer = setInterval(() => this.#check(), CHECK_MS)
  }

  get damaged(): string | undefined {
    return this.#damaged
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#timer)
    this.#stopFolders()
    this.#store.close()
  }

  /** Rejects with the code of the system when the folder cannot be read. Waits for the first comparison only. */
  page(kind: FileKind, limit: number, offset: number): Promise<FilePage> {
    return this.#answer(kind, (store) => store.page(kind, limit, offset))
  }

  find(kind: FileKind, stem: string): Promise<readonly IndexedFile[]> {
    // What is told about one file is looked at: the disk knows better than the last event.
    return this.#answer(kind, () => {
      const folders = this.#of(kind).map(([, folder]) => folder)
      const found = folders
        .filter(({ fault }) => fault === undefined)
        .flatMap((folder) => namesOf(kind, stem).flatMap((name) => folder.put(name) ?? []))
      return found.sort((one, other) => other.createdMs - one.createdMs)
    })
  }

  totals(): Promise<Readonly<Record<FileKind, KindTotals>>> {
    return this.#answer(undefined, (store) => ({ recording: store.totals('recording'), snapshot: store.totals('snapshot') }))
  }

  oldest(kind: FileKind, limit: number, offset: number): Promise<readonly IndexedFile[]> {
    return this.#answer(kind, (store) => store.oldest(kind, limit, offset))
  }

  ofRecording(recording: string): Promise<readonly IndexedFile[]> {
    return this.#healing((store) => store.ofRecording(recording))
  }

  /** Looks at one file now. Undefined when it is not there. */
  put({ kind, dir, name }: FilePlace, facts: FileFacts): Promise<IndexedFile | undefined> {
    return this.#healing(() => this.#folder(kind, dir).put(name, facts))
  }

  /** Removes the file and its row. False when there was none. Rejects with what the system says. */
  delete(place: FilePlace): Promise<boolean> {
    const { roots, fallbacks } = this.#options
    const root = (isAbsolute(place.dir) && fallbacks?.[place.kind]) || roots[place.kind]
    return this.#healing((store) => {
      const removed = unlinkBelow(root, folderOf(root, place.dir), place.name)
      try {
        store.remove(place)
      } catch (thrown) {
        // A disk without one free byte: the file has gone all the same, and its row follows with the next look.
        if (isDamage(thrown)) throw thrown
      }
      return removed
    })
  }

  putRecording(id: string, facts: string): Promise<void> {
    return this.#healing((store) => store.putRecording(id, facts))
  }

  recording(id: string): Promise<string | undefined> {
    return this.#healing((store) => store.recording(id))
  }

  forgetEmptyRecordings(): Promise<void> {
    return this.#healing((store) => store.forgetEmptyRecordings())
  }

  /** Resolves when all changes seen until now are in the index. */
  async settled(): Promise<void> {
    await this.#ready
    for (const kind of FILE_KINDS) await this.#settle(kind)
  }

  /** After the first comparison, and while the folder can be read. */
  async #answer<Result>(kind: FileKind | undefined, ask: (store: IndexStore) => Result): Promise<Result> {
    await this.#ready
    this.#demandOpen()
    if (kind !== undefined && this.#faultOf(kind) !== undefined) {
      // It may be well again since the last look.
      this.#folder(kind, '').check()
      await this.#settle(kind)
    }
    return await this.#healing((store) => {
      const fault = kind === undefined ? undefined : this.#faultOf(kind)
      if (fault !== undefined) throw Object.assign(new Error(`the folder cannot be read: ${fault}`), { code: fault })
      return ask(store)
    })
  }

  /** What lies in the fallback is told all the same. */
  #faultOf(kind: FileKind): string | undefined {
    const fallback = this.#options.fallbacks?.[kind] ?? ''
    const isThere = fallback !== '' && this.#folders.get(`${kind}/${fallback}`)?.fault === undefined && existsSync(fallback)
    return isThere ? undefined : this.#folder(kind, '').fault
  }

  /** Damage that no check found is found by a question: it is answered from an index made anew. */
  async #healing<Result>(ask: (store: IndexStore) => Result): Promise<Result> {
    this.#demandOpen()
    try {
      return ask(this.#store)
    } catch (thrown) {
      if (!isDamage(thrown) || this.#closed) throw thrown
      this.#heal()
      await this.#ready
      return ask(this.#store)
    }
  }

  /** A question that comes late, or was under way at the end, would watch folders anew. */
  #demandOpen(): void {
    if (this.#closed) throw new Error('the file index is closed')
  }

  #heal(): void {
    if (this.#closed) return
    this.#stopFolders()
    this.#store.close()
    this.#damaged = IndexStore.setAside(this.#options.file)
    this.#store = IndexStore.open(this.#options.file).store
    this.#ready = this.#compareAll()
  }

  #compareAll(): Promise<unknown> {
    for (const kind of FILE_KINDS) this.#findFolders(kind)
    return Promise.all(FILE_KINDS.map((kind) => this.#settle(kind)))
  }

  #stopFolders(): void {
    for (const folder of this.#folders.values()) folder.stop()
    this.#folders.clear()
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

  #of(kind: FileKind): [string, Folder][] {
    return [...this.#folders].filter(([key]) => key.startsWith(`${kind}/`))
  }

  #folder(kind: FileKind, dir: string): Folder {
    const key = `${kind}/${dir}`
    let folder = this.#folders.get(key)
    if (folder === undefined) {
      const root = this.#options.roots[kind]
      folder = new Folder({
        ...{ kind, root, dir, store: this.#store },
        onFolders: () => this.#findFolders(kind),
        onDamage: () => this.#heal(),
      })
      this.#folders.set(key, folder)
      void folder.start()
    }
    return folder
  }

  /** The root, its folders (one per camera), and those that have gone but are still known. */
  #findFolders(kind: FileKind): void {
    this.#folder(kind, '')
    const root = this.#options.roots[kind]
    const present = [...foldersIn(root), ...this.#ofFallback(kind)]
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

  /** Absolute, with the folder itself; none while it is not there. */
  #ofFallback(kind: FileKind): string[] {
    const fallback = this.#options.fallbacks?.[kind]
    if (fallback === undefined || !existsSync(fallback)) return []
    return [fallback, ...foldersIn(fallback).map((dir) => join(fallback, dir))]
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
