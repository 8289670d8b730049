/** Each row of the security requirements (reliability-security.md §3.1 to 3.3) has a test that carries its id in its name. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const CONNECTIONS = ['S-01', 'S-02', 'S-03', 'S-04', 'S-05', 'S-06', 'S-07', 'S-08', 'S-09', 'S-10']
const LOGINS = ['S-21', 'S-22', 'S-23', 'S-24', 'S-25', 'S-26', 'S-27', 'S-28', 'S-29', 'S-30', 'S-31']
const INPUT = ['S-41', 'S-42', 'S-43', 'S-44', 'S-45', 'S-46', 'S-47', 'S-48', 'S-49', 'S-50', 'S-51', 'S-52', 'S-53', 'S-54']
/** A call of a test function, up to its name's end. */
const NAMED = /\b(?:it|test|describe)(?:\.each)?\b[^'"`]{0,40}['"`](S-\d\d)\b|^\s*\]\)\(\s*['"`](S-\d\d)\b/gm

it('names a test for every row, and no row that does not exist', () => {
  const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts'))
  const found = new Set<string>()
  for (const file of files) {
    for (const [, first, second] of readFileSync(join(ROOT, file), 'utf8').matchAll(NAMED)) found.add(first ?? second ?? '')
  }
  expect([...found].filter((id) => Number(id.slice(2)) < 60).sort()).toEqual([...CONNECTIONS, ...LOGINS, ...INPUT])
})
