/** Turns what each look at the runtime list shows into facts: paths and streams that came and went. */

import type { TypedEvents } from '../../base/events.js'
import type { RuntimePath } from '../api/wire.js'

/** What a stream is for when it begins. */
export type StreamUse = 'viewing' | 'recording'

export type PathEvents = {
  /** A path of ours can be read now. */
  streamStarted: { readonly device: string; readonly use: StreamUse }
  /** It no longer can; `use` is that of its start. */
  streamStopped: { readonly device: string; readonly use: StreamUse }
  /** These paths of ours appeared in or left MediaMTX. */
  pathsChanged: { readonly changed: readonly string[] }
}

export class PathWatch<Events extends PathEvents> {
  readonly #events: TypedEvents<Events>
  readonly #useOf: (name: string) => StreamUse
  #names = new Set<string>()
  #streaming = new Map<string, StreamUse>()

  constructor(events: TypedEvents<Events>, useOf: (name: string) => StreamUse) {
    this.#events = events
    this.#useOf = useOf
  }

  see(paths: ReadonlyMap<string, RuntimePath>): void {
    const known = this.#names
    this.#names = new Set(paths.keys())
    const changed = [...this.#names]
      .filter((name) => !known.has(name))
      .concat([...known].filter((name) => !this.#names.has(name)))
    if (changed.length > 0) this.#events.emit('pathsChanged', { changed })
    const before = this.#streaming
    this.#streaming = new Map()
    for (const [name, { available }] of paths) {
      if (available) this.#streaming.set(name, before.get(name) ?? this.#useOf(name))
    }
    for (const [device, use] of this.#streaming) if (!before.has(device)) this.#events.emit('streamStarted', { device, use })
    for (const [device, use] of before) if (!this.#streaming.has(device)) this.#events.emit('streamStopped', { device, use })
  }
}
