/**
 * The tables of the file index. Synchronous: lives in a thread of its own. What is in here can be made again from the folders,
 * but for the links between segments and what was noted about a recording.
 */

import { accessSync, constants, lstatSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type { Database, Statement } from 'better-sqlite3'
import { makeFolderSync } from '../../base/make-folder.js'
import { FILE_KINDS, type FileKind, type FilePage, type FilePlace, type IndexedFile, type KindTotals } from './types.js'

/** A file of another version is made anew. */
const SCHEMA_VERSION = 1
/** A page never passes over more files than this. */
const MARK_EVERY = 500
const CACHE_KIB = 8 * 1024
/** Each time the log is folded back the disk is waited for: seldom, then. */
const LOG_PAGES = 8_000

const TABLES = `
  CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    dir TEXT NOT NULL,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    created INTEGER NOT NULL,
    duration INTEGER,
    recording TEXT,
    UNIQUE (kind, dir, name)
  );
  CREATE INDEX newest ON files (kind, created);
  CREATE INDEX by_recording ON files (recording) WHERE recording IS NOT NULL;
  CREATE TABLE totals (kind INTEGER PRIMARY KEY, files INTEGER NOT NULL, bytes INTEGER NOT NULL, turns INTEGER NOT NULL);
  INSERT INTO totals VALUES (0, 0, 0, 0), (1, 0, 0, 0);
  CREATE TRIGGER added AFTER INSERT ON files BEGIN
    UPDATE totals SET files = files + 1, bytes = bytes + new.size, turns = turns + 1 WHERE kind = new.kind;
  END;
  CREATE TRIGGER removed AFTER DELETE ON files BEGIN
    UPDATE totals SET files = files - 1, bytes = bytes - old.size, turns = turns + 1 WHERE kind = old.kind;
  END;
  CREATE TRIGGER grown AFTER UPDATE OF size ON files WHEN new.size != old.size BEGIN
    UPDATE totals SET bytes = bytes + new.size - old.size WHERE kind = new.kind;
  END;
  CREATE TRIGGER moved AFTER UPDATE OF created ON files WHEN new.created != old.created BEGIN
    UPDATE totals SET turns = turns + 1 WHERE kind = new.kind;
  END;
  CREATE TABLE recordings (id TEXT PRIMARY KEY, facts TEXT NOT NULL);
`

/** Sums that are kept, made anew from what is summed up. */
const SUMS = `
  UPDATE totals SET
    files = (SELECT count(*) FROM files WHERE files.kind = totals.kind),
    bytes = (SELECT coalesce(sum(size), 0) FROM files WHERE files.kind = totals.kind)
`

const COLUMNS = 'kind, dir, name, size, modified, created, duration, recording'

interface Row {
  readonly kind: number
  readonly dir: string
  readonly name: string
  readonly size: number
  readonly modified: number
  readonly created: number
  readonly duration: number | null
  readonly recording: string | null
}

/** A place in the order of a list. */
interface Mark {
  readonly created: number
  readonly id: number
}

export interface KnownEntry {
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modified: number
}

export interface OpenedStore {
  readonly store: IndexStore
  /** Where a damaged file was put aside. */
  readonly damaged?: string
}

export class IndexStore {
  readonly #db: Database
  readonly #statements = new Map<string, Statement>()
  readonly #marks = new Map<FileKind, { readonly turns: number; readonly list: Mark[] }>()

  private constructor(db: Database) {
    this.#db = db
  }

  /** Opens or makes the file; a damaged one is put aside and begun anew. Throws when the folder takes no file. */
  static open(file: string): OpenedStore {
    makeFolderSync(dirname(file))
    // Opening a pipe would wait for its writer, and what a link leads to is not ours.
    if (lstatSync(file, { throwIfNoEntry: false })?.isFile() !== false) {
      try {
        return { store: new IndexStore(openChecked(file)) }
      } catch (thrown) {
        if (!isDamage(thrown) && !refusesItself(thrown, file)) throw thrown
      }
    }
    const damaged = IndexStore.setAside(file)
    return { store: new IndexStore(openChecked(file)), damaged }
  }

  /** The file, closed before, is kept beside for whoever wants to know. Its name there. */
  static setAside(file: string): string {
    const damaged = `${file}.damaged`
    rmSync(damaged, { recursive: true, force: true })
    renameSync(file, damaged)
    for (const beside of [`${file}-wal`, `${file}-shm`]) rmSync(beside, { recursive: true, force: true })
    return damaged
  }

  close(): void {
    this.#statements.clear()
    this.#db.close()
  }

  /** All or none of what `work` does is kept. */
  transaction(work: () => void): void {
    this.#db.transaction(work)()
  }

  /** Newest first. What lies before the page is passed over once, and not again until the order changes. */
  page(kind: FileKind, limit: number, offset: number): FilePage {
    const { files: total, turns } = this.#sums(kind)
    if (offset >= total) return { files: [], total }
    const marks = this.#marksOf(kind, turns)
    const step = Math.floor(offset / MARK_EVERY)
    while (marks.length <= step) {
      const next = this.#rowsAfter(kind, marks.at(-1), 1, MARK_EVERY - 1)[0]
      if (next === undefined) return { files: [], total }
      marks.push({ created: next.created, id: next.id })
    }
    const rows = this.#rowsAfter(kind, marks[step], limit, offset - step * MARK_EVERY)
    return { files: rows.map(fileOf), total }
  }

  totals(kind: FileKind): KindTotals {
    const { files, bytes } = this.#sums(kind)
    return { files, bytes }
  }

  get({ kind, dir, name }: FilePlace): IndexedFile | undefined {
    const row = this.#prepare(`SELECT ${COLUMNS} FROM files WHERE kind = ? AND dir = ? AND name = ?`).get(codeOf(kind), dir, name)
    return row === undefined ? undefined : fileOf(row as Row)
  }

  ofRecording(recording: string): IndexedFile[] {
    const rows = this.#prepare(`SELECT ${COLUMNS} FROM files WHERE recording = ? ORDER BY created, id`)
    return (rows.all(recording) as Row[]).map(fileOf)
  }

  /** Oldest first, of both kinds or one; at most `limit`, from `offset` on. */
  oldest(kind: FileKind, limit: number, offset: number): IndexedFile[] {
    const rows = this.#prepare(`SELECT ${COLUMNS} FROM files WHERE kind = ? ORDER BY created, id LIMIT ? OFFSET ?`)
    return (rows.all(codeOf(kind), limit, offset) as Row[]).map(fileOf)
  }

  /** What is known of it already stays, where `file` says nothing. */
  put(file: IndexedFile): void {
    this.#prepare(
      `INSERT INTO files (kind, dir, name, size, modified, created, duration, recording)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (kind, dir, name) DO UPDATE SET size = excluded.size, modified = excluded.modified,
         created = CASE WHEN recording IS NULL OR excluded.recording IS NOT NULL THEN excluded.created ELSE created END,
         duration = coalesce(excluded.duration, CASE WHEN recording IS NOT NULL OR excluded.size = size THEN duration END),
         recording = coalesce(excluded.recording, recording)`,
    ).run(
      codeOf(file.kind),
      file.dir,
      file.name,
      file.sizeBytes,
      file.modifiedMs,
      file.createdMs,
      file.durationMs ?? null,
      file.recording ?? null,
    )
  }

  remove({ kind, dir, name }: FilePlace): void {
    this.#prepare('DELETE FROM files WHERE kind = ? AND dir = ? AND name = ?').run(codeOf(kind), dir, name)
  }

  /** What is known of one folder, in order of names, from the one after `after` on. */
  entries(kind: FileKind, dir: string, after: string, limit: number): KnownEntry[] {
    const rows = this.#prepare(
      'SELECT name, size, modified FROM files WHERE kind = ? AND dir = ? AND name > ? ORDER BY name LIMIT ?',
    )
    return rows.all(codeOf(kind), dir, after, limit) as KnownEntry[]
  }

  dirs(kind: FileKind): string[] {
    const rows = this.#prepare('SELECT DISTINCT dir FROM files WHERE kind = ?')
    return (rows.all(codeOf(kind)) as { readonly dir: string }[]).map(({ dir }) => dir)
  }

  putRecording(id: string, facts: string): void {
    this.#prepare('INSERT INTO recordings VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET facts = excluded.facts').run(id, facts)
  }

  recording(id: string): string | undefined {
    const row = this.#prepare('SELECT facts FROM recordings WHERE id = ?').get(id) as { readonly facts: string } | undefined
    return row?.facts
  }

  /** What was noted about recordings of which no file is left. */
  forgetEmptyRecordings(): void {
    this.#prepare('DELETE FROM recordings WHERE id NOT IN (SELECT recording FROM files WHERE recording IS NOT NULL)').run()
  }

  #sums(kind: FileKind): KindTotals & { readonly turns: number } {
    return this.#prepare('SELECT files, bytes, turns FROM totals WHERE kind = ?').get(codeOf(kind)) as KindTotals & {
      readonly turns: number
    }
  }

  /** The first stands before the newest file, the n-th behind n times `MARK_EVERY` files. */
  #marksOf(kind: FileKind, turns: number): Mark[] {
    let known = this.#marks.get(kind)
    if (known?.turns !== turns) {
      known = { turns, list: [{ created: Number.MAX_SAFE_INTEGER, id: Number.MAX_SAFE_INTEGER }] }
      this.#marks.set(kind, known)
    }
    return known.list
  }

  #rowsAfter(kind: FileKind, mark: Mark | undefined, limit: number, offset: number): (Row & Mark)[] {
    if (mark === undefined) return []
    const { created, id } = mark
    const rows = this.#prepare(
      `SELECT id, ${COLUMNS} FROM files WHERE kind = ? AND created <= ? AND (created < ? OR id < ?)
       ORDER BY created DESC, id DESC LIMIT ? OFFSET ?`,
    )
    return rows.all(codeOf(kind), created, created, id, limit, offset) as (Row & Mark)[]
  }

  #prepare(sql: string): Statement {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#db.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

function openChecked(file: string): Database {
  const Sqlite = createRequire(import.meta.url)('better-sqlite3') as typeof import('better-sqlite3')
  const db = new Sqlite(file)
  try {
    db.pragma('journal_mode = WAL')
    // What a power cut takes from the index is found again by looking at the folders.
    db.pragma('synchronous = NORMAL')
    db.pragma(`cache_size = -${CACHE_KIB}`)
    db.pragma(`wal_autocheckpoint = ${LOG_PAGES}`)
    // The quick check believes a name that no index has. This one takes 0.1 s for 100 000 files.
    const verdict = db.pragma('integrity_check(1)', { simple: true })
    if (verdict !== 'ok') throw new Damage(String(verdict))
    const version = db.pragma('user_version', { simple: true })
    if (version === 0 && db.prepare("SELECT count(*) AS n FROM sqlite_master WHERE type = 'table'").pluck().get() === 0) {
      db.transaction(() => {
        db.exec(TABLES)
        db.pragma(`user_version = ${SCHEMA_VERSION}`)
      })()
    } else if (version !== SCHEMA_VERSION) throw new Damage(`version ${version}`)
    // A file that is well in itself and lacks a table of ours is none of ours.
    db.prepare(`SELECT ${COLUMNS} FROM files LIMIT 1`).get()
    const summed = db.prepare('SELECT kind FROM totals ORDER BY kind').pluck().all()
    if (summed.join() !== [...FILE_KINDS.keys()].join()) throw new Damage('totals')
    db.exec(SUMS)
    db.prepare('SELECT facts FROM recordings LIMIT 1').get()
    return db
  } catch (thrown) {
    db.close()
    throw thrown
  }
}

class Damage extends Error {}

/** Not the disk's or the account's fault: the content's. */
export function isDamage(thrown: unknown): boolean {
  if (thrown instanceof Damage) return true
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  return code === 'SQLITE_ERROR' || code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB')
}

/** Content that says of itself that nobody may write it: the system would let us. */
function refusesItself(thrown: unknown, file: string): boolean {
  if (!(thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('SQLITE_READONLY'))) return false
  try {
    accessSync(file, constants.W_OK)
    accessSync(dirname(file), constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

function codeOf(kind: FileKind): number {
  return FILE_KINDS.indexOf(kind)
}

function fileOf(row: Row): IndexedFile {
  return {
    kind: FILE_KINDS[row.kind] ?? 'recording',
    dir: row.dir,
    name: row.name,
    sizeBytes: row.size,
    modifiedMs: row.modified,
    createdMs: row.created,
    ...(row.duration === null ? {} : { durationMs: row.duration }),
    ...(row.recording === null ? {} : { recording: row.recording }),
  }
}
