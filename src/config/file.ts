/** Settings from the YAML file, each with the line it stands on. */

import { readFile, stat } from 'node:fs/promises'
import type { Document, LineCounter, Pair, YAMLMap } from 'yaml'
import type { Found } from './environment.js'
import { ConfigError, type Fault } from './fault.js'
import { classify, presentPath, unknownKeyText } from './known.js'
import type { Setting } from './setting.js'

const MAX_BYTES = 1024 * 1024
/** An alias repeated beyond this is an attack, not a shorthand. */
const MAX_ALIASES = 100

/** Throws ConfigError when nothing of the file can be understood: missing, empty, no YAML mapping. Loads the YAML library. */
export async function readConfigFile(file: string): Promise<Found> {
  const text = await readText(file)
  const yaml = await import('yaml')
  const lines = new yaml.LineCounter()
  const document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, merge: false })
  if (document.errors.length > 0) {
    throw new ConfigError(
      // The library's own text quotes the line, which may hold a secret; its code does not.
      document.errors.map(({ code, pos }) => ({
        where: `${file}:${lines.linePos(pos[0]).line}`,
        rule: `not valid YAML (${code.toLowerCase().replaceAll('_', ' ')})`,
        remedy: 'correct the line',
      })),
    )
  }
  const root = document.contents
  if (root === null || (yaml.isScalar(root) && root.value === null)) {
    throw whole(file, 'the file is empty', 'write at least one key, or start without a file')
  }
  if (!yaml.isMap(root)) throw whole(file, 'the file is not a mapping of sections', 'begin with a section such as "server:"')
  const walk = new Walk(file, lines, document, yaml)
  walk.section(root, [])
  return walk
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size > MAX_BYTES) throw whole(file, `the file has ${size} bytes`, `keep it under ${MAX_BYTES} bytes`)
    return await readFile(file, 'utf8')
  } catch (thrown) {
    if (thrown instanceof ConfigError) throw thrown
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown error'
    throw whole(file, `the file cannot be read (${code})`, 'name a readable file with --config or CAMERA_SERVICE_CONFIG')
  }
}

function whole(file: string, rule: string, remedy: string): ConfigError {
  return new ConfigError([{ where: `${file}:1`, rule, remedy }])
}

/** Goes through the sections and sorts what it meets. */
class Walk implements Found {
  readonly settings: Setting[] = []
  readonly warnings: string[] = []
  readonly withoutMeaning: string[] = []
  readonly faults: Fault[] = []
  readonly #file: string
  readonly #lines: LineCounter
  readonly #document: Document
  readonly #yaml: typeof import('yaml')

  constructor(file: string, lines: LineCounter, document: Document, yaml: typeof import('yaml')) {
    this.#file = file
    this.#lines = lines
    this.#document = document
    this.#yaml = yaml
  }

  section(map: YAMLMap, above: readonly string[]): void {
    for (const pair of map.items) {
      const name = this.#yaml.isScalar(pair.key) ? String(pair.key.value) : '?'
      this.#entry(pair, [...above, name])
    }
  }

  #entry(pair: Pair, parts: readonly string[]): void {
    const written = parts.join('.')
    const path = presentPath(written)
    const where = `${this.#file}:${this.#lineOf(pair)}`
    const node = this.#yaml.isAlias(pair.value) ? pair.value.resolve(this.#document) : pair.value
    switch (classify(path)) {
      case 'key':
        this.#keep({ path, value: this.#valueOf(pair.value), where, from: 'file' }, path !== written)
        break
      case 'section':
        if (this.#yaml.isMap(node)) this.section(node, parts)
        else if (!isNothing(node, this.#yaml)) {
          // The value is not shown: it may be a secret that lost its key.
          this.faults.push({
            where,
            key: path,
            value: 'not shown',
            rule: 'a mapping of keys',
            remedy: 'put its keys on indented lines below it',
          })
        }
        break
      case 'without-meaning':
        this.withoutMeaning.push(path)
        break
      case 'unknown':
        this.warnings.push(unknownKeyText(where, path))
    }
  }

  /** The last setting of a key stands, so one that stands in its old place comes first. */
  #keep(setting: Setting, moved: boolean): void {
    if (moved) this.settings.unshift(setting)
    else this.settings.push(setting)
  }

  /** What the loader checks; an alias that unfolds without end becomes nothing that any key accepts. */
  #valueOf(value: unknown): unknown {
    if (!this.#yaml.isNode(value)) return null
    try {
      return value.toJS(this.#document, { mapAsMap: true, maxAliasCount: MAX_ALIASES })
    } catch {
      return undefined
    }
  }

  #lineOf(pair: Pair): number {
    const range = this.#yaml.isNode(pair.key) ? pair.key.range : undefined
    return range ? this.#lines.linePos(range[0]).line : 1
  }
}

function isNothing(node: unknown, yaml: typeof import('yaml')): boolean {
  return node === null || node === undefined || (yaml.isScalar(node) && node.value === null)
}
