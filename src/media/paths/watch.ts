/** Turns what each look at the runtime list shows into facts: paths and streams that came and went. */

import type { TypedEvents } from '../../base/events.js'
import type { RuntimePath } from '../api/wire.js'

export type PathEvents = {
  /** A path of ours can be read now. */
  streamStarted: { readonly device: string }
  /** It no longer can. */
  streamStopped: { readonly device: string }
  /** Paths of ours appeared in or left MediaMTX. */
  pathsChanged: { readonly paths: readonly string[] }
}

export class PathWatch<Events extends PathEvents> {
  readonly #events: TypedEvents<Events>
  #names = ''
  #streaming = new Set<string>()

  constructor(events: TypedEvents<Events>) {
    this.#events = events
  }

  see(paths: ReadonlyMap<string, RuntimePath>): void {
    const names = [...paths.keys()]
    if (names.join() !== this.#names) {
      this.#names = names.join()
      this.#events.emit('pathsChanged', { paths: names })
    }
    const before = this.#streaming
    this.#streaming = new Set(names.filter((name) => paths.get(name)?.available === true))
    for (const device of this.#streaming) if (!before.has(device)) this.#events.emit('streamStarted', { device })
    for (const device of before) if (!this.#streaming.has(device)) this.#events.emit('streamStopped', { device })
  }
}
