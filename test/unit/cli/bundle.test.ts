/** What the build makes of the modules (scripts/bundle), as users run it. */

import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { stackOf } from '../../../src/base/stack.js'

const ROOT = join(import.meta.dirname, '../../..')
const BUNDLE = join(ROOT, 'dist/bundle')
const LOAD = `const { loader } = require(${JSON.stringify(join(BUNDLE, 'load.cjs'))})
const { load, cached } = loader()
FIRST
const { main } = load('cli.cjs')
main({ argv: ['--version'], terminal: { print: (text) => console.log(JSON.stringify({ text, cached: cached(), trace: new Error('here').stack })) } })`

describe('the bundle', () => {
  it('has compiled code beside each file that a start loads, and uses it', async () => {
    const files = readdirSync(BUNDLE)
    for (const name of ['cli', 'config', 'logger', 'app', 'parts']) {
      expect(files.filter((file) => file.startsWith(name) && file.endsWith('.cjs.cache'))).toHaveLength(1)
    }
    const { text, cached, trace } = await loaded([])
    expect(text).toMatch(/^camera-service \d/)
    expect(cached).toContain('cli.cjs')
    // Compiled code remembers where it was compiled.
    expect(trace).toContain(`${BUNDLE}/cli.cjs:`)
  })

  it('uses it after the young heap has been collected too, once and whole', async () => {
    const [name = ''] = readdirSync(BUNDLE).filter((file) => /^young-heap.*\.cjs$/.test(file))
    const collect = `load('${name}').collectYoungHeap()\n`
    expect((await loaded([], collect)).cached).toContain('cli.cjs')
    expect((await loaded(['--trace-gc'], collect)).printed.match(/Mark-Compact/g)).toHaveLength(1)
  })

  it('does without when the compiled code is that of another Node', async () => {
    const { text, cached } = await loaded(['--no-opt'])
    expect(text).toMatch(/^camera-service \d/)
    expect(cached).toEqual([])
  })

  it('loads packages by require: compiled code from a cache cannot `import()`', () => {
    const files = readdirSync(BUNDLE).filter((file) => file.endsWith('.cjs'))
    expect(files.filter((file) => /\bimport\(/.test(readFileSync(join(BUNDLE, file), 'latin1')))).toEqual([])
  })

  it('is mapped to the sources', () => {
    const lines = readFileSync(join(BUNDLE, 'cli.cjs'), 'latin1').split('\n')
    const row = lines.findIndex((line) => line.includes('UsageError = class')) + 1
    expect(row).toBeGreaterThan(0)
    const error = Object.assign(new Error('no'), { stack: `Error: no\n    at work (${BUNDLE}/cli.cjs:${row}:1)` })
    expect(stackOf(error)).toContain(`(${ROOT}/src/cli/exit.ts:`)
  })

  it('carries the licences of the packages that are part of it', () => {
    const text = readFileSync(join(BUNDLE, 'LICENSES.txt'), 'utf8')
    for (const name of ['pino', 'jsonc-parser', 'fast-jwt'])
      expect(text).toContain(`${name}

`)
  })
})

interface Loaded {
  readonly text: string
  readonly cached: readonly string[]
  readonly trace: string
  readonly printed: string
}

/** `first`: a statement before anything else is loaded. */
async function loaded(options: readonly string[], first = ''): Promise<Loaded> {
  const { stdout } = await promisify(execFile)(process.execPath, [...options, '-e', LOAD.replace('FIRST', first)], { cwd: ROOT })
  const line = stdout.split('\n').find((text) => text.startsWith('{')) ?? ''
  return { ...JSON.parse(line), printed: stdout }
}
