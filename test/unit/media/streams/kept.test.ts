import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLogger } from '../../../../src/base/logger.js'
import { KeptStreams } from '../../../../src/media/streams/kept.js'
import { FakeClock } from '../../../support/fake-clock.js'

const logger = createLogger({ level: 'silent', format: 'json' })

let dir: string
let file: string
let clock: FakeClock

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kept-'))
  file = join(dir, 'streams.json')
  clock = new FakeClock()
})

afterEach(() => rmSync(dir, { recursive: true }))

test('a started stream is owed for the rest of its time, a stopped one and an old one are not', async () => {
  const before = kept()
  await before.load()
  await before.keep('camera0')
  clock.advance(200_000)
  await before.keep('camera1')
  await before.keep('camera2')
  await before.drop('camera2')
  clock.advance(50_000)
  expect(await kept().load()).toEqual(
    new Map([
      ['camera0', 50_000],
      ['camera1', 250_000],
    ]),
  )
  clock.advance(50_000)
  expect([...(await kept().load()).keys()]).toEqual(['camera1'])
})

test('what is over is not written again', async () => {
  const streams = kept()
  await streams.keep('camera0')
  clock.advance(300_000)
  await streams.keep('camera1')
  expect(readFileSync(file, 'utf8')).not.toContain('camera0')
})

test('a clock that was set back prolongs nothing', async () => {
  await kept().keep('camera0')
  clock.stepWall(-86_400_000)
  expect((await kept().load()).get('camera0')).toBe(300_000)
})

test.each(['', 'x', '[]', '{"version":2,"streams":{}}', '{"version":1}', '{"version":1,"streams":{"camera0":"soon"}}'])(
  'a file of %j starts nothing and stops nothing',
  async (content) => {
    writeFileSync(file, content)
    const streams = kept()
    expect([...(await streams.load())]).toEqual([])
    await streams.keep('camera0')
    expect((await kept().load()).has('camera0')).toBe(true)
  },
)

function kept(): KeptStreams {
  return new KeptStreams({ file, closeAfterMs: 300_000, clock, logger })
}
