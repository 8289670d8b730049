import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createLogger } from '../../../src/base/logger.js'
import { isRecord, StateFile } from '../../../src/base/state-file.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'state-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const file = () => join(dir, 'things.json')
const parse = (content: unknown) => (isRecord(content) ? content : undefined)

function open() {
  const lines: string[] = []
  const logger = createLogger({ level: 'info', format: 'json', write: (line: string) => lines.push(line) })
  return { state: new StateFile({ file: file(), what: 'things', logger }), lines }
}

it.each([
  ['a folder', () => mkdirSync(join(file(), 'inner'), { recursive: true })],
  ['a pipe', () => execFileSync('mkfifo', [file()])],
  ['rubbish', () => writeFileSync(file(), 'rubbish')],
  ['nothing at all', () => writeFileSync(file(), '')],
])('%s in place of the file is set aside, and what is written then is there again', async (_what, make) => {
  for (const round of [1, 2]) {
    make()
    const { state, lines } = open()
    expect(await state.load(parse)).toBeUndefined()
    expect(lines.join('')).toContain('set aside')
    expect(existsSync(`${file()}.damaged`)).toBe(true)
    expect(await state.save({ round })).toBe(true)
    expect(await open().state.load(parse)).toEqual({ round })
    rmSync(file())
  }
})

it('a file that is not there is no damage', async () => {
  const { state, lines } = open()
  expect(await state.load(parse)).toBeUndefined()
  expect(lines).toEqual([])
  expect(await state.save({ at: 1 })).toBe(true)
  expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual({ at: 1 })
})
