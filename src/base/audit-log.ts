/**
 * Who did what: one JSON object a line, numbered, each with the hash of the line before, so that nothing in the middle can be changed
 * or left out unseen. Lines are only added, and on the disk within a second. The chain goes on over full files and restarts.
 */

import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { hashOf, NOTHING_BEFORE, seqOf } from './audit-chain.js'
import { timestamp } from './clock.js'
import { readLastLine } from './last-line.js'
import { shiftBackups } from './log-archive.js'
import { makeFolder } from './make-folder.js'

type Detail = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** Nothing in it may be a secret. */
export interface AuditEntry {
  /** A method, `METHOD /path`, or a word of ours such as `config.reload`. */
  readonly action: string
  /** `ok`, or why not: a code of the catalogue. */
  readonly outcome: string
  /** Who: the name in a token, the id of a key, a user of this machine. */
  readonly subject?: string | undefined
  readonly role?: string | undefined
  readonly address?: string | undefined
  readonly client?: string | undefined
  /** What it was done to. */
  readonly detail?: Detail | undefined
}

/** Whoever hears of what is to be remembered. Never throws or waits. */
export type Audit = (entry: AuditEntry) => void

export interface AuditLogOptions {
  readonly file: string
  /** Size at which a new file is begun. */
  readonly maxBytes: number
  /** Full files that are kept: `file.1` is the newest. */
  readonly backups: number
  /** Wall clock, milliseconds. */
  readonly wallMs: () => number
  /** Hears once of each outage; what is to be written waits meanwhile. */
  readonly onFailure: (thrown: unknown) => void
}

/** What is told within this time is written and synced together. */
const GATHER_MS = 200
const RETRY_MS = 1_000
const MAX_CHUNK = 64 * 1024
/** Entries that may wait for the disk; of more only the number is kept. */
const MAX_WAITING = 10_000

interface OpenFile {
  readonly handle: FileHandle
  bytes: number
}

export class AuditLog {
  readonly #options: AuditLogOptions
  #file: OpenFile | undefined
  #seq = 0
  #previous = NOTHING_BEFORE
  /** What they will say, as text: thousands of objects that outlive what made them cost more than they did. */
  #waiting: string[] = []
  #leftOut = 0
  #isFailing = false
  #isClosing = false
  #working: Promise<void> | undefined
  #hurry: () => void = () => undefined

  constructor(options: AuditLogOptions) {
    this.#options = options
  }

  /** Never throws or waits. */
  readonly note: Audit = (entry) => {
    if (this.#isClosing) return
    if (this.#waiting.length >= MAX_WAITING) this.#leftOut += 1
    else this.#waiting.push(membersOf(entry, this.#options.wallMs()))
    this.#working ??= this.#work()
  }

  /** What cannot be opened now is tried again with the first entry. Never rejects. */
  async open(): Promise<void> {
    try {
      this.#file ??= await this.#open()
    } catch (thrown) {
      this.#isFailing = true
      this.#options.onFailure(thrown)
    }
  }

  /** Resolves when what was told is on the disk, or cannot be brought there. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#hurry()
    await this.#working
    await this.#file?.handle.close().catch(() => undefined)
    this.#file = undefined
  }

  async #work(): Promise<void> {
    await this.#pause(GATHER_MS)
    while (this.#waiting.length > 0 || this.#leftOut > 0) {
      try {
        await this.#writeAll()
        this.#isFailing = false
      } catch (thrown) {
        if (!this.#isFailing) this.#options.onFailure(thrown)
        this.#isFailing = true
        await this.#giveUpFile()
        if (this.#isClosing) break
        await this.#pause(RETRY_MS)
      }
    }
    this.#working = undefined
  }

  /** Returns early when the end is near. */
  async #pause(ms: number): Promise<void> {
    if (this.#isClosing) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#hurry = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** What is synced waits no longer, so that a failure later on writes none of it twice. */
  async #writeAll(): Promise<void> {
    this.#file ??= await this.#open()
    let file = this.#file
    const { maxBytes, wallMs } = this.#options
    const [taken, leftOut] = [this.#waiting.length, this.#leftOut]
    const entries = this.#waiting.slice(0, taken)
    if (leftOut > 0) entries.push(membersOf({ action: 'audit.left_out', outcome: 'ok', detail: { entries: leftOut } }, wallMs()))
    let chunk: string[] = []
    let [chunkBytes, bytes, lines, previous, unsynced] = [0, 0, 0, this.#previous, taken]
    const write = async (): Promise<void> => {
      const [text, length] = [chunk.join(''), chunkBytes]
      chunk = []
      chunkBytes = 0
      const { bytesWritten } = await file.handle.write(text)
      if (bytesWritten !== length) throw new Error('the disk took a part of the audit log only')
      bytes += length
    }
    const sync = async (): Promise<void> => {
      if (chunkBytes > 0) await write()
      if (lines === 0) return
      await file.handle.datasync()
      file.bytes += bytes
      this.#seq += lines
      this.#previous = previous
      const waited = Math.min(lines, unsynced)
      unsynced -= waited
      this.#waiting.splice(0, waited)
      // The one of what was left out is the last, and none of those that waited.
      if (waited < lines) this.#leftOut -= leftOut
      bytes = 0
      lines = 0
    }
    for (const entry of entries) {
      const line = lineOf(entry, this.#seq + lines + 1, previous)
      const lineBytes = Buffer.byteLength(line) + 1
      const fileBytes = file.bytes + bytes + chunkBytes
      if (fileBytes > 0 && fileBytes + lineBytes > maxBytes) {
        await sync()
        file = await this.#beginAnew(file)
      }
      chunk.push(`${line}\n`)
      chunkBytes += lineBytes
      lines += 1
      previous = hashOf(line)
      // Nobody else waits for long while there is much to write.
      if (chunkBytes >= MAX_CHUNK) await write()
    }
    await sync()
  }

  /** What was not synced goes, as it is written again; what the file holds then is found out anew. */
  async #giveUpFile(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.handle.truncate(file.bytes).catch(() => undefined)
    await file?.handle.close().catch(() => undefined)
  }

  async #beginAnew(full: OpenFile): Promise<OpenFile> {
    const { file, backups } = this.#options
    await full.handle.close()
    this.#file = undefined
    await shiftBackups(file, Math.max(1, backups))
    this.#file = await openFile(file)
    return this.#file
  }

  /** Finds where the chain ends; what a kill has left half written is cut off. */
  async #open(): Promise<OpenFile> {
    const { file } = this.#options
    await makeFolder(dirname(file))
    const opened = await openFile(file)
    try {
      const { line, endsAt } = await readLastLine(opened.handle, opened.bytes)
      if (endsAt < opened.bytes) await opened.handle.truncate(endsAt)
      opened.bytes = endsAt
      const last = line ?? (await lastLineIn(`${file}.1`))
      this.#seq = last === undefined ? 0 : seqOf(last)
      this.#previous = last === undefined ? NOTHING_BEFORE : hashOf(last)
      return opened
    } catch (thrown) {
      await opened.handle.close()
      throw thrown
    }
  }
}

/** Of the object that is its line: what does not depend on the line before. */
function membersOf({ action, outcome, subject, role, address, client, detail }: AuditEntry, wallMs: number): string {
  return JSON.stringify({ time: timestamp(wallMs), action, outcome, subject, role, address, client, detail }).slice(1, -1)
}

function lineOf(members: string, seq: number, prev: string): string {
  return `{"seq":${seq},${members},"prev":"${prev}"}`
}

async function openFile(file: string): Promise<OpenFile> {
  const handle = await open(file, 'a+', 0o600)
  const { size } = await handle.stat()
  return { handle, bytes: size }
}

async function lastLineIn(file: string): Promise<string | undefined> {
  const handle = await open(file, 'r').catch(() => undefined)
  if (handle === undefined) return undefined
  try {
    return (await readLastLine(handle, (await handle.stat()).size)).line
  } finally {
    await handle.close()
  }
}
