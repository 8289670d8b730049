/** Checks a document against the tables: values of the right kind on one side, everything that is wrong or unknown on the other. Pure. */

import { nearest } from '../base/nearest.js'
import { CAMERA_KEYS, ELEMENT_KEYS, type Key, REFUSED, SERVER_KEYS, showValue } from '../config/index.js'
import type { CameraElement, CameraSettings, ServerSettings } from './types.js'

/** Where something stands: `['cameras', 1, 'fps']`. */
export type Place = readonly (string | number)[]

export interface Problem {
  readonly place: Place
  /** `camera.fps: must be a number between 1 and 240, got string "abc"` */
  readonly text: string
}

export interface ElementChange extends CameraElement {
  readonly $delete?: true
}

/** What a document says; only keys that it holds. */
export interface Said {
  readonly camera: Partial<CameraSettings>
  readonly server: Partial<ServerSettings>
  readonly cameras?: readonly ElementChange[]
  readonly auto_discover?: boolean
}

export interface Checked {
  readonly said: Said
  readonly problems: readonly Problem[]
  /** Keys that this version does not know. */
  readonly unknown: readonly Problem[]
}

/** `file`: unknown keys are told apart; `change`: they are problems, and elements may be deleted. */
export type DocumentKind = 'file' | 'change'

type AnyKey = Pick<Key<unknown>, 'kind' | 'nullable'>

const MAX_CAMERAS = 256
const MAX_SHOWN_KEY = 64
const SECTIONS = ['camera', 'server', 'cameras', 'auto_discover']

/** Never throws, whatever the document is. */
export function checkDocument(document: unknown, kind: DocumentKind): Checked {
  const check = new Check(kind)
  const said = check.document(document)
  return { said, problems: check.problems, unknown: check.unknown }
}

class Check {
  readonly problems: Problem[] = []
  readonly unknown: Problem[] = []
  readonly #kind: DocumentKind

  constructor(kind: DocumentKind) {
    this.#kind = kind
  }

  document(document: unknown): Said {
    if (!isObject(document)) {
      this.#problem([], `the configuration must be an object, got ${typeText(document)}`)
      return { camera: {}, server: {} }
    }
    for (const name of Object.keys(document)) if (!SECTIONS.includes(name)) this.#unknownKey([name], 'section', SECTIONS)
    const cameras = Object.hasOwn(document, 'cameras') ? this.#cameras(document.cameras) : undefined
    const discover = Object.hasOwn(document, 'auto_discover') ? document.auto_discover : undefined
    if (discover !== undefined && typeof discover !== 'boolean') this.#wrong(['auto_discover'], 'true or false', discover)
    return {
      camera: this.#section(document, 'camera', CAMERA_KEYS),
      server: this.#section(document, 'server', SERVER_KEYS),
      ...(cameras !== undefined && { cameras }),
      ...(typeof discover === 'boolean' && { auto_discover: discover }),
    }
  }

  #section(document: Readonly<Record<string, unknown>>, name: string, table: Readonly<Record<string, AnyKey>>) {
    if (!Object.hasOwn(document, name)) return {}
    const section = document[name]
    if (isObject(section)) return this.#keys(section, [name], table)
    this.#wrong([name], 'an object', section)
    return {}
  }

  #cameras(value: unknown): ElementChange[] {
    if (!Array.isArray(value) || value.length > MAX_CAMERAS) {
      this.#wrong(['cameras'], `an array of at most ${MAX_CAMERAS} objects`, value)
      return []
    }
    const seen = new Set<unknown>()
    return value.flatMap((element: unknown, index) => {
      const said = this.#element(element, ['cameras', index])
      if (said === undefined) return []
      if (seen.has(said.id)) this.#problem(['cameras', index, 'id'], `cameras[${index}].id: ${said.id} is there twice`)
      seen.add(said.id)
      return [said]
    })
  }

  #element(element: unknown, place: Place): ElementChange | undefined {
    if (!isObject(element)) {
      this.#wrong(place, 'an object', element)
      return undefined
    }
    const { $delete: removed, ...rest } = element
    const isChange = this.#kind === 'change'
    if (removed !== undefined && !(isChange && removed === true)) {
      this.#wrong([...place, '$delete'], isChange ? 'true' : 'left out', removed)
    }
    if (!Object.hasOwn(rest, 'id')) this.#problem(place, `${keyText(place)}: must name its camera with "id"`)
    const said = this.#keys(rest, place, ELEMENT_KEYS)
    if (typeof said.id !== 'string') return undefined
    return { ...said, id: said.id, ...(removed === true && { $delete: true }) }
  }

  #keys(object: Readonly<Record<string, unknown>>, place: Place, table: Readonly<Record<string, AnyKey>>) {
    const said: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(object)) {
      const key = Object.hasOwn(table, name) ? table[name] : undefined
      if (key === undefined) this.#unknownKey([...place, name], 'key', Object.keys(table))
      else {
        const parsed = value === null && key.nullable ? null : key.kind.parse(value)
        if (parsed === REFUSED) this.#wrong([...place, name], `${key.kind.rule}${key.nullable ? ', or null' : ''}`, value)
        else said[name] = parsed
      }
    }
    return said
  }

  #wrong(place: Place, rule: string, value: unknown): void {
    this.#problem(place, `${keyText(place)}: must be ${rule}, got ${typeText(value)}`)
  }

  #unknownKey(place: Place, what: string, known: readonly string[]): void {
    const hint = nearest(String(place.at(-1)).slice(0, MAX_SHOWN_KEY), known)
    const text = `${keyText(place)}: unknown ${what}${hint === undefined ? '' : `, did you mean ${hint}?`}`
    if (this.#kind === 'change') this.#problem(place, text)
    else this.unknown.push({ place, text })
  }

  #problem(place: Place, text: string): void {
    this.problems.push({ place, text })
  }
}

/** `cameras[1].fps`; a strange name is quoted, so that no document adds lines to a log. */
function keyText(place: Place): string {
  return place
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`
      const name = /^[\w$-]{1,64}$/.test(part) ? part : JSON.stringify(part.slice(0, MAX_SHOWN_KEY))
      return index === 0 ? name : `.${name}`
    })
    .join('')
}

/** `string "abc"`, `number -5`, `null`, `array`, `object`. */
function typeText(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return ['string', 'number', 'boolean'].includes(typeof value) ? `${typeof value} ${showValue(value)}` : typeof value
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
