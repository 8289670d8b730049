/** MediaMTX's log lines, taken over into ours at their level. */

import type { Logger } from '../../base/logger.js'

const LINE = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d (DEB|INF|WAR|ERR) (.*)$/
const MAX_LINE_CHARS = 2_000

export class ServerLog {
  readonly #logger: Logger
  #rest = ''
  #lastError = ''

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** The latest line that told of an error: why a server that just ended did so. */
  get lastError(): string {
    return this.#lastError
  }

  push(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n')
    this.#rest = (lines.pop() ?? '').slice(-MAX_LINE_CHARS)
    for (const line of lines) this.#line(line.slice(0, MAX_LINE_CHARS))
  }

  #line(line: string): void {
    if (line.trim() === '') return
    const match = LINE.exec(line)
    const level = match?.[1]
    const text = match?.[2] ?? line
    // Before its logger exists the reason of an end is one bare line.
    if (level === 'ERR' || line.startsWith('ERR')) this.#lastError = text.replace(/^ERR:?\s*/, '')
    if (level === 'ERR') this.#logger.warn({ line: text }, 'MediaMTX error')
    else if (level === 'WAR') this.#logger.info({ line: text }, 'MediaMTX warning')
    else this.#logger.debug({ line: text }, 'MediaMTX')
  }
}
