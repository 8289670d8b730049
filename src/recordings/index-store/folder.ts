/**
 * Keeps one folder of the index equal to the disk. inotify says what to look at; whenever it may have lost something (queue full,
 * folder replaced, watch refused) the whole folder is compared. Work is cut into slices, so that queries are answered in between.
 */

import { type BigIntStats, type FSWatcher, lstatSync, readFileSync, type Stats, statSync, watch } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolderSync } from '../../base/make-folder.js'
import { type IndexStore, isDamage, type KnownEntry } from './store.js'
import { type FileFacts, type FileKind, folderOf, type IndexedFile, isListed } from './types.js'

export interface FolderOptions {
  readonly kind: FileKind
  readonly root: string
  /** Below the root, or absolute; empty: the root itself, which is made when it is missing. */
  readonly dir: string
  readonly store: IndexStore
  /** Something that is no file of ours came or went: a folder perhaps. Like `onDamage` not called by a folder that was stopped. */
  readonly onFolders: () => void
  /** The tables turned out to be damaged. */
  readonly onDamage: () => void
}

/** Events of one burst are looked at together, so many milliseconds after its first. */
const SETTLE_MS = 30
const SLICE = 200
/** Of names that are only sorted out. */
const NAMES_SLICE = 5_000
/** More names than this in one burst: the comparison of all is cheaper. */
const MAX_NAMES = 5_000
/** Far below what the kernel queues: a burst of this many may have been cut short. */
const OVERFLOW_SHARE = 0.25
/** And hearing of each of so many takes longer than to list them. */
const FLOOD_EVENTS = 2_000

export class Folder {
  readonly #options: FolderOptions
  readonly #path: string
  readonly #maxEvents: number
  #watcher: FSWatcher | undefined
  #inode: bigint | undefined
  #modifiedNs: bigint | undefined
  /** Names that events named since the last look; everything when `undefined`. */
  #touched: Set<string> | undefined = new Set()
  #events = 0
  #timer: NodeJS.Timeout | undefined
  #work: Promise<void> = Promise.resolve()
  #looks = 0
  /** Looks at everything that wait for their turn. */
  #comparisons = 0
  /** So much changes that each word of it costs more than a look at all. */
  #isFlooded = false
  #stopped = false
  #fault: string | undefined
  /** The tables lack something, a full disk being the cause: all is looked at again, whatever goes well meanwhile. */
  #isBehind = false

  constructor(options: FolderOptions) {
    this.#options = options
    this.#path = folderOf(options.root, options.dir)
    this.#maxEvents = Math.min(FLOOD_EVENTS, queueLength() * OVERFLOW_SHARE)
  }

  /** Why the folder cannot be read now; undefined when all is well. */
  get fault(): string | undefined {
    return this.#fault
  }

  /** Watches, and compares all there is. Resolves when that is done. */
  start(): Promise<void> {
    return this.#lookAtAll()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#watcher?.close()
  }

  /** Looks whether the folder is still the one that is watched, and whether a change went unnoticed. */
  check(): void {
    // All is about to be looked at anyway.
    if (this.#comparisons > 0) return
    let found: BigIntStats
    try {
      found = statSync(this.#path, { bigint: true })
    } catch {
      void this.#lookAtAll()
      return
    }
    const unnoticed = found.mtimeNs !== this.#modifiedNs && this.#timer === undefined && this.#looks === 0
    if (this.#fault !== undefined || this.#isBehind || found.ino !== this.#inode || unnoticed) void this.#lookAtAll()
  }

  /** Resolves when everything that was seen until now is in the index. */
  async settled(): Promise<void> {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer)
      this.#look()
    }
    await this.#work
  }

  /** Puts one file as it is now; forgets it when it is not there. */
  put(name: string, facts: FileFacts = {}): IndexedFile | undefined {
    const { kind, dir, store } = this.#options
    const file = this.#read(name, facts)
    try {
      if (file === undefined) store.remove({ kind, dir, name })
      else store.put(file)
    } catch (thrown) {
      if (isDamage(thrown)) throw thrown
      // A disk that takes nothing: the file is what it is all the same, and the tables follow with a later look.
      this.#isBehind = true
    }
    return file && { ...file, ...(store.get(file) ?? {}), sizeBytes: file.sizeBytes, modifiedMs: file.modifiedMs }
  }

  #lookAtAll(): Promise<void> {
    this.#touched = undefined
    clearTimeout(this.#timer)
    this.#look()
    return this.#work
  }

  #onEvent(name: string | null): void {
    this.#events += 1
    if (name === null || this.#events > this.#maxEvents) {
      this.#isFlooded ||= name !== null
      this.#touched = undefined
    }
    if (this.#touched === undefined || name === null) {
      // All is looked at.
    } else if (isListed(this.#options.kind, name)) this.#touched.add(name)
    else if (!name.startsWith('.')) this.#options.onFolders()
    if ((this.#touched?.size ?? 0) > MAX_NAMES) this.#touched = undefined
    this.#timer ??= setTimeout(() => this.#look(), SETTLE_MS)
  }

  #look(): void {
    this.#timer = undefined
    const touched = this.#touched
    this.#touched = new Set()
    this.#events = 0
    this.#looks += 1
    if (touched === undefined) this.#comparisons += 1
    this.#work = this.#work.then(async () => {
      if (touched === undefined) this.#comparisons -= 1
      if (!this.#stopped) await this.#update(touched)
      this.#looks -= 1
    })
  }

  async #update(touched: ReadonlySet<string> | undefined): Promise<void> {
    try {
      if (this.#isFlooded) await this.#sitOut()
      if (this.#stopped) return
      // Before the look: what changes during it is noticed by the next check.
      const modifiedNs = this.#open()
      if (touched === undefined) {
        this.#isBehind = false
        await this.#compare()
      } else await this.#putAll([...touched])
      this.#modifiedNs = modifiedNs
      this.#fault = undefined
    } catch (thrown) {
      // Its tables are closed perhaps, its folder gone: nobody asks it any more.
      if (this.#stopped) return
      if (isDamage(thrown)) this.#options.onDamage()
      const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown)
      // What the tables have can be listed meanwhile.
      this.#isBehind = true
      if (code.startsWith('SQLITE_')) return
      this.#fault = code
      this.#watcher?.close()
      this.#inode = undefined
      // Nobody watches above it.
      if (code === 'ENOENT' && this.#options.dir !== '') this.#options.onFolders()
    }
  }

  /** Watches the folder that is there now. Its time of change. */
  #open(): bigint {
    if (this.#options.dir === '') makeFolderSync(this.#path)
    const found = statSync(this.#path, { bigint: true })
    if (found.ino !== this.#inode) {
      this.#watcher?.close()
      this.#watcher = undefined
      this.#inode = found.ino
      this.#touched = undefined
      try {
        this.#watcher = watch(this.#path, { persistent: false }, (_event, name) => this.#onEvent(name))
        this.#watcher.on('error', () => {
          this.#inode = undefined
        })
      } catch {
        // No watches left (ENOSPC): the periodic check finds what changed.
      }
    }
    return found.mtimeNs
  }

  /** Nobody listens while names come or go by the thousands: they are listed again and again until they stay as they are. */
  async #sitOut(): Promise<void> {
    this.#isFlooded = false
    this.#watcher?.close()
    this.#watcher = undefined
    this.#inode = undefined
    for (let before: bigint | undefined; !this.#stopped; ) {
      const { mtimeNs } = statSync(this.#path, { bigint: true })
      if (mtimeNs === before) return
      before = mtimeNs
      await this.#compare(false)
    }
  }

  /** What came and went first: that is what lists and their totals show. Then what changed. */
  async #compare(withKept = true): Promise<void> {
    const { kind, dir, store } = this.#options
    const present = await this.#listed()
    if (this.#stopped) return
    const kept: KnownEntry[] = []
    for (let after = ''; ; ) {
      const known = store.entries(kind, dir, after, SLICE)
      const last = known.at(-1)
      if (last === undefined) break
      after = last.name
      store.transaction(() => {
        for (const entry of known) {
          if (present.delete(entry.name)) {
            if (withKept) kept.push(entry)
          } else store.remove({ kind, dir, name: entry.name })
        }
      })
      await turn()
      if (this.#stopped) return
    }
    // In their order: the index grows at its end.
    await this.#putAll([...present].sort())
    for (let at = 0; at < kept.length; at += SLICE) {
      // Another comparison follows, and would do the same again.
      if (this.#stopped || this.#comparisons > 0) return
      store.transaction(() => {
        for (const entry of kept.slice(at, at + SLICE)) this.#compareOne(entry)
      })
      await turn()
    }
  }

  async #listed(): Promise<Set<string>> {
    const names = new Set<string>()
    const others: string[] = []
    // One by one they would take several times as long as all at once.
    const all = await readdir(this.#path)
    for (let at = 0; at < all.length; at += NAMES_SLICE) {
      for (const name of all.slice(at, at + NAMES_SLICE)) {
        if (isListed(this.#options.kind, name)) names.add(name)
        else if (!name.startsWith('.')) others.push(name)
      }
      await turn()
    }
    if (!this.#stopped && others.some((name) => this.#isFolder(name))) this.#options.onFolders()
    return names
  }

  #isFolder(name: string): boolean {
    return lstatSync(join(this.#path, name), { throwIfNoEntry: false })?.isDirectory() === true
  }

  /** Most files are as they were: looking costs a fraction of writing. */
  #compareOne(known: KnownEntry): void {
    const { kind, dir, store } = this.#options
    const file = this.#read(known.name, {})
    if (file === undefined) store.remove({ kind, dir, name: known.name })
    else if (file.sizeBytes !== known.size || file.modifiedMs !== known.modified) store.put(file)
  }

  async #putAll(names: readonly string[]): Promise<void> {
    const { kind, dir, store } = this.#options
    for (let at = 0; at < names.length && !this.#stopped; at += SLICE) {
      const slice = names.slice(at, at + SLICE)
      store.transaction(() => {
        for (const name of slice) {
          const file = this.#read(name, {})
          if (file === undefined) store.remove({ kind, dir, name })
          else store.put(file)
        }
      })
      await turn()
    }
  }

  #read(name: string, facts: FileFacts): IndexedFile | undefined {
    const { kind, dir } = this.#options
    let found: Stats
    try {
      // A link may lead out of the folder: it is no recording, as it is no download.
      found = lstatSync(join(this.#path, name))
    } catch (thrown) {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined
      throw thrown
    }
    if (!found.isFile()) return undefined
    const modifiedMs = Math.floor(found.mtimeMs)
    const bornMs = Math.floor(found.birthtimeMs)
    return {
      ...{ kind, dir, name, sizeBytes: found.size, modifiedMs },
      // A copy is as old as what was copied.
      createdMs: bornMs > 0 ? Math.min(bornMs, modifiedMs) : modifiedMs,
      ...facts,
    }
  }
}

/** Events that the kernel keeps for a slow reader. */
function queueLength(): number {
  const FALLBACK = 16_384
  try {
    return Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8')) || FALLBACK
  } catch {
    return FALLBACK
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
