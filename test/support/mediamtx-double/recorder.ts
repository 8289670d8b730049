/**
 * Files of recorded paths: made when the first part is full, growing while media comes, told by hooks, and left open by a kill.
 * What is in them is no video: who plays files needs the real server.
 */

import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { readDuration } from './duration.js'
import { runOnce } from './hooks.js'
import type { Fields } from './path-fields.js'

interface Segment {
  readonly file: string
  readonly sinceMs: number
  made: boolean
  /** What waits for the first part to be full. */
  readonly timer: NodeJS.Timeout
}

export interface RecorderOptions {
  readonly config: (name: string) => Fields | undefined
  /** Runs hooks at all. */
  readonly runsHooks: boolean
  /** No file can be written: each try leaves an empty one and is told as begun, never as finished. */
  readonly isDiskFull: () => boolean
}

const RETRY_MS = 4_000

export class Recorder {
  readonly #options: RecorderOptions
  readonly #segments = new Map<string, Segment>()

  constructor(options: RecorderOptions) {
    this.#options = options
  }

  /** `record` or the publisher changed: begins or ends a file. `restart`: another one in any case. */
  settle(name: string, live: boolean, restart = false): void {
    const config = this.#options.config(name)
    const wanted = live && config?.record === true
    if (this.#segments.has(name) && (!wanted || restart)) this.#end(name)
    if (wanted && !this.#segments.has(name)) this.#begin(name, config)
  }

  received(name: string, bytes: number): void {
    const segment = this.#segments.get(name)
    if (segment?.made === true) appendFileSync(segment.file, Buffer.alloc(bytes))
  }

  /** Killed hard: files stay as they are, and nothing is told. */
  clear(): void {
    for (const segment of this.#segments.values()) clearTimeout(segment.timer)
    this.#segments.clear()
  }

  #begin(name: string, config: Fields): void {
    const partMs = (readDuration(String(config.recordPartDuration)) ?? 0) / 1e6
    const timer = setTimeout(() => this.#make(name), partMs)
    const file = fileName(name, config, new Date())
    this.#segments.set(name, { file, sinceMs: performance.now(), made: false, timer })
  }

  #make(name: string): void {
    const segment = this.#segments.get(name)
    if (segment === undefined || segment.made) return
    mkdirSync(dirname(segment.file), { recursive: true })
    const full = this.#options.isDiskFull()
    writeFileSync(segment.file, full ? '' : 'ftyp')
    segment.made = true
    this.#hook(name, 'runOnRecordSegmentCreate', { MTX_SEGMENT_PATH: segment.file })
    if (!full) return
    this.#segments.delete(name)
    setTimeout(() => this.settle(name, true), RETRY_MS).unref()
  }

  #end(name: string): void {
    this.#make(name)
    const segment = this.#segments.get(name)
    if (segment === undefined) return
    clearTimeout(segment.timer)
    this.#segments.delete(name)
    const seconds = (performance.now() - segment.sinceMs) / 1_000
    this.#hook(name, 'runOnRecordSegmentComplete', { MTX_SEGMENT_PATH: segment.file, MTX_SEGMENT_DURATION: String(seconds) })
  }

  #hook(name: string, field: string, environment: Readonly<Record<string, string>>): void {
    const command = this.#options.config(name)?.[field]
    if (typeof command === 'string' && command !== '' && this.#options.runsHooks) runOnce(command, name, environment)
  }
}

/** The pattern filled in, extension and all; local time. */
function fileName(name: string, config: Fields, at: Date): string {
  const two = (value: number, digits = 2) => String(value).padStart(digits, '0')
  const words: Readonly<Record<string, string>> = {
    path: name,
    Y: two(at.getFullYear(), 4),
    m: two(at.getMonth() + 1),
    d: two(at.getDate()),
    H: two(at.getHours()),
    M: two(at.getMinutes()),
    S: two(at.getSeconds()),
    f: two(at.getMilliseconds() * 1_000, 6),
    s: String(Math.floor(at.getTime() / 1_000)),
  }
  const filled = String(config.recordPath).replace(/%(path|[YmdHMSfs])/g, (_whole, word: string) => words[word] ?? '')
  return `${filled}.${config.recordFormat === 'mpegts' ? 'ts' : 'mp4'}`
}
