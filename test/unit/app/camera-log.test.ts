import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { CameraLog, type LogPort } from '../../../src/app/camera-log.js'
import { createSwitchableLogger, type LogLevel, type LogOutput } from '../../../src/base/logger.js'
import { ConfigRejected, type ServerSettings } from '../../../src/camera-config/index.js'
import { DEFAULTS, removeFolders, started } from '../camera-config/support.js'

let folder: string
let console_: string[]
let override: LogLevel | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'camera-log-'))
  console_ = []
  override = undefined
})
afterEach(() => {
  removeFolders()
  rmSync(folder, { recursive: true, force: true })
})

const text = (name: string): string => readFileSync(join(folder, name), 'utf8')

/** A store with a log that follows it, as the service has them. */
async function logging(server: Partial<ServerSettings> = {}) {
  const toConsole: LogOutput = { level: 'info', format: 'text', write: (line) => console_.push(line) }
  const { logger, setOutputs } = createSwitchableLogger([toConsole])
  const port: LogPort = {
    overrideLevel: (level) => {
      override = level
    },
    setExtra: (extra) => setOutputs(extra === undefined ? [toConsole] : [toConsole, extra]),
    reopen: async () => undefined,
  }
  const { store } = await started('{}', { defaults: { ...DEFAULTS, server: { ...DEFAULTS.server, ...server } } })
  const log = new CameraLog({ log: port, logger, stateDir: folder, defaultLevel: 'info' })
  await log.start(store.current.server)
  store.onApply(log)
  return { store, log, logger: logger.child({ component: 'cameras' }) }
}

it('writes the lines of the contract below the state directory, beside the console', async () => {
  const { log, logger } = await logging()
  logger.info({ device: 'camera2' }, 'hello')
  logger.debug({}, 'hidden')
  await log.close()
  expect(text('camera_stream.log')).toMatch(
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - main\.CameraManager\.camera2 - INFO - hello\n$/,
  )
  expect(console_).toHaveLength(1)
})

it('follows a change of level, form and file at once; the level counts for the console while it is not the default', async () => {
  const { store, log, logger } = await logging()
  await store.put({ server: { log_level: 'DEBUG' } })
  expect(override).toBe('debug')
  logger.debug({}, 'first')
  await store.put({ server: { log_file: 'other.log', log_format: 'json' } })
  logger.warn({}, 'second')
  await store.put({ server: { log_level: 'info' } })
  expect(override).toBeUndefined()
  logger.debug({}, 'hidden')
  await log.close()
  expect(text('camera_stream.log')).toMatch(/ - DEBUG - first\n$/)
  expect(
    text('other.log')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).msg),
  ).toEqual(['second'])
})

it.each([null, ''])('%j: the console alone', async (file) => {
  const { store, log, logger } = await logging()
  logger.info({}, 'one')
  await store.put({ server: { log_file: file } })
  logger.info({}, 'two')
  await log.close()
  expect(text('camera_stream.log')).not.toContain('two')
  expect(console_.join('')).toContain('two')
})

it('a file that cannot be opened is one warning at the start, and 400 in a change', async () => {
  mkdirSync(join(folder, 'camera_stream.log'))
  const { store, log, logger } = await logging()
  expect(console_).toHaveLength(1)
  expect(console_[0]).toContain('WARN')
  logger.info({}, 'still there')
  expect(console_).toHaveLength(2)
  writeFileSync(join(folder, 'secret'), 'h8Jk2LmN5pQr7StV0wXy3ZaB6cDe9FgH')
  for (const file of ['secret', 'none/x.log', '/proc/x.log']) {
    await expect(store.put({ server: { log_file: file } })).rejects.toThrow(ConfigRejected)
    await expect(store.put({ server: { log_file: file } })).rejects.toThrow(/^Invalid configuration: server\.log_file: must be /)
  }
  expect(store.current.server.log_file).toBe('camera_stream.log')
  expect(text('secret')).toBe('h8Jk2LmN5pQr7StV0wXy3ZaB6cDe9FgH')
  await log.close()
})

it('begins anew at the configured size and keeps the configured number', async () => {
  const { log, logger } = await logging({ log_max_bytes: 4096, log_backups: 2 })
  for (let count = 0; count < 300; count++) logger.info({ count }, 'a line of some length that fills the file')
  await log.close()
  expect(text('camera_stream.log').length).toBeLessThanOrEqual(4096)
  expect(text('camera_stream.log.2').length).toBeGreaterThan(3000)
  expect(() => text('camera_stream.log.3')).toThrow('ENOENT')
  expect(text('camera_stream.log')).toContain('count=299')
})
