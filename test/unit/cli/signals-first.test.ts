import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

it('the first thing that the entry point does is to catch signals, and it imports nothing before', () => {
  const source = readFileSync(join(import.meta.dirname, '../../../src/main.ts'), 'utf8')
  const code = source
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^#!|^\/\/|^import type /.test(line))
  expect(code[0]).toBe('const signals = catchSignals()')
  expect(code.filter((line) => /^import /.test(line))).toEqual([])
})
