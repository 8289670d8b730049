import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type LogFile, type LogFileOptions, openLogFile } from '../../../src/base/log-file.js'

let folder: string
let failures: unknown[]
let opened: LogFile[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'))
  failures = []
  opened = []
})

afterEach(async () => {
  for (const log of opened) await log.close()
  rmSync(folder, { recursive: true })
})

async function open(maxBytes: number, backups: number, options: Partial<LogFileOptions> = {}): Promise<LogFile> {
  const file = join(folder, 'log')
  const log = await openLogFile({ file, maxBytes, backups, onFailure: (thrown) => failures.push(thrown), ...options })
  opened.push(log)
  return log
}

async function write(log: LogFile, ...lines: string[]): Promise<void> {
  for (const line of lines) log.write(line)
  await log.flush()
}

function contents(): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  )
}

it('begins anew when full and keeps the last few', async () => {
  await write(await open(8, 2), 'one\n', 'two\n', 'three\n', 'four\n', 'five\n', 'six\n')
  expect(contents()).toEqual({ log: 'six\n', 'log.1': 'five\n', 'log.2': 'four\n' })
  expect(failures).toEqual([])
})

it('goes on where an earlier process ended', async () => {
  const first = await open(8, 1)
  await write(first, 'one\n')
  await first.close()
  await write(await open(8, 1), 'two\n', 'three\n')
  expect(contents()).toEqual({ log: 'three\n', 'log.1': 'one\ntwo\n' })
})

it('empties the file when none is to be kept, and writes a line longer than the limit', async () => {
  for (const onlyLogs of [false, true])
    await write(await open(4, 0, { onlyLogs }), '12:00:00.000 a long line\n', '12:00:00.000 b\n')
  expect(contents()).toEqual({ log: '12:00:00.000 b\n' })
})

it('tells an outage once and goes on', async () => {
  const log = await open(4, 1)
  await write(log, 'one\n')
  mkdirSync(join(folder, 'log.1'))
  await write(log, 'lost\n')
  await write(log, 'lost\n')
  expect(failures).toHaveLength(1)
  rmSync(join(folder, 'log.1'), { recursive: true })
  await write(log, 'two\n')
  expect(contents()).toEqual({ log: 'two\n', 'log.1': 'one\n' })
})

it('goes on in a new file after the old one was moved away', async () => {
  const log = await open(100, 1)
  await write(log, 'one\n')
  renameSync(join(folder, 'log'), join(folder, 'log.old'))
  log.write('two\n')
  await log.reopen()
  await write(log, 'three\n')
  expect(contents()['log.old']).toMatch(/^one\n/)
  expect(Object.values(contents()).toSorted().join('')).toContain('three\n')
  expect(contents().log).toMatch(/three\n$/)
})

it('counts lines that come faster than they are written, and keeps those before and after', async () => {
  const log = await open(1e9, 1, { lostLine: (count) => `${count} lost\n` })
  const line = `${'x'.repeat(1023)}\n`
  for (let count = 0; count < 1500; count++) log.write(line)
  await log.flush()
  await write(log, 'after\n')
  const lines = readFileSync(join(folder, 'log'), 'utf8').split('\n')
  const lost = Number(/^(\d+) lost$/.exec(lines.find((each) => each.endsWith('lost')) ?? '')?.[1])
  expect(lost).toBeGreaterThan(0)
  expect(lines.filter((each) => each.startsWith('x')).length + lost).toBe(1500)
  expect(lines.at(-2)).toBe('after')
})

it('never takes a file that holds something else for a log, when told so', async () => {
  for (const [name, text] of [
    ['secret', 'h8Jk2LmN5pQr7StV0wXy3ZaB6cDe9FgH'],
    ['config.json', '{\n  "camera": {}\n}\n'],
  ] as const) {
    writeFileSync(join(folder, name), text)
    await expect(open(100, 1, { file: join(folder, name), onlyLogs: true })).rejects.toThrow('is no log file')
    expect(readFileSync(join(folder, name), 'utf8')).toBe(text)
  }
  writeFileSync(join(folder, 'real'), '')
  symlinkSync(join(folder, 'real'), join(folder, 'link'))
  await expect(open(100, 1, { file: join(folder, 'link'), onlyLogs: true })).rejects.toThrow('ELOOP')
  execFileSync('mkfifo', [join(folder, 'pipe')])
  await expect(open(100, 1, { file: join(folder, 'pipe'), onlyLogs: true })).rejects.toThrow('is no log file')
  writeFileSync(join(folder, 'old'), '2030-04-01 08:15:00,123 - main - INFO - older\n')
  await write(await open(100, 1, { file: join(folder, 'old'), onlyLogs: true }), 'new\n')
  expect(readFileSync(join(folder, 'old'), 'utf8')).toMatch(/older\nnew\n$/)
})

it('packs full ones and drops those that are too old, with nothing lost', async () => {
  const archive = { maxAgeMs: 60_000 }
  const log = await open(8, 3, { archive })
  for (const line of ['one\n', 'two\n', 'three\n', 'four\n', 'five\n']) await write(log, line)
  await log.close()
  const names = ['log', 'log.1.gz', 'log.2.gz', 'log.3.gz']
  expect(readdirSync(folder).sort()).toEqual(names)
  const text = (name: string): string => {
    const bytes = readFileSync(join(folder, name))
    return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
  }
  expect(names.map(text).reverse().join('')).toBe('one\ntwo\nthree\nfour\nfive\n')

  const longAgo = new Date(Date.now() - 120_000)
  utimesSync(join(folder, 'log.2.gz'), longAgo, longAgo)
  const again = await open(8, 3, { archive })
  await write(again, 'sixth\n')
  await again.close()
  expect(readdirSync(folder).sort()).toEqual(['log', 'log.1.gz', 'log.2.gz'])
  expect(text('log.1.gz')).toBe('five\n')
})

it('that was closed is not opened anew', async () => {
  const log = await open(1_000, 1)
  log.write('one\n')
  await log.close()
  rmSync(join(folder, 'log'))
  await log.reopen()
  expect(readdirSync(folder)).toEqual([])
})
