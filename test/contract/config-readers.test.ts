/** Every key of the configuration is read by somebody: what is checked and documented has an effect. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { KEYS } from '../../src/config/schema.js'

const SRC = join(import.meta.dirname, '../../src')

/** Here the configuration is defined, and nobody uses it; but for what is worked out of it for others. */
const DEFINES = /^config\/(?!token-rules|rules)/
/** Sections that are handed over whole, to code that knows their keys and not their name. */
const HANDED_OVER = ['accept', 'upgrade', 'virtual_cameras']

/** Words of the code, without comments and without texts that are no single word. */
function wordsOf(file: string): ReadonlySet<string> {
  const code = readFileSync(file, 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/'[^'\n]*[^\w'\n][^'\n]*'/g, "''")
  return new Set(code.match(/[A-Za-z_$][\w$]*/g))
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !DEFINES.test(name))
  .map((name) => ({ name, words: wordsOf(join(SRC, name)) }))

/** Files that name the key and, unless it stands at the top, its section. */
function readersOf(path: string): string[] {
  const [key = '', section] = path.split('.').reverse()
  const whole = section === undefined || HANDED_OVER.includes(section)
  return files.filter(({ words }) => words.has(key) && (whole || words.has(section))).map(({ name }) => name)
}

it.each(KEYS.map(({ path }) => path))('%s', (path) => {
  expect(readersOf(path)).not.toEqual([])
})

it('a key without a reader would be found', () => {
  expect(readersOf('server.no_such_key')).toEqual([])
  expect(readersOf('recording.capability_timeout')).toEqual([])
})
