/** The live side: which path has a publisher, who reads, and what a change of configuration does to them. */

import { randomUUID } from 'node:crypto'
import { type Fields, HOT } from './path-fields.js'

export interface LivePublisher {
  readonly id: string
  /** Ends the connection, as the server does when the path is made anew. */
  close(): void
}

interface LivePath {
  config: Fields
  publisher: LivePublisher | undefined
  since: Date | undefined
  inboundBytes: number
  readers: string[]
  /** Counts changes of the configuration, for publishers in their handshake. */
  revision: number
}

export interface RuntimeListener {
  /** The path object was made; its `runOnInit` hook starts. */
  created(name: string, config: Fields): void
  destroyed(name: string): void
  /** Fields changed in place. */
  reconfigured(name: string, fields: readonly string[]): void
  published(name: string): void
  /** Its publisher is gone, and its readers with it. */
  unpublished(name: string): void
  readersChanged(name: string): void
  received(name: string, bytes: number): void
}

export class Runtime {
  readonly #paths = new Map<string, LivePath>()
  readonly #listener: RuntimeListener

  constructor(listener: RuntimeListener) {
    this.#listener = listener
  }

  configured(name: string, before: Fields | undefined, after: Fields | undefined): void {
    const changed = changedFields(before, after)
    const live = this.#paths.get(name)
    if (live !== undefined && changed.length > 0) live.revision++
    if (after !== undefined && live !== undefined && changed.every((field) => HOT.test(field))) {
      live.config = after
      if (changed.length > 0) this.#listener.reconfigured(name, changed)
      return
    }
    if (live !== undefined) this.#destroy(name, live)
    if (after !== undefined) {
      this.#paths.set(name, { config: after, publisher: undefined, since: undefined, inboundBytes: 0, readers: [], revision: 0 })
      this.#listener.created(name, after)
    }
  }

  get(name: string): Readonly<LivePath> | undefined {
    return this.#paths.get(name)
  }

  publish(name: string, publisher: LivePublisher): void {
    const live = this.#paths.get(name)
    if (live === undefined) return
    live.publisher?.close()
    Object.assign(live, { publisher, since: new Date(), inboundBytes: 0, readers: [] })
    this.#listener.published(name)
  }

  /** Its readers are dropped with it. */
  unpublish(name: string, id: string): void {
    const live = this.#paths.get(name)
    if (live?.publisher?.id !== id) return
    Object.assign(live, { publisher: undefined, since: undefined, inboundBytes: 0, readers: [] })
    this.#listener.unpublished(name)
  }

  received(name: string, bytes: number): void {
    const live = this.#paths.get(name)
    if (live === undefined) return
    live.inboundBytes += bytes
    this.#listener.received(name, bytes)
  }

  /** The function returned makes the reader leave. */
  read(name: string): () => void {
    const live = this.#paths.get(name)
    const id = randomUUID()
    live?.readers.push(id)
    this.#listener.readersChanged(name)
    return () => {
      if (live === undefined) return
      live.readers = live.readers.filter((reader) => reader !== id)
      if (this.#paths.get(name) === live) this.#listener.readersChanged(name)
    }
  }

  clear(): void {
    for (const [name, live] of this.#paths) this.#destroy(name, live)
  }

  #destroy(name: string, live: LivePath): void {
    this.#paths.delete(name)
    live.publisher?.close()
    this.#listener.destroyed(name)
  }
}

function changedFields(before: Fields | undefined, after: Fields | undefined): string[] {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])
  return [...names].filter((name) => JSON.stringify(before?.[name]) !== JSON.stringify(after?.[name]))
}
