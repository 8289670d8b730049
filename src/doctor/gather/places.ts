/** Where the doctor looks; other folders in tests. */

import { readdir, readFile } from 'node:fs/promises'

export interface Places {
  readonly dev: string
  readonly sys: string
  readonly proc: string
  readonly etc: string
  /** Root of the other paths (`/.dockerenv`, `/run`, `/lib/modules`). */
  readonly root: string
}

export const REAL_PLACES: Places = { dev: '/dev', sys: '/sys', proc: '/proc', etc: '/etc', root: '' }

/** Longest text read from any of these files. */
const MAX_CHARS = 1_048_576

/** The file's text without its line end; undefined when it cannot be read. */
export async function textOf(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  return text?.slice(0, MAX_CHARS).trim()
}

/** The number in a file; undefined when there is none. `500mA` is 500. */
export async function numberOf(file: string): Promise<number | undefined> {
  const number = Number.parseFloat((await textOf(file)) ?? '')
  return Number.isNaN(number) ? undefined : number
}

/** Names in a folder, sorted; none when it cannot be read. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(() => [])).sort()
}
