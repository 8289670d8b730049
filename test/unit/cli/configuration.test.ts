import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createLogger } from '../../../src/base/logger.js'
import { Configuration } from '../../../src/cli/configuration.js'
import { openLog } from '../../../src/cli/open-log.js'
import { LiveConfig, loadConfig } from '../../../src/config/index.js'
import { FakeClock } from '../../support/fake-clock.js'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

async function setUp(text?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'configuration-'))
  const file = join(folder, 'config.yaml')
  const write = (next: string): void => writeFileSync(file, next)
  if (text !== undefined) write(text)
  const load = () => loadConfig({ env: {}, workingDir: folder, defaultFile: file })
  const first = await load()
  const live = new LiveConfig(first.config)
  const log: Record<string, unknown>[] = []
  const logger = createLogger({ level: 'info', format: 'json', write: (line) => log.push(JSON.parse(line)) })
  const configuration = new Configuration({ live, first, load, logger })
  const told: string[][] = []
  configuration.onChange((keys) => told.push([...keys]))
  const refused: (readonly string[])[] = []
  configuration.onRefused((faults) => refused.push(faults))
  ends.push(() => {
    configuration.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  return { configuration, config: live.config, file, write, log, told, refused }
}

describe('a reload', () => {
  it('puts live keys in force, tells of the others, and of nothing when nothing is different', async () => {
    const { configuration, config, write, log, told } = await setUp('snapshots: {quality: 50}\n')
    write('snapshots: {quality: 60}\nserver: {port: 9}\nserver_defaults: {health_port: 1}\n')
    await configuration.reload()
    expect([config.snapshots.quality, config.server.port]).toEqual([60, 8002])
    expect(told).toEqual([['snapshots.quality']])
    expect(log).toMatchObject([
      { level: 'warn', component: 'config', msg: 'accepted without effect: server_defaults.health_port' },
      { level: 'warn', keys: ['server.port'] },
      { level: 'info', msg: 'the configuration was reloaded', changed: ['snapshots.quality'] },
    ])
    await configuration.reload()
    expect(told).toHaveLength(1)
  })

  it.each([
    ['wrong', 'snapshots: {quality: 60}\nlogging: {level: loud}\n', 'config.yaml:2: logging.level: "loud": one of debug'],
    ['empty', '# nothing\n', 'config.yaml:1: the file is empty'],
    ['no YAML', 'snapshots: {quality: 60', 'config.yaml:1: not valid YAML'],
    ['gone', undefined, 'config.yaml: the file is gone'],
  ])('of a file that is %s changes nothing and says why', async (_, text, fault) => {
    const { configuration, config, file, write, log, told, refused } = await setUp('snapshots: {quality: 50}\n')
    if (text === undefined) unlinkSync(file)
    else write(text)
    await configuration.reload()
    expect(config.snapshots.quality).toBe(50)
    expect(told).toEqual([])
    expect(refused).toEqual([[expect.stringContaining(fault)]])
    expect(log).toMatchObject([
      { level: 'error', msg: expect.stringContaining('not reloaded'), faults: [expect.stringContaining(fault)] },
    ])
    write('snapshots: {quality: 70}\n')
    await configuration.reload()
    expect(config.snapshots.quality).toBe(70)
    expect(refused).toHaveLength(1)
  })

  it('is whole though a listener fails, and not the last one', async () => {
    const { configuration, config, write, log, told } = await setUp('snapshots: {quality: 50}\n')
    configuration.onChange(() => {
      throw new Error('planted')
    })
    const heard: string[][] = []
    configuration.onChange((keys) => heard.push([...keys]))
    for (const quality of [60, 70]) {
      write(`snapshots: {quality: ${quality}}\n`)
      await configuration.reload()
    }
    expect(config.snapshots.quality).toBe(70)
    expect([told.length, heard.length]).toEqual([2, 2])
    expect(log).toContainEqual(expect.objectContaining({ level: 'error', error: 'planted' }))
  })

  it('changes the level of every logger of the service', async () => {
    const { configuration, config, write } = await setUp('logging: {level: error}\n')
    const lines: string[] = []
    const serviceLog = await openLog(config, (line) => lines.push(line))
    configuration.onChange((keys) => keys.has('logging.level') && serviceLog.refresh())
    const child = serviceLog.logger.child({ component: 'old' })
    child.info({}, 'first')
    write('logging: {level: info}\n')
    await configuration.reload()
    child.info({}, 'second')
    expect(lines).toEqual([expect.stringContaining('second')])
  })
})

describe('the watch', () => {
  it('reloads 100 ms after the file was written, and ends when it is removed', async () => {
    const clock = new FakeClock()
    const { configuration, config, file, write, log } = await setUp('snapshots: {quality: 50}\n')
    await configuration.watch(clock)
    write('snapshots: {quality: 60}\n')
    await vi.waitFor(() => expect(clock.pending).toBe(1))
    clock.advance(99)
    expect(clock.pending).toBe(1)
    clock.advance(1)
    await vi.waitFor(() => expect(config.snapshots.quality).toBe(60))
    unlinkSync(file)
    await vi.waitFor(
      () => {
        clock.advance(100)
        expect(log.at(-1)).toMatchObject({ level: 'warn', reason: 'the file is gone' })
      },
      { timeout: 10_000 },
    )
    write('snapshots: {quality: 70}\n')
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(1_000)
    expect(clock.pending).toBe(0)
    expect(config.snapshots.quality).toBe(60)
  })

  it('does not begin without a file', async () => {
    const { configuration, log } = await setUp()
    await configuration.watch(new FakeClock())
    expect(log).toEqual([])
  })
})
