/** The configured paths: overrides over defaults, serialised validation of the whole, and the state a refused PATCH leaves. */

import { DecodeError, decode, type Fields, PATH_DEFAULTS, validate, validName } from './path-fields.js'

export class RefusedError extends Error {}
export class MissingError extends Error {}

export class PathStore {
  readonly #file: ReadonlyMap<string, Fields>
  readonly #onChange: (name: string, before: Fields | undefined, after: Fields | undefined) => void
  #paths = new Map<string, Fields>()
  /** Refused fields that stay in hidden state and make every later write fail. */
  readonly #hidden = new Map<string, Fields>()

  /** `file`: paths of the configuration file. `onChange` hears effective configurations, in order. */
  constructor(
    file: Readonly<Record<string, Fields>>,
    onChange: (name: string, before: Fields | undefined, after: Fields | undefined) => void,
  ) {
    this.#file = new Map(Object.entries(file))
    this.#onChange = onChange
  }

  names(): string[] {
    return [...this.#paths.keys()].sort()
  }

  /** Effective configuration. */
  get(name: string): Fields | undefined {
    const overrides = this.#paths.get(name)
    return overrides && { ...PATH_DEFAULTS, ...overrides }
  }

  /** A restart, or an edit of the file: its content is the whole truth again. */
  reload(): void {
    this.#hidden.clear()
    for (const name of this.names()) if (!this.#file.has(name)) this.#set(name, undefined)
    for (const [name, fields] of this.#file) this.#set(name, fields)
  }

  add(name: string, body: string): void {
    const fields = decode(body)
    if (this.#paths.has(name)) throw new RefusedError('path already exists')
    this.#write(name, fields)
  }

  replace(name: string, body: string): void {
    this.#write(name, decode(body))
  }

  patch(name: string, body: string): void {
    const fields = decode(body)
    const before = this.#paths.get(name)
    if (before === undefined) throw new MissingError('path not found')
    const after = { ...before, ...this.#hidden.get(name), ...fields }
    try {
      this.#write(name, after)
    } catch (thrown) {
      this.#hidden.set(name, after)
      throw thrown
    }
  }

  delete(name: string): void {
    if (!this.#paths.has(name)) throw new MissingError('path not found')
    const hidden = this.#hidden.get(name)
    this.#hidden.delete(name)
    try {
      this.#check()
    } catch (thrown) {
      if (hidden !== undefined) this.#hidden.set(name, hidden)
      throw thrown
    }
    this.#set(name, undefined)
  }

  /** Validation covers everything, so what a refused PATCH of another path left refuses this write, too. */
  #write(name: string, fields: Fields): void {
    if (!validName(name))
      throw new RefusedError(
        name === ''
          ? 'invalid name'
          : `invalid path name '${name}': can contain only alphanumeric characters, underscore, dot, minus, slash`,
      )
    const problem = validate({ ...PATH_DEFAULTS, ...fields })
    if (problem !== undefined) throw new RefusedError(problem)
    const hidden = this.#hidden.get(name)
    this.#hidden.delete(name)
    try {
      this.#check()
    } catch (thrown) {
      if (hidden !== undefined) this.#hidden.set(name, hidden)
      throw thrown
    }
    this.#set(name, fields)
  }

  #check(): void {
    for (const fields of this.#hidden.values()) {
      const problem = validate({ ...PATH_DEFAULTS, ...fields })
      if (problem !== undefined) throw new RefusedError(problem)
    }
  }

  #set(name: string, fields: Fields | undefined): void {
    const before = this.get(name)
    if (fields === undefined) this.#paths.delete(name)
    else this.#paths.set(name, fields)
    this.#onChange(name, before, this.get(name))
  }
}

export { DecodeError }
