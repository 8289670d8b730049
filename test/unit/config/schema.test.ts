import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { configManual, sampleFile } from '../../../src/config/describe.js'
import { nameOfVariable } from '../../../src/config/keys.js'
import { KEYS } from '../../../src/config/schema.js'
import { KNOWN_WITHOUT_MEANING } from '../../../src/config/without-meaning.js'
import { faultsOf, load } from './sources.js'

/** Another value than the default, as a person would write it into a variable. */
const OTHER: Readonly<Record<string, string>> = {
  state_dir: 'elsewhere',
  'server.host': '127.0.0.1',
  'server.websocket_path': '/other',
  'server.pong_wait': '70s',
  'http_health.host': '127.0.0.1',
  'http_health.basic_endpoint': '/state',
  'http_health.detailed_endpoint': '/state/all',
  'http_health.ready_endpoint': '/ready',
  'http_health.live_endpoint': '/live',
  'http_health.response_format': 'text',
  'http_health.max_response_time': '1s',
  'http_health.allowed_ips': '10.0.0.0/8,2001:db8::1',
  'security.jwt_secret_key': 'h8Jk2LmN5pQr7StV0wXy3ZaB6cDe9FgH',
  'security.jwt_issuer': 'https://login.example',
  'security.jwt_audience': 'cameras',
  'security.jwt_type': 'JWT',
  'security.cors_origins': 'https://a.example, https://b.example',
  'downloads.ticket_lifetime': '30s',
  'faces.public_host': 'cam.example',
  'faces.loopback_role': 'viewer',
  'compatibility.server_info_role': 'admin',
  'faces.camera.auth': 'none',
  'faces.camera.ticket_lifetime': '30s',
  'camera.device_range': '3,5',
  'camera.poll_interval': '1s',
  'camera.discovery_mode': 'poll-only',
  'camera.modes': 'camera0=MJPG 640x480@30,camera1=@5',
  'camera_server.config_file': 'camera.json',
  'camera_server.camera.device_path': '/dev/video7',
  'camera_server.server.host': '127.0.0.1',
  'camera_server.server.log_level': 'error',
  'camera_server.server.log_file': 'other.log',
  'camera_server.server.cors_origins': 'https://a.example,http://[::1]:8000',
  'camera_server.server.trusted_hosts': '*.cam.example,[::1]',
  'camera_server.server.log_format': 'json',
  'identity.pins': 'camera3=usb-1,camera4=usb-2',
  'mediamtx.mode': 'off',
  'mediamtx.host': 'media.example',
  'mediamtx.api_username': 'ann',
  'mediamtx.api_password': 'secret',
  'mediamtx.binary': '/bin/sh',
  'mediamtx.publish': 'always',
  'mediamtx.recordings_path': 'r',
  'mediamtx.snapshots_path': 's',
  'mediamtx.codec.video_profile': 'high',
  'mediamtx.codec.video_level': '4.1',
  'mediamtx.codec.pixel_format': 'yuv444p',
  'mediamtx.codec.bitrate': '600k',
  'mediamtx.codec.encoder': 'software',
  'mediamtx.codec.preset': 'fast',
  'mediamtx.links.rtsp': 'rtsp://{host}/{path}',
  'mediamtx.links.hls': 'http://{host}/hls/{path}.m3u8',
  'mediamtx.links.webrtc': 'https://{host}/{path}',
  'performance.load_shedding.loop_delay_severe': '1s',
  'performance.load_shedding.memory_cap': '67108864',
  'storage.fallback_path': '/srv/fallback',
  'ffmpeg.binary': '/usr/bin/ffmpeg',
  'recording.file_name_pattern': '%device-%Y',
  'retention_policy.type': 'size',
  'snapshots.format': 'png',
  'snapshots.file_name_pattern': '%device-%Y',
  'external_discovery.skydio.network_ranges': '10.0.0.0/24,10.0.1.0/28',
  'external_discovery.skydio.known_ips': '10.0.0.1',
  'external_discovery.skydio.eo_stream_path': '/eo',
  'external_discovery.skydio.ir_stream_path': '/ir',
  'external_discovery.generic_uav.network_ranges': '10.0.2.0/24',
  'external_discovery.generic_uav.known_ips': '10.0.2.7,10.0.2.8',
  'external_discovery.generic_uav.common_ports': '554,10554',
  'external_discovery.generic_uav.stream_paths': '/a,/b',
  'external_discovery.allowed_networks': '10.0.0.0/8,fd00::/8',
  'external_discovery.transport': 'udp',
  'security.auth_exempt': '10.0.0.0/8,::1',
  'api_key_management.storage_path': '/etc/older/keys.json',
  'api_key_management.key_format': 'hex',
  'logging.level': 'debug',
  'logging.format': 'json',
  'logging.file_path': '/var/log/other.log',
  'audit.file_path': '/var/log/other-audit.log',
}
/** Keys that are only right together with another. */
const TOGETHER: Readonly<Record<string, Record<string, string>>> = {
  'mediamtx.codec.pixel_format': { CAMERA_SERVICE_MEDIAMTX_CODEC_VIDEO_PROFILE: 'high444' },
}

describe('the table', () => {
  it.each(KEYS.map(({ path, env, key }) => [path, env, key] as const))('%s can be set by %s', async (path, env, key) => {
    const written = OTHER[path] ?? simpleOther(key.default)
    const [before, after] = [await load(), await load({ env: { [env]: written, ...TOGETHER[path] } })]
    expect(at(after.config, path)).not.toEqual(at(before.config, path))
    expect(after.warnings).toEqual([])
  })

  it('gives every variable to one key', () => {
    const names = KEYS.flatMap(({ env, key }) => [env, ...(key.alsoEnv ?? []).map(nameOfVariable)])
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  it('accepts its own defaults', () => {
    const wrong = KEYS.filter(({ key }) => key.default !== null && key.place === undefined).filter(
      ({ key }) => JSON.stringify(key.kind.parse(reread(key.kind.show(key.default)))) !== JSON.stringify(key.default),
    )
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  it('does not list a key with a meaning among those without', () => {
    expect(KEYS.filter(({ path }) => KNOWN_WITHOUT_MEANING.has(path))).toEqual([])
  })
})

describe('what is made from the table', () => {
  it('the manual tells every key and variable', () => {
    const manual = configManual()
    expect(KEYS.filter(({ path, env }) => !manual.includes(`| \`${path}\` |`) || !manual.includes(`\`${env}\``))).toEqual([])
  })

  it('the sample holds every key and means the defaults', async () => {
    const sample = sampleFile()
    const [fromSample, defaults] = [await load({ yaml: sample }), await load()]
    expect(fromSample.config).toEqual(defaults.config)
    expect(fromSample.warnings).toEqual([])
    const lines = sample.split('\n').map((line) => line.trim())
    const missing = KEYS.filter(({ path }) => {
      const name = path.slice(path.lastIndexOf('.') + 1)
      return !lines.some((line) => line.startsWith(`${name}:`) || line.startsWith(`# ${name}:`))
    })
    expect(missing).toEqual([])
  })
})

it('200 wrong configurations are refused as a whole, naming the wrong key', async () => {
  const wrongValue = fc.oneof(
    fc.constantFrom(
      -1,
      1e12,
      0.123456,
      '',
      ' ',
      'no such word',
      '5 parsecs',
      [],
      ['a', 'b', 'c'],
      { a: 1 },
      { camera0: 7 },
      true,
    ),
    fc.integer({ min: -1e9, max: -1 }),
    fc.string({ minLength: 200, maxLength: 300 }).map((text) => `?/#${text}`),
  )
  const before = JSON.stringify((await load()).config)
  let refused = 0
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...KEYS), wrongValue, async ({ path, key }, value) => {
      fc.pre(String(key.kind.parse(asYaml(value))) === 'Symbol(refused)')
      // Blank is right where it means the default: the test below.
      fc.pre(!(value === '' && key.blankIsDefault))
      // A right value stands beside the wrong one: it must not be applied either.
      const document = merge({ logging: { backup_count: 77 } }, path, value)
      const faults = await faultsOf({ yaml: JSON.stringify(document) })
      expect(faults).toHaveLength(1)
      expect(faults[0]).toContain(`config.yaml:1: ${path}: `)
      expect(faults[0]?.split('\n')).toHaveLength(1)
      refused += 1
    }),
    { numRuns: 200 },
  )
  expect(refused).toBe(200)
  expect(JSON.stringify((await load()).config)).toBe(before)
})

it.each(KEYS.filter(({ key }) => key.blankIsDefault).map(({ path }) => path))('%s: blank means the default', async (path) => {
  const blank = await load({ yaml: JSON.stringify(merge({}, path, '')) })
  expect(at(blank.config, path)).toEqual(at((await load()).config, path))
})

function simpleOther(value: unknown): string {
  if (typeof value === 'boolean') return String(!value)
  // Seconds for durations, and for plain integers one more.
  return typeof value === 'number' && value >= 1000 && value % 1000 === 0 && value !== 1000
    ? String(value / 1000 + 1)
    : String(Number(value) + 1)
}

function at(config: unknown, path: string): unknown {
  return path.split('.').reduce((value, name) => (value as Record<string, unknown>)[name], config)
}

/** What YAML gives for a value. */
function asYaml(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? new Map(Object.entries(value)) : value
}

function reread(value: unknown): unknown {
  return asYaml(JSON.parse(JSON.stringify(value)))
}

function merge(document: Record<string, unknown>, path: string, value: unknown): Record<string, unknown> {
  const names = path.split('.')
  const last = names.pop() ?? ''
  let place = document
  for (const name of names) {
    place[name] ??= {}
    place = place[name] as Record<string, unknown>
  }
  place[last] = value
  return document
}
