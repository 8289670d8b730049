/** Tells that a file may have changed: written in place, or renamed into place. */

import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Clock } from '../base/clock.js'

/** Editors write in several steps. */
const QUIET_MS = 200

export interface FileWatchOptions {
  readonly file: string
  readonly clock: Clock
  readonly onChange: () => void
  /** The folder cannot be watched (any more). */
  readonly onFailure: (thrown: unknown) => void
}

/** Watches the folder, since a rename replaces the file itself. The function returned ends it. */
export function watchFile({ file, clock, onChange, onFailure }: FileWatchOptions): () => void {
  let cancel = (): void => undefined
  let watcher: FSWatcher | undefined
  const end = (): void => {
    cancel()
    watcher?.close()
    watcher = undefined
  }
  const fail = (thrown: unknown): void => {
    end()
    onFailure(thrown)
  }
  try {
    watcher = watch(dirname(file), { persistent: false }, (_, name) => {
      if (name !== null && name !== basename(file)) return
      cancel()
      cancel = clock.after(QUIET_MS, onChange)
    })
    watcher.on('error', fail)
  } catch (thrown) {
    fail(thrown)
  }
  return end
}
