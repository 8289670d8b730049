import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { ConfigError, type LoadedConfig, loadConfig, type Setting } from '../../../src/config/index.js'

/** A folder for the files of one test file; removed at its end. */
export const FOLDER = mkdtempSync(join(tmpdir(), 'config-'))
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }))

const FILE = join(FOLDER, 'config.yaml')

export interface Sources {
  readonly yaml?: string
  readonly env?: Readonly<Record<string, string>>
  readonly options?: readonly Setting[]
}

/** Loads from a text in place of a file; the machine's own file is not looked at. */
export function load({ yaml, env = {}, options = [] }: Sources = {}): Promise<LoadedConfig> {
  if (yaml !== undefined) writeFileSync(FILE, yaml, { mode: 0o640 })
  const defaultFile = join(FOLDER, 'none.yaml')
  return loadConfig({ env, options, workingDir: FOLDER, defaultFile, ...(yaml !== undefined && { file: FILE }) })
}

/** The lines a start would print, with the folder cut off. */
export async function faultsOf(sources: Sources): Promise<string[]> {
  try {
    await load(sources)
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.message.split('\n').map((line) => line.replaceAll(`${FOLDER}/`, ''))
    throw thrown
  }
  return []
}
