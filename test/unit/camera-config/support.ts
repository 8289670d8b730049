/** A store on a file of its own, with everything it said. */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '../../../src/base/logger.js'
import { type CameraConfigOptions, type CameraConfigStore, createCameraConfigStore } from '../../../src/camera-config/index.js'
import { CAMERA_KEYS, SERVER_KEYS } from '../../../src/config/index.js'
import { FakeClock } from '../../support/fake-clock.js'

/** Contract §2.2, written out by hand: exactly what a fresh file holds. */
export const CONTRACT_DEFAULTS = {
  camera: {
    device_index: 0,
    device_path: '/dev/video0',
    width: 640,
    height: 480,
    fps: 30,
    buffer_size: 2,
    jpeg_quality: 80,
    auto_reconnect: true,
    reconnect_interval: 5,
    max_reconnect_attempts: 10,
  },
  server: {
    host: '0.0.0.0',
    port: 8000,
    log_level: 'info',
    log_file: 'camera_stream.log',
    cors_origins: ['*'],
    trusted_hosts: ['*'],
    max_frame_age: 5,
  },
}

type TableDefaults = CameraConfigOptions['defaults']

export const DEFAULTS: TableDefaults = {
  camera: defaultsOf(CAMERA_KEYS) as unknown as TableDefaults['camera'],
  server: defaultsOf(SERVER_KEYS) as unknown as TableDefaults['server'],
}

export interface LogRecord {
  readonly level: string
  readonly msg: string
  readonly [key: string]: unknown
}

export interface TestStore {
  readonly store: CameraConfigStore
  readonly file: string
  readonly clock: FakeClock
  readonly log: LogRecord[]
  text(): string
  document(): unknown
  write(text: string): void
  isThere(): boolean
}

const folders: string[] = []

export function testStore(options: Partial<CameraConfigOptions> = {}): TestStore {
  const folder = mkdtempSync(join(tmpdir(), 'camera-config-'))
  folders.push(folder)
  const file = options.file ?? join(folder, 'config.json')
  const clock = new FakeClock()
  const log: LogRecord[] = []
  const logger = createLogger({ level: 'debug', format: 'json', write: (line) => log.push(JSON.parse(line) as LogRecord) })
  const store = createCameraConfigStore({ file, defaults: DEFAULTS, clock, logger, ...options })
  return {
    store,
    file,
    clock,
    log,
    text: () => readFileSync(file, 'utf8'),
    document: () => JSON.parse(readFileSync(file, 'utf8')) as unknown,
    write: (text) => writeFileSync(file, text),
    isThere: () => existsSync(file),
  }
}

/** A store that has started on a file with this text, or on none. */
export async function started(text?: string, options: Partial<CameraConfigOptions> = {}): Promise<TestStore> {
  const made = testStore(options)
  if (text !== undefined) made.write(text)
  await made.store.start(new AbortController().signal)
  await made.store.settled
  return made
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}

function defaultsOf(table: Readonly<Record<string, { readonly default: unknown }>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(table).map(([name, key]) => [name, key.default]))
}
