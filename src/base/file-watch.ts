/** Tells that a file may have changed: written in place, or renamed into place; of a link also where it points to. */

import { type FSWatcher, watch } from 'node:fs'
import { readlink, realpath } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import type { Clock } from './clock.js'

export interface FileWatchOptions {
  readonly file: string
  /** Editors write in several steps: it is told after so long without another one. */
  readonly quietMs: number
  readonly clock: Clock
  readonly onChange: () => void
  /** A folder cannot be watched (any more). */
  readonly onFailure: (thrown: unknown) => void
}

/** No link leads through more. */
const MAX_LINKS = 40

/** The function returned ends it. */
export function watchFile(options: FileWatchOptions): () => void {
  const fileWatch = new FileWatch(options)
  return () => fileWatch.end()
}

/** Watches folders, since a rename replaces the file itself. */
class FileWatch {
  readonly #options: FileWatchOptions
  readonly #watchers: FSWatcher[] = []
  /** The file, and if it is a link each file that it leads through. */
  #places: readonly string[] = []
  #hasEnded = false
  #cancelTelling = (): void => undefined
  #cancelLook: (() => void) | undefined

  constructor(options: FileWatchOptions) {
    this.#options = options
    this.#watch([options.file])
    void this.#follow()
  }

  end(): void {
    this.#hasEnded = true
    this.#cancelTelling()
    this.#cancelLook?.()
    this.#close()
  }

  /** Takes up where the link leads to now; that it leads elsewhere is a change. Never rejects. */
  async #follow(): Promise<void> {
    const places = await placesOf(this.#options.file)
    if (this.#hasEnded || places.join('\n') === this.#places.join('\n')) return
    this.#watch(places)
    this.#tell()
  }

  #watch(places: readonly string[]): void {
    this.#close()
    this.#places = places
    try {
      for (const folder of new Set(places.map((place) => dirname(place)))) {
        const names = places.filter((place) => dirname(place) === folder).map((place) => basename(place))
        const watcher = watch(folder, { persistent: false }, (_, name) => {
          if (name === null || names.includes(name)) this.#tell()
          // Some other name may be a folder that the link leads through.
          else if (places.length > 1) this.#look()
        })
        watcher.on('error', (thrown) => this.#fail(thrown))
        this.#watchers.push(watcher)
      }
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  #tell(): void {
    // It may have failed in this very turn.
    if (this.#hasEnded) return
    this.#cancelTelling()
    const { clock, quietMs, onChange } = this.#options
    this.#cancelTelling = clock.after(quietMs, () => {
      onChange()
      // What was written may be another link.
      void this.#follow()
    })
  }

  #look(): void {
    const { clock, quietMs } = this.#options
    this.#cancelLook ??= clock.after(quietMs, () => {
      this.#cancelLook = undefined
      void this.#follow()
    })
  }

  #fail(thrown: unknown): void {
    this.end()
    this.#options.onFailure(thrown)
  }

  #close(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close()
  }
}

/** Never rejects: what a broken link does not lead to is not there. */
async function placesOf(file: string): Promise<string[]> {
  const places = [file]
  for (let at = file; places.length < MAX_LINKS; places.push(at)) {
    const target = await readlink(at).catch(() => undefined)
    if (target === undefined) break
    at = resolve(dirname(at), target)
  }
  if (places.length === 1) return places
  const last = await realpath(file).catch(() => undefined)
  return last === undefined || places.includes(last) ? places : [...places, last]
}
