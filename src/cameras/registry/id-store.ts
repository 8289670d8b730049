/** Keeps the table of wire ids over restarts. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '../../base/logger.js'
import { isRecord, jsonOf, StateFile } from '../../base/state-file.js'
import type { IdTable, KnownCamera } from './ids.js'

const FILE = 'camera-ids.json'
const VERSION = 1

export class IdStore {
  readonly #file: StateFile

  constructor(options: { readonly stateDir: string; readonly logger: Logger }) {
    this.#file = new StateFile({
      file: join(options.stateDir, FILE),
      what: 'camera ids',
      logger: options.logger,
    })
  }

  async load(): Promise<IdTable> {
    return (await this.#file.load(parse)) ?? new Map()
  }

  /** Writes the newest table; calls during a write are folded into one more. */
  save(table: IdTable): Promise<boolean> {
    return this.#file.save({ version: VERSION, cameras: Object.fromEntries(table) })
  }
}

/** Identity key → `cameraN`, as the last service left it. Changes nothing: none when there is no file or a damaged one. */
export async function cameraIds(stateDir: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(stateDir, FILE), 'utf8').catch(() => '')
  const table = parse(jsonOf(text)) ?? new Map<string, KnownCamera>()
  return new Map([...table].map(([identity, { number }]) => [identity, `camera${number}`]))
}

function parse(content: unknown): IdTable | undefined {
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
