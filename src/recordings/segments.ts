/** The files of one recording: found in its folder of files under way, given their names, measured, closed. */

import { open, readdir, rm, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { candidateName, fillPattern } from '../base/file-pattern.js'
import { makeFolder } from '../base/make-folder.js'
import { firstPicture } from './first-picture.js'
import type { Holds } from './holds.js'
import { type FilePlace, folderOf } from './index-store/types.js'
import type { JournalSegment } from './journal.js'
import type { Placement } from './placement.js'
import { cutTornEnd } from './torn-end.js'

export interface SegmentsPlace {
  /** Folder of this recording's files under way. */
  readonly staging: string
  /** Below the root, or absolute; empty: the root itself. */
  readonly dir: string
  /** Folder whose names are taken, too. */
  readonly elsewhere?: string
}

export interface SegmentsOptions {
  /** Folder of recordings. */
  readonly root: string
  readonly place: SegmentsPlace
  readonly device: string
  /** Base name of the first file. */
  readonly filename: string
  /** Later files count from the first name instead of being named by their time. */
  readonly named: boolean
  readonly pattern: string
  readonly extension: string
  readonly placement: Placement
  readonly holds: Holds
  /** Milliseconds, of a file that nobody measured while it was written. */
  readonly measure: (file: string) => Promise<number | undefined>
}

export interface Segment {
  readonly place: FilePlace
  /** Base name without extension. */
  readonly stem: string
  /** Where the writer thinks it is. */
  readonly source: string
  readonly startedMs: number
  sizeBytes: number
  durationMs: number | undefined
  closed: boolean
}

export interface Look {
  /** Files that got their name. */
  readonly added: readonly Segment[]
  /** Files that somebody took away while they were written: nothing of them is left. */
  readonly lost: readonly Segment[]
  /** A file began in the middle of a picture and was removed: the writer is to begin another. */
  readonly isTorn: boolean
}

/** What depends on the first picture lasts for one key frame interval, and is looked at once a second. */
const TORN_MS = 5_000
const MAX_TORN = 10

export class Segments {
  readonly #options: SegmentsOptions
  readonly #list: Segment[] = []
  readonly #releases = new Map<Segment, () => void>()
  /** Notices about files that have no name yet. */
  readonly #early = new Map<string, number>()
  #place: SegmentsPlace
  #torn = 0

  constructor(options: SegmentsOptions, known: readonly JournalSegment[] = []) {
    this.#options = options
    this.#place = options.place
    for (const segment of known) {
      const place: FilePlace = { kind: 'recording', dir: segment.dir, name: segment.name }
      const stem = segment.name.slice(0, segment.name.lastIndexOf('.'))
      const durationMs = segment.durationMs
      this.#add({
        place,
        stem,
        source: '',
        startedMs: segment.startedMs,
        sizeBytes: 0,
        durationMs,
        closed: durationMs !== undefined,
      })
    }
  }

  get list(): readonly Segment[] {
    return this.#list
  }

  get sizeBytes(): number {
    return this.#list.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  }

  get journal(): readonly JournalSegment[] {
    return this.#list.map(({ place: { dir, name }, startedMs, durationMs, closed }) =>
      closed && durationMs !== undefined ? { dir, name, startedMs, durationMs } : { dir, name, startedMs },
    )
  }

  /** Where a writer is to put its files. */
  get staging(): string {
    return this.#place.staging
  }

  /** Rejects with what the system says. */
  async prepare(): Promise<void> {
    await makeFolder(this.#place.staging)
  }

  /** From now on files come from there and go there. What has its name stays where it is, and what had none yet is given up. */
  moveTo(place: SegmentsPlace): void {
    this.#place = place
  }

  /**
   * Names what has its first pictures, and sees what has gone. `mayBeginAgain`: what begins in the middle of a picture is removed.
   * Rejects with what the system says.
   */
  async look(mayBeginAgain = false): Promise<Look> {
    const added: Segment[] = []
    let isTorn = false
    for (const source of await this.#underWay()) {
      const first = await firstPicture(source)
      if (first === 'torn' && mayBeginAgain && (await this.#removeTorn(source))) isTorn = true
      else if (first !== 'none') added.push(await this.#name(source))
    }
    return { added, lost: await this.#measureOpen(), isTorn }
  }

  /** The writer says that a file is complete. */
  close(source: string, durationMs: number): Segment | undefined {
    const segment = this.#list.find((known) => known.source === source && !known.closed)
    if (segment === undefined) {
      this.#early.set(source, durationMs)
      return undefined
    }
    segment.durationMs = durationMs
    this.#close(segment)
    return segment
  }

  /**
   * No writer is left: measures and closes what is open, and repairs what was left half written. `inTrouble`: so may be what the
   * writer said to be complete, on a disk that took no more. Never rejects.
   */
  async closeAll(inTrouble = false): Promise<void> {
    for (const segment of this.#list) {
      if (segment.closed && !(inTrouble && segment === this.#list.at(-1))) continue
      const file = this.fileOf(segment)
      const cutBytes = await cutTornEnd(file).catch(() => 0)
      if (cutBytes > 0) segment.durationMs = undefined
      segment.durationMs ??= await this.#options.measure(file)
      this.#close(segment)
    }
    for (const segment of this.#list) segment.sizeBytes = await sizeOf(this.fileOf(segment), segment.sizeBytes)
  }

  /** Wall clock of the last write to any of its files; of the last start when there is none. */
  async lastWrittenMs(): Promise<number> {
    const known = this.#list.map((segment) => this.fileOf(segment))
    const files = [...known, ...(await this.#underWay().catch(() => []))]
    const times = await Promise.all(
      files.map((file) =>
        stat(file).then(
          ({ mtimeMs }) => Math.round(mtimeMs),
          () => 0,
        ),
      ),
    )
    return Math.max(0, ...times, ...this.#list.map(({ startedMs }) => startedMs))
  }

  /** Resolves when what was written cannot be lost to a power cut. Never rejects. */
  async sync(): Promise<void> {
    for (const segment of this.#list) {
      const handle = await open(this.fileOf(segment), 'r').catch(() => undefined)
      await handle?.sync().catch(() => undefined)
      await handle?.close().catch(() => undefined)
    }
  }

  /** Removes the folder of files under way with whatever is in it. Never rejects. */
  async clean(): Promise<void> {
    await rm(this.#place.staging, { recursive: true, force: true }).catch(() => undefined)
  }

  /** Forgets and removes all of it: the start failed. Never rejects. */
  async discard(): Promise<void> {
    for (const segment of this.#list) {
      await unlink(this.fileOf(segment)).catch(() => undefined)
      this.#close(segment)
    }
    await this.clean()
  }

  fileOf({ place }: Segment): string {
    return join(folderOf(this.#options.root, place.dir), place.name)
  }

  async #underWay(): Promise<string[]> {
    const { extension } = this.#options
    const entries = await readdir(this.#place.staging, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith(`.${extension}`))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
  }

  async #name(source: string): Promise<Segment> {
    const { root, extension, placement } = this.#options
    const { dir, elsewhere } = this.#place
    const { birthtimeMs, mtimeMs } = await stat(source)
    const startedMs = Math.round(birthtimeMs > 0 ? Math.min(birthtimeMs, mtimeMs) : mtimeMs)
    const stem = await placement.place(source, folderOf(root, dir), this.#wanted(startedMs), extension, elsewhere)
    const place: FilePlace = { kind: 'recording', dir, name: `${stem}.${extension}` }
    const early = this.#early.get(source)
    const segment: Segment = { place, stem, source, startedMs, sizeBytes: 0, durationMs: early, closed: false }
    this.#add(segment)
    segment.sizeBytes = await sizeOf(this.fileOf(segment), 0)
    if (early !== undefined) this.#close(segment)
    return segment
  }

  /** Not one that has much more than a broken beginning, nor again and again: somebody streams like that then. */
  async #removeTorn(source: string): Promise<boolean> {
    const { birthtimeMs, mtimeMs } = await stat(source)
    if (this.#torn >= MAX_TORN || (birthtimeMs > 0 && mtimeMs - birthtimeMs > TORN_MS)) return false
    this.#torn += 1
    await unlink(source)
    return true
  }

  #wanted(startedMs: number): string {
    const { filename, named, pattern, device } = this.#options
    if (this.#list.length === 0) return filename
    return named ? candidateName(filename, this.#list.length + 1) : fillPattern(pattern, device.replaceAll('/', '_'), startedMs)
  }

  /** The writer goes on with a file that has no name any more, and nobody would ever see it: those are let go of. */
  async #measureOpen(): Promise<Segment[]> {
    const lost: Segment[] = []
    for (const segment of this.#list) {
      if (segment.closed) continue
      try {
        segment.sizeBytes = (await stat(this.fileOf(segment))).size
      } catch (thrown) {
        if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')) continue
        segment.sizeBytes = 0
        segment.durationMs = 0
        this.#close(segment)
        lost.push(segment)
      }
    }
    return lost
  }

  #add(segment: Segment): void {
    this.#list.push(segment)
    if (!segment.closed) this.#releases.set(segment, this.#options.holds.hold(segment.place, 'RECORDING'))
  }

  #close(segment: Segment): void {
    segment.closed = true
    this.#early.delete(segment.source)
    this.#releases.get(segment)?.()
    this.#releases.delete(segment)
  }
}

async function sizeOf(file: string, otherwise: number): Promise<number> {
  return await stat(file).then(
    ({ size }) => size,
    () => otherwise,
  )
}
