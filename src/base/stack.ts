/** Stack traces in terms of the sources: what runs has been compiled, and joined into few files (scripts/bundle). */

import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `(/place/file.js:12:34)` or `at file:///place/file.js:12:34`. */
const PLACE = /((?:file:\/\/)?\/[^\s()]+):(\d+):(\d+)/

const maps = new Map<string, SourceMap | undefined>()

/**
 * The trace of an error that nobody foresaw, or the thrown value as text. Reads the map of each file at the first trace that names
 * it, and waits for the disk then: for failures that are faults of ours, not for those of every day.
 */
export function stackOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  return (thrown.stack ?? String(thrown)).split('\n').map(inSources).join('\n')
}

function inSources(line: string): string {
  if (!/^\s+at /.test(line)) return line
  return line.replace(PLACE, (place, name: string, row: string, column: string) => {
    const file = name.startsWith('file:') ? fileURLToPath(name) : name
    const entry = mapOf(file)?.findEntry(Number(row) - 1, Number(column) - 1)
    if (entry === undefined || !('originalSource' in entry)) return place
    return `${resolve(dirname(file), entry.originalSource)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
  })
}

function mapOf(file: string): SourceMap | undefined {
  if (!maps.has(file)) maps.set(file, readMap(file))
  return maps.get(file)
}

function readMap(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')))
  } catch {
    // Without a map (a package, Node itself) the place stays as it is.
    return undefined
  }
}
