/** The configuration of a running service: one object for all, in which a reload changes what may change while it runs. */

import { isDeepStrictEqual } from 'node:util'
import type { Table } from './keys.js'
import { type Config, isSection, KEYS, SCHEMA } from './schema.js'

export interface Reconfiguration {
  /** Keys with another value than before, in force now. */
  readonly applied: readonly string[]
  /** Keys with another value than the one in force, which wait for the next start. */
  readonly pending: readonly string[]
}

/** What the service may ask of its configuration. */
export interface ConfigurationPort {
  /** Reads the file anew. What cannot be used is told and changes nothing. Never rejects. */
  reload(): Promise<void>
  /** Called with the keys that have other values now. The function returned ends it. */
  onChange(listener: (keys: ReadonlySet<string>) => void): () => void
  /** Called when a reload was refused, with a line for each fault. The function returned ends it. */
  onRefused(listener: (faults: readonly string[]) => void): () => void
}

export class LiveConfig {
  /** Members of live keys answer what is in force at that moment: whoever copies one keeps an old one. */
  readonly config: Config
  #latest: Config

  constructor(first: Config) {
    this.#latest = first
    this.config = liveObject(SCHEMA, first, () => this.#latest) as Config
  }

  /** Takes another configuration, all of its live keys in one step. */
  take(next: Config): Reconfiguration {
    const changed = KEYS.filter(({ path }) => !isDeepStrictEqual(valueAt(this.config, path), valueAt(next, path)))
    this.#latest = next
    const names = (reload: string) => changed.filter(({ key }) => key.reload === reload).map(({ path }) => path)
    return { applied: names('live'), pending: names('restart') }
  }
}

function liveObject(table: Table, first: unknown, latest: () => unknown): unknown {
  const made = {}
  for (const [name, item] of Object.entries(table)) {
    const inner = (): unknown => memberOf(latest(), name)
    const value = memberOf(first, name)
    if (isSection(item)) Object.defineProperty(made, name, { value: liveObject(item.keys, value, inner), enumerable: true })
    else Object.defineProperty(made, name, { ...(item.reload === 'live' ? { get: inner } : { value }), enumerable: true })
  }
  return Object.freeze(made)
}

function valueAt(config: Config, path: string): unknown {
  return path.split('.').reduce(memberOf, config as unknown)
}

function memberOf(object: unknown, name: string): unknown {
  return (object as Readonly<Record<string, unknown>>)[name]
}
