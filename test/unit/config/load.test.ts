import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/index.js'
import { FOLDER, faultsOf, load } from './sources.js'

const SECRET = 'h8Jk2LmN5pQr7StV0wXy3ZaB6cDe9FgH'

describe('where values come from', () => {
  it('needs nothing: the defaults of the design hold', async () => {
    const { config, file, warnings } = await load()
    expect(file).toBeUndefined()
    expect(warnings).toEqual([])
    expect(config.server).toMatchObject({
      port: 8002,
      max_connections: 1000,
      max_message_size: 1_048_576,
      shutdown_timeout: 15_000,
    })
    expect(config.security).toMatchObject({
      jwt_secret_key: null,
      jwt_expiry_hours: 24,
      rate_limit_requests: 300,
      rate_limit_window: 60_000,
    })
    expect(config.mediamtx.codec).toMatchObject({
      video_profile: 'main',
      pixel_format: 'yuv420p',
      preset: 'superfast',
      bitrate: '2M',
    })
    expect(config.camera).toMatchObject({ device_range: [0, 255], fallback_poll_interval: 10_000 })
    expect(config.storage).toEqual({ warn_percent: 80, block_percent: 90, fallback_path: null })
    expect(config.state_dir).toBe(join(FOLDER, 'data'))
    expect(config.mediamtx.snapshots_path).toBe(join(FOLDER, 'data/snapshots'))
  })

  it('prefers options to environment to file to defaults', async () => {
    const yaml = 'server:\n  port: 9001\n  host: "::1"\ncamera:\n  virtual_cameras: {count: 1, fps: 15}'
    const env = { CAMERA_SERVICE_SERVER_PORT: '9002', CAMERA_SERVICE_CAMERA_VIRTUAL_CAMERAS_COUNT: '2' }
    const option = { path: 'camera.virtual_cameras.count', value: 3, where: '--virtual-cameras', from: 'option' } as const
    const { config } = await load({ yaml, env, options: [option] })
    expect(config.server).toMatchObject({ host: '::1', port: 9002 })
    expect(config.camera.virtual_cameras).toMatchObject({ count: 3, fps: 15 })
  })

  it('looks at --config, then the variable, then the usual place', async () => {
    const files = ['a', 'b', 'c'].map((name, index) => {
      const file = join(FOLDER, `${name}.yaml`)
      writeFileSync(file, `server: {port: ${9001 + index}}`)
      return file
    })
    const [named = '', byVariable = '', usual = ''] = files
    const options = { workingDir: FOLDER, defaultFile: usual }
    const env = { CAMERA_SERVICE_CONFIG: byVariable }
    expect((await loadConfig({ ...options, env, file: named })).config.server.port).toBe(9001)
    expect((await loadConfig({ ...options, env })).config.server.port).toBe(9002)
    expect((await loadConfig({ ...options, env: {} })).config.server.port).toBe(9003)
    expect((await loadConfig({ ...options, env: { CAMERA_SERVICE_CONFIG: 'b.yaml' } })).file).toBe(byVariable)
  })

  it('takes the state directory from the key, then from systemd', async () => {
    expect((await load({ env: { STATE_DIRECTORY: '/var/lib/a:/var/lib/b' } })).config.state_dir).toBe('/var/lib/a')
    const both = { STATE_DIRECTORY: '/var/lib/a', CAMERA_SERVICE_STATE_DIR: join(FOLDER, 'mine') }
    expect((await load({ env: both })).config.mediamtx.recordings_path).toBe(join(FOLDER, 'mine/recordings'))
    expect((await load({ env: { CAMERA_SERVICE_STATE_DIR: 'below' } })).config.state_dir).toBe(join(FOLDER, 'below'))
  })

  it('reads durations, lists, ranges, maps and modes', async () => {
    const yaml = `
server: {ping_interval: 1m30s, pong_wait: 120}
security: {cors_origins: ["https://a.example"]}
camera:
  device_range: [2, 4]
  modes: {camera0: "MJPG 1280x720@30", camera1: "@7.5", camera2: 640x480}
identity: {pins: {camera7: usb-1}}
logging: {level: warning}
mediamtx: {codec: {video_level: 4.0}}`
    const { config } = await load({ yaml })
    expect(config.server).toMatchObject({ ping_interval: 90_000, pong_wait: 120_000 })
    expect(config.security.cors_origins).toEqual(['https://a.example'])
    expect(config.camera.device_range).toEqual([2, 4])
    expect({ ...config.camera.modes }).toEqual({
      camera0: { fourcc: 'MJPG', width: 1280, height: 720, fps: 30 },
      camera1: { fps: 7.5 },
      camera2: { width: 640, height: 480 },
    })
    expect({ ...config.identity.pins }).toEqual({ camera7: 'usb-1' })
    expect(config.logging.level).toBe('warn')
    expect(config.mediamtx.codec.video_level).toBe('4.0')
  })

  it('loads a file of an older edition as it is, but for its published secret', async () => {
    const yaml = `
server: {host: 0.0.0.0, port: 8002, websocket_path: /ws, max_connections: 10, read_timeout: 10s, write_timeout: 5s, ping_interval: 60s,
  pong_wait: 120s, max_message_size: 524288, shutdown_timeout: 30s, client_cleanup_timeout: 10s, auto_close_after: 0s}
mediamtx:
  {host: localhost, api_port: 9997, override_mediamtx_paths: true, run_on_demand_start_timeout: "", run_on_demand_close_after: "",
  codec: {video_profile: high422, video_level: "4.0", pixel_format: yuv422p, bitrate: 2M, preset: fast}}
camera: {poll_interval: 2.0, detection_timeout: 15, device_range: [0, 9], capability_timeout: 10, discovery_mode: event-first, fallback_poll_interval: 90}
logging: {level: error, format: json, file_enabled: false, file_path: /var/log/camera-service.log}
snapshots: {enabled: true, format: jpeg, quality: 70, max_width: 1280, max_height: 720, file_name_pattern: "%device_%timestamp.jpg", use_device_subdirs: true}
security: {rate_limit_requests: 300, rate_limit_window: 1m, jwt_secret_key: edge-device-secret-key-change-in-production, jwt_expiry_hours: 48}
storage: {warn_percent: 70, block_percent: 85}`
    expect(await faultsOf({ yaml })).toEqual([expect.stringContaining('the secret is a published default')])
    const { config, warnings } = await load({ yaml, env: { CAMERA_SERVICE_COMPATIBILITY_WEAK_JWT_SECRET: 'true' } })
    expect(config.mediamtx).toMatchObject({ run_on_demand_start_timeout: 10_000, codec: { video_profile: 'high422' } })
    expect(config.camera).toMatchObject({ poll_interval: 2000, fallback_poll_interval: 90_000 })
    expect(warnings).toEqual([expect.stringMatching(/^accepted without effect: /)])
  })

  it('takes the variables of older editions, the present name first', async () => {
    expect((await load({ env: { CAMERA_SERVICE_JWT_SECRET: SECRET } })).config.security.jwt_secret_key).toBe(SECRET)
    const both = { CAMERA_SERVICE_JWT_SECRET: 'x', CAMERA_SERVICE_SECURITY_JWT_SECRET_KEY: SECRET }
    expect((await load({ env: both })).config.security.jwt_secret_key).toBe(SECRET)
  })

  it('is frozen all the way down', async () => {
    const { config } = await load({ yaml: 'camera: {modes: {camera0: 640x480}}' })
    const mutable: string[] = []
    const look = (value: unknown, path: string) => {
      if (typeof value !== 'object' || value === null) return
      if (!Object.isFrozen(value)) mutable.push(path)
      for (const [name, inner] of Object.entries(value)) look(inner, `${path}.${name}`)
    }
    look(config, 'config')
    expect(mutable).toEqual([])
  })
})

describe('what is only a warning', () => {
  it('names the nearest key and variable', async () => {
    const { warnings } = await load({
      yaml: 'server:\n  prot: 9\nsecurty: {}\n__proto__: {a: 1}\nvalidation: {check_interval: 5s}',
      env: { CAMERA_SERVICE_SERVER_PROT: '9' },
    })
    expect(warnings.map((line) => line.replaceAll(`${FOLDER}/`, ''))).toEqual([
      'config.yaml:2: server.prot: unknown key, did you mean server.port?',
      'config.yaml:3: securty: unknown key, did you mean security?',
      'config.yaml:4: __proto__: unknown key',
      'config.yaml:5: validation: unknown key',
      'CAMERA_SERVICE_SERVER_PROT: unknown variable, did you mean CAMERA_SERVICE_SERVER_PORT?',
    ])
    expect(Object.hasOwn(Object.prototype, 'a')).toBe(false)
  })

  it('accepts keys of the contract that mean nothing here, with one line for all', async () => {
    const { warnings } = await load({
      yaml: 'server: {read_timeout: 5s}\nrecording: {format: mp4}',
      env: { CAMERA_SERVICE_HTTP_HEALTH_READ_TIMEOUT: '5s', CAMERA_SERVICE_ENV: 'production' },
    })
    expect(warnings).toEqual([
      'accepted without effect: server.read_timeout, recording.format',
      'accepted without effect: CAMERA_SERVICE_HTTP_HEALTH_READ_TIMEOUT',
    ])
  })

  it('takes the section of external streams where some older files hold it, but its own place wins', async () => {
    const old = 'mediamtx: {external_discovery: {enabled: true, scan_interval: 5, skydio: {eo_port: 1}}}'
    const { config, warnings } = await load({ yaml: `external_discovery: {scan_interval: 7}\n${old}` })
    expect(config.external_discovery).toMatchObject({ enabled: true, scan_interval: 7_000, skydio: { eo_port: 1 } })
    expect(warnings).toEqual([])
  })

  it('bears sections without keys', async () => {
    expect((await load({ yaml: 'server:\nmediamtx:\n  codec: ~' })).warnings).toEqual([])
  })
})

describe('what ends the start', () => {
  it.each([
    ['', 'config.yaml:1: the file is empty — write at least one key, or start without a file'],
    ['# only words\n', 'config.yaml:1: the file is empty — write at least one key, or start without a file'],
    ['---\n', 'config.yaml:1: the file is empty — write at least one key, or start without a file'],
    ['- a\n', 'config.yaml:1: the file is not a mapping of sections — begin with a section such as "server:"'],
    ['server:\n  port: 1\n  port: 2\n', 'config.yaml:3: not valid YAML (duplicate key) — correct the line'],
    ['server: {port: 1\n', /^config.yaml:\d: not valid YAML/],
    ['a: 1\n---\nb: 2\n', /^config.yaml:\d: not valid YAML \(multiple docs\)/],
    ['server: 5\n', 'config.yaml:1: server: not shown: a mapping of keys — put its keys on indented lines below it'],
    [
      'server:\n  port: 0\n',
      'config.yaml:2: server.port: 0: an integer between 1 and 65535 — correct it, or remove the line for the default 8002',
    ],
    ['server: {port: "8002"}\n', /^config.yaml:1: server.port: "8002": an integer/],
    ['server: {port: ~}\n', /^config.yaml:1: server.port: null: an integer/],
    ['server: {port: .nan}\n', /^config.yaml:1: server.port: NaN: an integer/],
    ['server: {port: 1.5}\n', /server.port: 1.5: an integer/],
    ['server: {host: ""}\n', /server.host: "": a text that is not blank/],
    ['server: {websocket_path: ws}\n', /websocket_path: "ws": a path that starts with \//],
    ['server: {ping_interval: soon}\n', /ping_interval: "soon": a duration between 100ms and 1h/],
    ['server: {ping_interval: -5s}\n', /ping_interval: "-5s": a duration/],
    ['server: {ping_interval: .inf}\n', /ping_interval: Infinity: a duration/],
    ['server: {ping_interval: 2m}\n', /ping_interval: "2m": pong_wait must be longer than ping_interval/],
    ['server: {send_buffer_hard: 10000}\n', /send_buffer_hard: 10000: send_buffer_hard must be above/],
    ['http_health: {live_endpoint: /health}\n', /live_endpoint: "\/health": each health page has a path of its own/],
    ['http_health: {allowed_ips: [10.0.0.0/33]}\n', /allowed_ips: \["10.0.0.0\/33"\]: a list, each entry an address/],
    ['storage: {warn_percent: 90}\n', /storage.warn_percent: 90: warn_percent must be below block_percent/],
    ['security: {jwt_expiry_hours: 49}\n', /jwt_expiry_hours: 49: jwt_expiry_hours must not exceed max_token_lifetime/],
    ['camera: {device_range: [9, 1]}\n', /device_range: \[9,1\]: two integers/],
    ['camera: {modes: {camera0: fast}}\n', /camera.modes: \{"camera0":"fast"\}: a mapping from camera ids/],
    ['camera: {modes: {video0: 640x480}}\n', /camera.modes/],
    ['mediamtx: {mode: maybe}\n', /mediamtx.mode: "maybe": one of auto, external, managed, off/],
    ['mediamtx: {codec: {pixel_format: yuv422p}}\n', /pixel_format: "yuv422p": the profile main cannot hold yuv422p/],
    ['mediamtx: {snapshots_path: here}\n', /snapshots_path: "here": the path must be absolute and normalised/],
    ['mediamtx: {snapshots_path: /tmp/../etc}\n', /snapshots_path: "\/tmp\/..\/etc": the path must be absolute and normalised/],
    ['mediamtx: {snapshots_path: /dev/null}\n', /the path is not a folder/],
    ['mediamtx: {snapshots_path: /no/such/folder}\n', /the folder does not exist/],
    ['mediamtx: {binary: /no/such/program}\n', /there is no such file/],
    ['mediamtx: {binary: /etc/passwd}\n', /cannot be run by this user/],
    ['security: {cors_origins: [example.com]}\n', /cors_origins: \["example.com"\]: a list, each entry an origin/],
    ['snapshots: {file_name_pattern: ../x}\n', /file_name_pattern: "..\/x": a file name without \//],
    [
      'logging: {file_enabled: true, file_path: /no/such/folder/log}\n',
      /logging.file_path: "\/no\/such\/folder\/log": the folder does not exist/,
    ],
  ])('%j', async (yaml, line) => {
    const faults = await faultsOf({ yaml })
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatch(line)
  })

  it.each([
    [
      { CAMERA_SERVICE_SERVER_PORT: 'x' },
      /^CAMERA_SERVICE_SERVER_PORT: server.port: "x": an integer.* unset the variable for the default 8002$/,
    ],
    [{ CAMERA_SERVICE_SERVER_PORT: '' }, /server.port: "": an integer/],
    [{ CAMERA_SERVICE_SERVER_PORT: '0x50' }, /server.port: "0x50": an integer/],
    [{ CAMERA_SERVICE_SNAPSHOTS_ENABLED: 'maybe' }, /snapshots.enabled: "maybe": true or false/],
    [{ CAMERA_SERVICE_CAMERA_DEVICE_RANGE: '0' }, /camera.device_range/],
    [{ CAMERA_SERVICE_CAMERA_MODES: 'camera0' }, /camera.modes/],
    [{ CAMERA_SERVICE_STATE_DIR: '/dev/null/x' }, /^CAMERA_SERVICE_STATE_DIR: state_dir: .*the path is not a folder/],
  ])('%j', async (env, line) => {
    const faults = await faultsOf({ env })
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatch(line)
  })

  it('a named file that is missing, a folder, or too long', async () => {
    writeFileSync(join(FOLDER, 'long.yaml'), '#'.repeat(2_000_000))
    for (const file of ['missing.yaml', '.', 'long.yaml']) {
      await expect(loadConfig({ file, env: {}, workingDir: FOLDER })).rejects.toMatchObject({ name: 'ConfigError', faults: [{}] })
    }
  })

  it('a folder that may not be written', async () => {
    const folder = join(FOLDER, 'locked')
    mkdirSync(folder)
    chmodSync(folder, 0o500)
    // Modes forbid root nothing; a file system that is read-only does.
    const root = process.getuid?.() === 0
    if (root) execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', folder])
    try {
      expect(await faultsOf({ yaml: `mediamtx: {snapshots_path: ${folder}}` })).toEqual([
        expect.stringContaining('cannot be written'),
      ])
    } finally {
      if (root) execFileSync('umount', [folder])
    }
  })

  it('tells all faults of all sources at once', async () => {
    const faults = await faultsOf({ yaml: 'server: {port: 0}\nsecurity: 5\n', env: { CAMERA_SERVICE_LOGGING_LEVEL: 'loud' } })
    expect(faults.map((line) => line.split(': ').slice(0, 2).join(' '))).toEqual([
      'config.yaml:2 security',
      'config.yaml:1 server.port',
      'CAMERA_SERVICE_LOGGING_LEVEL logging.level',
    ])
  })

  it('an alias that unfolds without end', async () => {
    const levels = Array.from(
      { length: 9 },
      (_, index) => `a${index + 1}: &a${index + 1} [${Array(9).fill(`*a${index}`).join(',')}]`,
    )
    const yaml = `a0: &a0 [x]\n${levels.join('\n')}\nsecurity:\n  cors_origins: *a9\n`
    expect((await faultsOf({ yaml })).join()).toContain('security.cors_origins')
  })
})

describe('secrets', () => {
  it.each([
    ['', 'a text that is not blank'],
    ['   ', 'a text that is not blank'],
    ['short-canary', 'the secret must have at least 32 bytes'],
    ['canary'.repeat(8), 'the secret repeats too few different characters'],
    ['edge-device-secret-key-change-in-production', 'the secret is a published default'],
    ['default-secret-key-change-in-production', 'the secret is a published default'],
  ])('%j is refused and not repeated', async (secret, rule) => {
    const sources = [
      { env: { CAMERA_SERVICE_SECURITY_JWT_SECRET_KEY: secret } },
      { yaml: `security: {jwt_secret_key: "${secret}"}` },
    ]
    for (const source of sources) {
      const [line, ...more] = await faultsOf(source)
      expect(line).toContain(`security.jwt_secret_key: not shown: ${rule}`)
      expect(line).not.toContain('canary')
      expect(more).toEqual([])
    }
  })

  it('a weak one is accepted when the switch says so, a blank one never', async () => {
    const weak = { CAMERA_SERVICE_COMPATIBILITY_WEAK_JWT_SECRET: 'true' }
    const { config } = await load({ env: { ...weak, CAMERA_SERVICE_SECURITY_JWT_SECRET_KEY: 'short' } })
    expect(config.security.jwt_secret_key).toBe('short')
    expect(await faultsOf({ env: { ...weak, CAMERA_SERVICE_SECURITY_JWT_SECRET_KEY: ' ' } })).toHaveLength(1)
  })

  it('do not show in the lines about a broken file', async () => {
    for (const yaml of [
      'security: canary-canary',
      'security:\n  jwt_secret_key: "canary\n',
      'jwt_secret_key: canary: canary',
      'security: {jwt_secret_key: [canary]}',
    ]) {
      const faults = await faultsOf({ yaml })
      expect(faults.length).toBeGreaterThan(0)
      expect(faults.join()).not.toContain('canary')
    }
  })
})
