/**
 * Each row of the security requirements (reliability-security.md §3.1 to 3.3), and of those of the process, its clients and its end (§2.2, 2.5, 2.6), has
 * a test that carries its id in its name.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const CONNECTIONS = ['S-01', 'S-02', 'S-03', 'S-04', 'S-05', 'S-06', 'S-07', 'S-08', 'S-09', 'S-10']
const LOGINS = ['S-21', 'S-22', 'S-23', 'S-24', 'S-25', 'S-26', 'S-27', 'S-28', 'S-29', 'S-30', 'S-31']
const INPUT = ['S-41', 'S-42', 'S-43', 'S-44', 'S-45', 'S-46', 'S-47', 'S-48', 'S-49', 'S-50', 'S-51', 'S-52', 'S-53', 'S-54']
const PROCESS = ['R-11', 'R-13', 'R-15', 'R-18', 'R-20', 'R-21', 'R-22', 'R-23']
const CLIENTS = ['R-51', 'R-52', 'R-53', 'R-54', 'R-55', 'R-56']
const END = ['R-61', 'R-62', 'R-63']
/** A call of a test function, up to its name's end. */
const NAMED = /\b(?:it|test|describe)(?:\.each)?\b[^'"`]{0,40}['"`]([SR]-\d\d)\b|^\s*\]\)\(\s*['"`]([SR]-\d\d)\b/gm

/** Of all tests, sorted. */
function idsInNames(): readonly string[] {
  const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts'))
  const found = new Set<string>()
  for (const file of files) {
    for (const [, first, second] of readFileSync(join(ROOT, file), 'utf8').matchAll(NAMED)) found.add(first ?? second ?? '')
  }
  return [...found].sort()
}

it('names a test for every row of security, and no row that does not exist', () => {
  const found = idsInNames().filter((id) => id.startsWith('S-') && Number(id.slice(2)) < 60)
  expect(found).toEqual([...CONNECTIONS, ...LOGINS, ...INPUT])
})

it('names a test for the rows of the process, of its clients and of its end', () => {
  expect(idsInNames()).toEqual(expect.arrayContaining([...PROCESS, ...CLIENTS, ...END]))
})
