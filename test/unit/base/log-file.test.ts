import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openLogFile } from '../../../src/base/log-file.js'

let folder: string
let failures: unknown[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'))
  failures = []
})

afterEach(() => rmSync(folder, { recursive: true }))

function open(maxBytes: number, backups: number) {
  return openLogFile({ file: join(folder, 'log'), maxBytes, backups, onFailure: (thrown) => failures.push(thrown) })
}

function contents(): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  )
}

it('begins anew when full and keeps the last few', () => {
  const write = open(8, 2)
  for (const line of ['one\n', 'two\n', 'three\n', 'four\n', 'five\n', 'six\n']) write(line)
  expect(contents()).toEqual({ log: 'six\n', 'log.1': 'five\n', 'log.2': 'four\n' })
  expect(failures).toEqual([])
})

it('goes on where an earlier process ended', () => {
  open(8, 1)('one\n')
  const write = open(8, 1)
  write('two\n')
  write('three\n')
  expect(contents()).toEqual({ log: 'three\n', 'log.1': 'one\ntwo\n' })
})

it('empties the file when none is to be kept, and writes a line longer than the limit', () => {
  const write = open(4, 0)
  write('a long line\n')
  write('b\n')
  expect(contents()).toEqual({ log: 'b\n' })
})

it('tells an outage once and goes on', () => {
  const write = open(4, 1)
  write('one\n')
  mkdirSync(join(folder, 'log.1'))
  write('lost\n')
  write('lost\n')
  expect(failures).toHaveLength(1)
  rmSync(join(folder, 'log.1'), { recursive: true })
  write('two\n')
  expect(contents()).toEqual({ log: 'two\n', 'log.1': 'one\n' })
})
