import { execFileSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLogger } from '../../../src/base/logger.js'
import { SealedFile } from '../../../src/base/sealed-file.js'

let dir: string
let file: string
let log: string[]

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sealed-'))
  file = join(dir, 'state.json')
  log = []
})

afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

function open(version = 1): SealedFile<{ readonly number: number }> {
  return new SealedFile({
    ...{ file, version, what: 'a number' },
    parse: (content) => (hasNumber(content) ? content : undefined),
    logger: createLogger({ level: 'debug', format: 'json', write: (line) => log.push(line) }),
  })
}

function hasNumber(content: unknown): content is { readonly number: number } {
  return typeof content === 'object' && content !== null && 'number' in content && typeof content.number === 'number'
}

it('gives back what was saved last, and nothing before', async () => {
  expect(await open().load()).toBeUndefined()
  const sealed = open()
  await Promise.all([sealed.save({ number: 1 }), sealed.save({ number: 2 }), sealed.save({ number: 3 })])
  expect(await open().load()).toEqual({ number: 3 })
  expect(log).toEqual([])
})

it('rejects when the disk does not take it, and saves again later', async () => {
  writeFileSync(dir.concat('-not'), '')
  file = join(dir.concat('-not'), 'state.json')
  const sealed = open()
  await expect(sealed.save({ number: 1 })).rejects.toThrow()
  rmSync(dir.concat('-not'))
  await sealed.save({ number: 2 })
  expect(await open().load()).toEqual({ number: 2 })
  rmSync(dir.concat('-not'), { recursive: true })
})

describe('R-32: a damaged file', () => {
  async function twoGenerations(): Promise<Buffer> {
    await open().save({ number: 1 })
    await open().save({ number: 2 })
    return readFileSync(file)
  }

  it('each byte flipped: the generation before it counts, and the damaged one is kept aside', async () => {
    const whole = await twoGenerations()
    for (let at = 0; at < whole.length - 1; at += 1) {
      await open().save({ number: 1 })
      await open().save({ number: 2 })
      const damaged = Buffer.from(whole)
      damaged[at] = (damaged[at] ?? 0) ^ 0x20
      writeFileSync(file, damaged)
      const found = await open().load()
      // A letter of a name in another case may still mean the same.
      expect([1, 2], `byte ${at}`).toContain(found?.number)
      if (found?.number === 1) expect(existsSync(`${file}.damaged`)).toBe(true)
    }
  })

  it('each length', async () => {
    const whole = await twoGenerations()
    for (let length = 0; length < whole.length - 1; length += 1) {
      await open().save({ number: 1 })
      await open().save({ number: 2 })
      truncateSync(file, length)
      expect(await open().load(), `length ${length}`).toEqual({ number: 1 })
    }
  })

  it.each<[string, () => void]>([
    ['a folder', () => mkdirSync(file)],
    ['a pipe', () => void execFileSync('mkfifo', [file])],
    ['a link to something else', () => symlinkSync('/etc/hostname', file)],
    ['random bytes', () => writeFileSync(file, Buffer.from([0, 255, 1, 254, 10]))],
    [
      'content of another version',
      () => writeFileSync(file, JSON.stringify({ version: 9, checksum: '', content: { number: 7 } })),
    ],
  ])('%s', async (_what, damage) => {
    await twoGenerations()
    rmSync(file)
    damage()
    expect(await open().load()).toEqual({ number: 1 })
    expect(lstatSync(`${file}.damaged`)).toBeDefined()
    expect(log.join()).toContain('set aside')
    await open().save({ number: 5 })
    expect(await open().load()).toEqual({ number: 5 })
  })

  it('both generations: it begins anew', async () => {
    await twoGenerations()
    for (const name of readdirSync(dir)) writeFileSync(join(dir, name), 'junk')
    expect(await open().load()).toBeUndefined()
    await open().save({ number: 5 })
    expect(await open().load()).toEqual({ number: 5 })
  })

  it('of a later version is not read by this one', async () => {
    await open(2).save({ number: 1 })
    expect(await open(1).load()).toBeUndefined()
  })
})
