/** The file of the camera face: its text, what it says, and everything that is wrong with it at once. */

import { basename } from 'node:path'
import { readWhole } from '../base/durable-file.js'
import { errorText } from '../base/errors.js'
import { checkDocument, type Said } from './check.js'
import { type Position, readJsonText } from './json-text.js'

export interface Fault extends Partial<Position> {
  /** `config.json:3:12: camera.fps: must be ...` */
  readonly text: string
}

export type FileState =
  | { readonly is: 'missing' }
  | {
      readonly is: 'good'
      readonly text: string
      readonly document: unknown
      readonly said: Said
      readonly warnings: readonly string[]
    }
  /** `text` is absent when it could not be read. */
  | { readonly is: 'broken'; readonly text?: string; readonly faults: readonly [Fault, ...Fault[]] }

/** Never rejects. */
export async function readConfig(file: string): Promise<FileState> {
  const name = basename(file)
  try {
    const text = await readWhole(file)
    return text === undefined ? { is: 'missing' } : parseConfig(text, name)
  } catch (thrown) {
    return { is: 'broken', faults: [{ text: `${name}: cannot be read (${shortCause(thrown)})` }] }
  }
}

/** `name` begins every text. Pure. */
export function parseConfig(text: string, name: string): Exclude<FileState, { is: 'missing' }> {
  const { value: document, mistakes, positionOf } = readJsonText(text)
  const fault = (where: Position, what: string): Fault => ({
    line: where.line,
    column: where.column,
    text: `${name}:${where.line}:${where.column}: ${what}`,
  })
  const [mistake, ...others] = mistakes.map((each) => fault(each, each.text))
  if (mistake !== undefined) return { is: 'broken', text, faults: [mistake, ...others] }

  const { said, problems, unknown } = checkDocument(document, 'file')
  const [problem, ...more] = problems.map((each) => fault(positionOf(each.place), each.text))
  if (problem !== undefined) return { is: 'broken', text, faults: [problem, ...more] }
  return { is: 'good', text, document, said, warnings: unknown.map((each) => fault(positionOf(each.place), each.text).text) }
}

/** The system's word alone: its sentence holds the whole path, and this text reaches clients. */
export function shortCause(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : errorText(thrown)
}
