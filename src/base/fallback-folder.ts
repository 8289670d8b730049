/** Where files go: the folder that was configured for them, or another one while that cannot be written (contract §12.1). */

import { rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { errorText } from './errors.js'
import type { Logger } from './logger.js'
import { makeFolder } from './make-folder.js'

export interface FallbackOptions {
  readonly main: string
  /** Undefined: there is none. */
  readonly fallback: string | undefined
  readonly logger: Logger
}

/** That a disk is full is another matter: it is said as such, and nothing goes elsewhere for it. */
const FULL = new Set(['ENOSPC', 'EDQUOT'])

export class FallbackFolder {
  readonly #options: FallbackOptions
  #tries = 0
  #isAway = false

  constructor(options: FallbackOptions) {
    this.#options = options
  }

  /** The folder to write to now. When neither can be written it is the configured one, whose error is the one to tell. Never rejects. */
  async choose(): Promise<string> {
    const { main, fallback } = this.#options
    if (fallback === undefined) return main
    const error = await this.#tryOut(main)
    const isAway = error !== undefined && (await this.#tryOut(fallback)) === undefined
    this.#tell(isAway, error)
    return isAway ? fallback : main
  }

  /** Makes it when it is missing. Why it cannot be written; rights alone do not tell. */
  async #tryOut(dir: string): Promise<string | undefined> {
    this.#tries += 1
    const trial = join(dir, `.trial-${process.pid}-${this.#tries}`)
    try {
      await makeFolder(trial)
      await rmdir(trial)
      return undefined
    } catch (thrown) {
      return thrown instanceof Error && 'code' in thrown && FULL.has(String(thrown.code)) ? undefined : errorText(thrown)
    }
  }

  #tell(isAway: boolean, error: string | undefined): void {
    if (isAway === this.#isAway) return
    this.#isAway = isAway
    const { main, fallback, logger } = this.#options
    if (isAway) logger.warn({ dir: main, fallback, error }, 'a folder cannot be written to: files go to storage.fallback_path')
    else logger.info({ dir: main }, 'files go to their own folder again')
  }
}
