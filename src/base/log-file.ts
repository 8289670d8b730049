/**
 * A log file that begins anew when it is full and keeps the last few: `file`, `file.1` (newest), `file.2`, … Lines are written in the
 * background, in order; when more wait than fit, new ones are counted and left out.
 */

import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { dropOld, packNewest, shiftBackups } from './log-archive.js'

export interface LogArchive {
  /** Full files that were last written before go, however few there are. */
  readonly maxAgeMs: number
}

export interface LogFileOptions {
  readonly file: string
  /** Size at which a new file is begun. */
  readonly maxBytes: number
  /** Full files that are kept. 0: a full one is emptied. */
  readonly backups: number
  /** Full files are packed (`file.1.gz`) and go after a time; undefined: they are kept as they are. */
  readonly archive?: LogArchive
  /** Hears once of each outage; lines are lost meanwhile, the service goes on. */
  readonly onFailure: (thrown: unknown) => void
  /** The line, with its end, that stands for lines that were left out. */
  readonly lostLine?: (count: number) => string
  /** Refuses what is no regular file of log lines: the name came from a client, and a secret or a table may be of that name. */
  readonly onlyLogs?: boolean
}

export interface LogFile {
  /** Never throws or waits. */
  write(line: string): void
  /** Goes on in a file of this name, made when missing: the old one may have been moved away. Never rejects. */
  reopen(): Promise<void>
  /** Resolves when all lines so far are with the system, or lost. */
  flush(): Promise<void>
  /** Flushes and closes; lines afterwards are lost. */
  close(): Promise<void>
}

/** Characters that may wait to be written. */
const MAX_WAITING = 1024 * 1024
const MAX_CHUNK = 64 * 1024
/** Lines that come within this time are written together: a write costs the event loop more than a line does. */
const GATHER_MS = 10
/** How the lines of all our forms begin. */
const LOG_BEGINNING = /^(?:\{"(?:level|time)"|\d{4}-\d\d-\d\d[ T]\d\d:|\d\d:\d\d:\d\d\.)/

/** Opens or continues the file; rejects when it cannot. */
export async function openLogFile(options: LogFileOptions): Promise<LogFile> {
  return new RotatingFile(options, await openFile(options, 'continue'))
}

interface OpenFile {
  readonly handle: FileHandle
  bytes: number
}

class RotatingFile implements LogFile {
  readonly #options: LogFileOptions
  #file: OpenFile
  #waiting: string[] = []
  #waitingChars = 0
  #lost = 0
  #isFailing = false
  #wantsReopen = false
  #isClosed = false
  #working: Promise<void> | undefined
  #packing: Promise<void> | undefined

  constructor(options: LogFileOptions, file: OpenFile) {
    this.#options = options
    this.#file = file
  }

  write(line: string): void {
    if (this.#isClosed) return
    if (this.#waitingChars + line.length > MAX_WAITING) {
      this.#lost += 1
      return
    }
    this.#waiting.push(line)
    this.#waitingChars += line.length
    this.#work()
  }

  async reopen(): Promise<void> {
    // Nobody would close it again.
    if (this.#isClosed) return
    this.#wantsReopen = true
    await this.#work()
  }

  async flush(): Promise<void> {
    await this.#working
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#working
    await this.#packing
    await this.#file.handle.close().catch(() => undefined)
  }

  #work(): Promise<void> {
    this.#working ??= this.#drain()
    return this.#working
  }

  async #drain(): Promise<void> {
    // In a turn of its own, so that the end of the loop and the mark that it ended are one step.
    await undefined
    while (this.#waiting.length > 0 || this.#wantsReopen || this.#mustTellLost) {
      if (!this.#isClosed && !this.#wantsReopen) await pause(GATHER_MS)
      try {
        if (this.#wantsReopen) {
          this.#wantsReopen = false
          await this.#goOnIn(await openFile(this.#options, 'continue'))
        }
        await this.#writeChunk()
        this.#isFailing = false
      } catch (thrown) {
        if (!this.#isFailing) this.#options.onFailure(thrown)
        this.#isFailing = true
      }
    }
    this.#working = undefined
  }

  /** Lines that fit into the file at hand, together; a line is never in two files. */
  async #writeChunk(): Promise<void> {
    const { maxBytes } = this.#options
    const lines: string[] = []
    let bytes = 0
    while (bytes < MAX_CHUNK) {
      const line = this.#nextLine()
      if (line === undefined) break
      const length = Buffer.byteLength(line)
      if (this.#file.bytes + bytes > 0 && this.#file.bytes + bytes + length > maxBytes) {
        await this.#append(lines.splice(0))
        bytes = 0
        await this.#beginAnew()
      }
      lines.push(line)
      bytes += length
    }
    await this.#append(lines)
  }

  #nextLine(): string | undefined {
    const line = this.#waiting.shift()
    if (line !== undefined) {
      this.#waitingChars -= line.length
      return line
    }
    if (!this.#mustTellLost) return undefined
    const told = this.#options.lostLine?.(this.#lost)
    this.#lost = 0
    return told
  }

  get #mustTellLost(): boolean {
    return this.#lost > 0 && this.#options.lostLine !== undefined
  }

  async #append(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return
    const { bytesWritten } = await this.#file.handle.write(lines.join(''))
    this.#file.bytes += bytesWritten
  }

  async #beginAnew(): Promise<void> {
    const { file, backups } = this.#options
    await this.#packing
    await shiftBackups(file, backups)
    // The new one first: while it cannot be opened, lines still find the old.
    await this.#goOnIn(await openFile(this.#options, backups === 0 ? 'empty' : 'continue'))
    if (backups > 0 && this.#options.archive !== undefined) this.#packing = this.#pack(this.#options.archive)
  }

  async #pack({ maxAgeMs }: LogArchive): Promise<void> {
    const { file, backups } = this.#options
    await packNewest(file)
    await dropOld(file, backups, Date.now() - maxAgeMs)
  }

  async #goOnIn(next: OpenFile): Promise<void> {
    const old = this.#file
    this.#file = next
    await old.handle.close()
  }
}

async function openFile({ file, onlyLogs = false }: LogFileOptions, how: 'continue' | 'empty'): Promise<OpenFile> {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR, O_TRUNC, O_WRONLY } = constants
  const access = onlyLogs ? O_RDWR | O_NOFOLLOW | O_NONBLOCK : O_WRONLY | (how === 'empty' ? O_TRUNC : 0)
  const handle = await open(file, O_APPEND | O_CREAT | access, 0o640)
  try {
    const found = await handle.stat()
    if (onlyLogs && !(found.isFile() && (await holdsLogLines(handle)))) throw new Error(`${file} is there and is no log file`)
    if (onlyLogs && how === 'empty') await handle.truncate(0)
    return { handle, bytes: how === 'empty' ? 0 : found.size }
  } catch (thrown) {
    await handle.close()
    throw thrown
  }
}

async function holdsLogLines(handle: FileHandle): Promise<boolean> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(32), 0, 32, 0)
  return bytesRead === 0 || LOG_BEGINNING.test(buffer.toString('latin1', 0, bytesRead))
}
