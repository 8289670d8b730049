/** The keys of the contract (§18) and the table of this service are one list, and files of the older editions load as they are. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { parseConfig } from '../../src/camera-config/read.js'
import { ConfigError, type LoadedConfig, loadConfig } from '../../src/config/index.js'
import { presentPath } from '../../src/config/known.js'
import { KEYS_BY_PATH } from '../../src/config/schema.js'
import { KNOWN_WITHOUT_MEANING } from '../../src/config/without-meaning.js'

interface Line {
  readonly path: string
  /** Undefined where the contract names none. */
  readonly builtIn: unknown
  readonly edge: unknown
}

const CONTRACT: readonly Line[] = readFileSync(join(import.meta.dirname, 'config-contract.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [path = '', builtIn, edge] = line.split(' | ').map((cell) => cell.trim())
    const value = (cell: string | undefined): unknown => (cell === undefined || cell === '-' ? undefined : parse(cell))
    return { path, builtIn: value(builtIn), edge: value(edge) }
  })
const CONTRACT_PATHS = new Set(CONTRACT.map(({ path }) => path))

/** Other spellings of the same four. */
const SPELLINGS = ['snapshot', 'start', 'stop', 'listing'].map((name) => `performance.response_time_targets.${name}`)

/** Defaults that are decided otherwise than the reference's (design §7, 8 and §21 of the contract), and why. */
const DECIDED: Readonly<Record<string, string>> = {
  'server.max_connections': 'C-34',
  'server.shutdown_timeout': 'design §8',
  'server.client_cleanup_timeout': 'reliability-security §2.6: reset after 2 s',
  'mediamtx.recordings_path': 'below state_dir',
  'mediamtx.snapshots_path': 'below state_dir',
  'mediamtx.codec.video_profile': 'C-39',
  'mediamtx.codec.pixel_format': 'C-39',
  'mediamtx.codec.preset': 'design §1',
  'mediamtx.run_on_demand_start_timeout': 'blank is the default of MediaMTX',
  'mediamtx.run_on_demand_close_after': 'blank is the default of MediaMTX',
  'camera.device_range': 'design §8',
  'camera.capability_timeout': '§13.3: the native core probes, with the deadline of v4l2-native §4.6',
  'camera.fallback_poll_interval': 'design §8',
  'logging.level': 'design §7: people look at the console',
  'logging.format': 'design §7: people look at the console',
  'logging.file_enabled': 'design §7',
  'logging.console_enabled': 'design §7',
  'security.rate_limit_requests': 'C-33',
  'storage.fallback_path': 'R-35: a folder that cannot be written is told to the caller, unless another one is wanted',
  'api_key_management.storage_path': 'our own file is in state_dir; that of the older editions is imported',
}

const folder = mkdtempSync(join(tmpdir(), 'config-keys-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function loaded(yaml: string, env: Readonly<Record<string, string>> = {}): Promise<LoadedConfig> {
  const file = join(folder, 'config.yaml')
  writeFileSync(file, yaml, { mode: 0o640 })
  return loadConfig({ file, env, workingDir: folder })
}

describe('the keys', () => {
  it('are those of the contract, with a meaning or without, each once', () => {
    const places = (path: string): number => Number(KEYS_BY_PATH.has(presentPath(path))) + Number(KNOWN_WITHOUT_MEANING.has(path))
    expect(CONTRACT.length).toBe(CONTRACT_PATHS.size)
    expect(CONTRACT.filter(({ path }) => places(path) !== 1)).toEqual([])
  })

  it('that are accepted for nothing are no others: a misspelt one is told', () => {
    const sections = new Set(CONTRACT.map(({ path }) => path.slice(0, path.indexOf('.'))))
    const within = [...KNOWN_WITHOUT_MEANING].filter((path) => sections.has(path.slice(0, path.indexOf('.'))))
    expect(within.filter((path) => !CONTRACT_PATHS.has(path)).sort()).toEqual([...SPELLINGS].sort())
  })

  it('have the defaults of the contract, but where it is decided otherwise', async () => {
    const { config } = await loadConfig({ env: {}, workingDir: folder, defaultFile: join(folder, 'none') })
    const other = CONTRACT.flatMap(({ path, builtIn }) => {
      const key = KEYS_BY_PATH.get(path)?.key
      if (key === undefined || builtIn === undefined) return []
      const value = path.split('.').reduce((at, name) => Reflect.get(at, name) as object, config as object)
      return JSON.stringify(value) === JSON.stringify(key.kind.parse(builtIn)) ? [] : [path]
    })
    expect(other.filter((path) => DECIDED[path] === undefined)).toEqual([])
    expect(Object.keys(DECIDED).filter((path) => KEYS_BY_PATH.has(path) && !other.includes(path))).toEqual([])
  })
})

describe('a file of an older edition', () => {
  /** Folders that are there on the machine it was made for. */
  const onThisMachine = (value: unknown): unknown =>
    typeof value === 'string' && value.startsWith('/opt/camera-service/') ? folder : value

  function edgeFile(): string {
    const document: Record<string, unknown> = {}
    for (const { path, edge } of CONTRACT) {
      if (edge === undefined) continue
      const names = path.split('.')
      const last = names.pop() ?? ''
      let section = document
      for (const name of names) {
        section[name] ??= {}
        section = section[name] as Record<string, unknown>
      }
      section[last] = onThisMachine(edge)
    }
    return stringify(document)
  }

  it('the edge file, every key of it: loads with one warning, but for its published secret', async () => {
    const fault = await loaded(edgeFile()).catch((thrown: unknown) => thrown)
    expect(fault).toBeInstanceOf(ConfigError)
    expect((fault as ConfigError).faults).toEqual([
      expect.objectContaining({ key: 'security.jwt_secret_key', value: 'not shown' }),
    ])
    const { config, warnings } = await loaded(edgeFile(), { CAMERA_SERVICE_COMPATIBILITY_WEAK_JWT_SECRET: 'true' })
    expect(warnings).toEqual([expect.stringMatching(/^accepted without effect: /)])
    const idle = [...KNOWN_WITHOUT_MEANING].filter((path) =>
      CONTRACT.some((line) => line.path === path && line.edge !== undefined),
    )
    for (const path of idle) expect(warnings[0]).toContain(path)
    expect(config.server).toMatchObject({ max_connections: 10, pong_wait: 120_000, shutdown_timeout: 30_000 })
    expect(config.retention_policy).toMatchObject({ max_age_days: 30, max_size_gb: 0.5 })
    expect(config.recording).toMatchObject({
      segment_duration: 600_000,
      default_max_duration: 43_200_000,
      use_device_subdirs: true,
    })
    expect(config.storage).toMatchObject({ warn_percent: 70, block_percent: 85 })
    expect(config.mediamtx).toMatchObject({ recordings_path: folder, codec: { video_profile: 'high422' } })
  })

  it('sections that no code ever read are told with the nearest that is known', async () => {
    const { warnings } = await loaded(
      'validation: {check_interval: 30, create_missing: true, min_free_space: 1}\nserver: {prot: 1}\n',
    )
    expect(warnings.map((line) => line.replaceAll(`${folder}/`, ''))).toEqual([
      'config.yaml:1: validation: unknown key',
      'config.yaml:2: server.prot: unknown key, did you mean server.port?',
    ])
  })

  it('discovery below mediamtx counts as at the top, where it may be said again', async () => {
    const nested = 'mediamtx: {external_discovery: {scan_interval: 60, skydio: {eo_port: 7}}}\n'
    expect((await loaded(nested)).config.external_discovery).toMatchObject({ scan_interval: 60_000, skydio: { eo_port: 7 } })
    const both = `external_discovery: {scan_interval: 5s}\n${nested}`
    expect((await loaded(both)).config.external_discovery).toMatchObject({ scan_interval: 5_000, skydio: { eo_port: 7 } })
  })

  it('the older place of the stop time counts where the present one is not given', async () => {
    expect((await loaded('server_defaults: {shutdown_timeout: 20}')).config.server.shutdown_timeout).toBe(20_000)
    const both = 'server: {shutdown_timeout: 25s}\nserver_defaults: {shutdown_timeout: 20}'
    expect((await loaded(both)).config.server.shutdown_timeout).toBe(25_000)
  })

  it('the config.json of the camera server, without a word of complaint', () => {
    const camera = {
      device_index: 0,
      device_path: '/dev/video0',
      width: 640,
      height: 480,
      fps: 30,
      buffer_size: 2,
      jpeg_quality: 80,
    }
    const text = JSON.stringify(
      {
        camera: { ...camera, auto_reconnect: true, reconnect_interval: 5, max_reconnect_attempts: 10 },
        server: {
          ...{ host: '0.0.0.0', port: 8000, log_level: 'info', log_file: 'camera_stream.log' },
          ...{ cors_origins: ['*'], trusted_hosts: ['*'], max_frame_age: 5 },
        },
      },
      null,
      2,
    )
    expect(parseConfig(text, 'config.json')).toMatchObject({ is: 'good', said: JSON.parse(text), warnings: [] })
  })

  it("the monitor's file: its level counts, the rest is accepted with one warning", async () => {
    const { config, warnings } = await loaded(`
api_base_url: http://localhost:9997
node: {id: local}
redis: {host: localhost, port: 6379, namespace: "mediamtx-monitor:", key: "streams:latest"}
collector:
  interval_seconds: 1
  version_refresh_seconds: 60
  forward_refresh_seconds: 5
  output_refresh_seconds: 5
  output_json_path: /tmp/streams.json
  ignore_path_prefixes: [__preview__/]
bitrate: {min_dt: 0.5, smooth_alpha: null, smooth_reference_seconds: 5, ttl: 300, ignore_loopback: true}
system_monitor: {redis_key: "system:latest", output_json_path: /tmp/system.json, interval_seconds: 10}
api_server: {listen_host: 127.0.0.1, listen_port: 8080, static_dir: /srv/static, index_file: index.html}
logging: {level: INFO}
frontend: {snapshot_refresh_ms: 1000, streamlist_refresh_ms: 1000}
`)
    expect(config.logging.level).toBe('info')
    expect(warnings).toEqual([expect.stringMatching(/^accepted without effect: api_base_url, node\.id, redis\.host, /)])
  })
})

describe('the variables of the older editions', () => {
  it('mean what they meant', async () => {
    const { config, warnings } = await loadConfig({
      env: {
        CAMERA_SERVICE_RATE_RPM: '120',
        CAMERA_SERVICE_RECORDING_ROTATION_MINUTES: '45',
        CAMERA_SERVICE_RECORDING_STORAGE_WARN_PERCENT: '60',
        CAMERA_SERVICE_RECORDING_STORAGE_BLOCK_PERCENT: '70',
        CAMERA_SERVICE_API_KEYS_PATH: '/srv/keys.json',
        CAMERA_SERVICE_ENV: 'production',
        CAMERA_SERVICE_ENABLE_HOT_RELOAD: 'true',
      },
      workingDir: folder,
      defaultFile: join(folder, 'none'),
    })
    expect(warnings).toEqual([])
    expect(config.security.rate_limit_requests).toBe(120)
    expect(config.recording.segment_duration).toBe(45 * 60_000)
    expect(config.storage).toMatchObject({ warn_percent: 60, block_percent: 70 })
    expect(config.api_key_management.storage_path).toBe('/srv/keys.json')
    expect(config.logging.format).toBe('json')
  })

  it('a wrong one is told by its name', async () => {
    const env = { CAMERA_SERVICE_RECORDING_ROTATION_MINUTES: 'often', LOG_FORMAT: 'console', CAMERA_SERVICE_ENV: 'production' }
    const load = (variables: Readonly<Record<string, string>>) =>
      loadConfig({ env: variables, workingDir: folder, defaultFile: join(folder, 'none') })
    await expect(load(env)).rejects.toThrow('CAMERA_SERVICE_RECORDING_ROTATION_MINUTES: recording.segment_duration: "oftenm"')
    const { CAMERA_SERVICE_RECORDING_ROTATION_MINUTES: _, ...right } = env
    expect((await load(right)).config.logging.format).toBe('text')
  })
})
