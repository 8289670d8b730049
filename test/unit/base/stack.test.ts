import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { stackOf } from '../../../src/base/stack.js'

const dir = mkdtempSync(join(tmpdir(), 'stack-test-'))
afterAll(() => rmSync(dir, { recursive: true }))

describe('stackOf', () => {
  it('names the places of the sources where a map lies beside the file', () => {
    writeFileSync(join(dir, 'made.js'), 'one\ntwo\n')
    // Line 1 comes from line 1, line 2 from line 6.
    const map = { version: 3, file: 'made.js', sources: ['../src/source.ts'], names: [], mappings: 'AAAA;AAKA' }
    writeFileSync(join(dir, 'made.js.map'), JSON.stringify(map))
    const thrown = traced(
      `Error: no\n    at work (${dir}/made.js:2:1)\n    at file://${dir}/made.js:1:1\n    at node:internal/process:95:5`,
    )
    expect(stackOf(thrown)).toBe(
      `Error: no\n    at work (${join(dir, '../src/source.ts')}:6:1)\n    at ${join(dir, '../src/source.ts')}:1:1\n    at node:internal/process:95:5`,
    )
  })

  it('leaves places without a map, and the message, as they are', () => {
    const stack = `Error: see /made.js:2:1\n    at ${dir}/other.js:3:4`
    expect(stackOf(traced(stack))).toBe(stack)
  })

  it('is the text of what is no error', () => {
    expect(stackOf('plain')).toBe('plain')
    expect(stackOf(undefined)).toBe('undefined')
  })
})

function traced(stack: string): Error {
  return Object.assign(new Error('no'), { stack })
}
