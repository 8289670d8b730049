/** Pure: reads what ffmpeg writes to its progress pipe, `key=value` lines in blocks. */

export interface Progress {
  /** Frames encoded so far. */
  readonly frames: number
  readonly fps: number
}

const MAX_LINE_CHARS = 4096

export class ProgressReader {
  #rest = ''
  #frames = 0
  #fps = 0
  #blocks = 0

  get progress(): Progress {
    return { frames: this.#frames, fps: this.#fps }
  }

  /** Whole blocks seen. */
  get blocks(): number {
    return this.#blocks
  }

  push(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n')
    this.#rest = (lines.pop() ?? '').slice(-MAX_LINE_CHARS)
    for (const line of lines) this.#line(line)
  }

  #line(line: string): void {
    const separator = line.indexOf('=')
    const key = line.slice(0, separator)
    const value = Number(line.slice(separator + 1))
    if (key === 'progress') this.#blocks++
    if (!Number.isFinite(value)) return
    if (key === 'frame') this.#frames = value
    if (key === 'fps') this.#fps = value
  }
}
