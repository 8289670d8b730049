/** One small file of state, written whole: the old or the new content, never a mix. A damaged one is set aside, never fatal. */

import { rename, rm } from 'node:fs/promises'
import { readWhole, removeLeftovers, writeWhole } from './durable-file.js'
import { errorText } from './errors.js'
import type { Logger } from './logger.js'

export interface StateFileOptions {
  readonly file: string
  /** What it holds, for the log: `camera ids`. */
  readonly what: string
  readonly logger: Logger
  /** Of a file that is made anew; 0o644 unless it holds secrets. */
  readonly mode?: number
}

export class StateFile {
  readonly #options: StateFileOptions
  #pending: unknown
  #writing: Promise<boolean> | undefined

  constructor(options: StateFileOptions) {
    this.#options = options
  }

  /** What `parse` makes of the content; undefined when there is no file, or none that can be read, or `parse` refuses it. */
  async load<Content>(parse: (content: unknown) => Content | undefined): Promise<Content | undefined> {
    const { file, what, logger } = this.#options
    await removeLeftovers(file)
    let text: string | undefined
    try {
      text = await readWhole(file)
    } catch (thrown) {
      logger.error({ file, error: errorText(thrown) }, `${what} could not be read`)
      return await this.#setAside()
    }
    if (text === undefined) return undefined
    return parse(jsonOf(text)) ?? (await this.#setAside())
  }

  /** Nothing is written over it, and nothing of it is in the way of what comes: a folder in its place would be. */
  async #setAside(): Promise<undefined> {
    const { file, what, logger } = this.#options
    const aside = `${file}.damaged`
    // An earlier one goes, also a folder.
    await rm(aside, { recursive: true, force: true }).catch(() => undefined)
    try {
      await rename(file, aside)
      logger.error({ file: aside }, `${what} were damaged; the file is set aside and they begin anew`)
    } catch (thrown) {
      logger.error({ file, error: errorText(thrown) }, `${what} were damaged and cannot be set aside; they begin anew`)
    }
  }

  /** Writes the newest content; calls during a write are folded into one more. False: it is not on the disk, and the log says why. */
  save(content: object): Promise<boolean> {
    this.#pending = content
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined
    })
    return this.#writing
  }

  async #drain(): Promise<boolean> {
    const { file, what, logger, mode } = this.#options
    let written = true
    while (this.#pending !== undefined) {
      const content = this.#pending
      this.#pending = undefined
      try {
        await writeWhole(file, `${JSON.stringify(content, null, 2)}\n`, mode === undefined ? {} : { newMode: mode })
        written = true
      } catch (thrown) {
        written = false
        logger.error({ file, error: errorText(thrown) }, `${what} could not be written`)
      }
    }
    return written
  }
}

/** Undefined for a text that is no JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
