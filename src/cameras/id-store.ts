/** Keeps the table of wire ids over restarts: one small JSON file, written whole. A damaged one is set aside, never fatal. */

import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorText } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { IdTable, KnownCamera } from './ids.js'

const VERSION = 1

export class IdStore {
  readonly #file: string
  readonly #logger: Logger
  #pending: IdTable | undefined
  #writing: Promise<void> | undefined

  constructor(options: { readonly stateDir: string; readonly logger: Logger }) {
    this.#file = join(options.stateDir, 'camera-ids.json')
    this.#logger = options.logger
  }

  async load(): Promise<IdTable> {
    let text: string
    try {
      text = await readFile(this.#file, 'utf8')
    } catch (thrown) {
      if (isMissing(thrown)) return new Map()
      this.#logger.error({ file: this.#file, error: errorText(thrown) }, 'camera ids could not be read; ids are given anew')
      return new Map()
    }
    const numbers = parse(text)
    if (numbers !== undefined) return numbers
    const aside = `${this.#file}.damaged`
    await rename(this.#file, aside).catch(() => undefined)
    this.#logger.error({ file: aside }, 'camera ids were damaged; the file is set aside and ids are given anew')
    return new Map()
  }

  /** Writes the newest table; calls during a write are folded into one more. */
  save(table: IdTable): Promise<void> {
    this.#pending = table
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined
    })
    return this.#writing
  }

  async #drain(): Promise<void> {
    while (this.#pending !== undefined) {
      const table = this.#pending
      this.#pending = undefined
      try {
        await writeWhole(this.#file, `${JSON.stringify({ version: VERSION, cameras: Object.fromEntries(table) }, null, 2)}\n`)
      } catch (thrown) {
        this.#logger.error({ file: this.#file, error: errorText(thrown) }, 'camera ids could not be written')
      }
    }
  }
}

function parse(text: string): IdTable | undefined {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isRecord(content) || content.version !== VERSION || !isRecord(content.cameras)) return undefined
  const table = new Map<string, KnownCamera>()
  for (const [identity, known] of Object.entries(content.cameras)) {
    if (!isKnownCamera(known)) return undefined
    table.set(identity, { number: known.number, model: known.model, port: known.port })
  }
  // Two cameras must never share an id, whatever the file says.
  const numbers = new Set([...table.values()].map((known) => known.number))
  return numbers.size === table.size ? table : undefined
}

function isKnownCamera(value: unknown): value is KnownCamera {
  return (
    isRecord(value) &&
    typeof value.number === 'number' &&
    Number.isSafeInteger(value.number) &&
    value.number >= 0 &&
    typeof value.model === 'string' &&
    typeof value.port === 'string'
  )
}

async function writeWhole(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const temporary = `${file}.new`
  const handle = await open(temporary, 'w', 0o644)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, file)
  const directory = await open(dirname(file), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
