/** A configuration, file and environment, is taken whole, or refused with a place, a rule and a remedy for each fault. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError, loadConfig } from '../../../src/config/index.js'
import { KEYS } from '../../../src/config/schema.js'
import type { FuzzTarget } from '../engine/target.js'

const folder = mkdtempSync(join(tmpdir(), 'fuzz-config-'))
const file = join(folder, 'config.yaml')
process.once('exit', () => rmSync(folder, { recursive: true }))

/** What follows is not of the file, but lines `NAME=value` of the environment. */
const ENVIRONMENT = '\n#environment\n'
const OURS = /^(?:CAMERA_SERVICE_\w*|STATE_DIRECTORY)=/

/** A file with one key. */
function fileOf(path: string, value: unknown): string {
  const names = path.split('.')
  return `${names.join(': {')}: ${JSON.stringify(value)}${'}'.repeat(names.length - 1)}`
}

export const target: FuzzTarget = {
  parsers: [
    'src/config/file.ts',
    'src/config/known.ts',
    'src/config/environment.ts',
    'src/config/kinds.ts',
    'src/config/load.ts',
  ],
  seeds: [
    'server:\n  host: 127.0.0.1\n  port: 8002\nlogging:\n  level: info\n',
    'server: {port: 0x1F, workers: 2}\nsecurity:\n  jwt_secret_key: "0123456789abcdef0123456789abcdef"\n  token_leeway: 5s\n',
    'a: &a {port: 8002}\nserver: *a\nhttp_health:\n  allowed_ips: [10.0.0.0/8, "::1"]\n',
    'camera_server:\n  camera:\n    width: 640\n    fps: 30\n  server:\n    trusted_hosts:\n      - "*"\n',
    'storage:\n  warn_percent: 80\n  block_percent: 90\nsnapshots: ~\n---\nserver: 1\n',
    'server:\n  port: !!int "12"\n  host: |\n    127.0.0.1\n? complex\n: {<<: {port: 1}}\n',
    ...KEYS.flatMap(({ path, env, key: { kind, default: usual } }) => [
      fileOf(path, [{}]),
      fileOf(path, usual === null ? null : kind.show(usual)),
      `server: {}${ENVIRONMENT}${env}=x`,
      `server: {}${ENVIRONMENT}${env}=1,2`,
    ]),
    `server: {}${ENVIRONMENT}CAMERA_SERVICE_SERVER_PROT=1\nCAMERA_SERVICE_HOST=x\nSTATE_DIRECTORY=/a:/b`,
    'camera:\n  modes: {camera0: MJPG 1280x720@29.97, camera1: "@15", camera2: 640x480}\n',
    'camera:\n  modes: {camera0: vga}\n  device_range: [9, 1]\n',
    // Empty, no mapping, no YAML, and more than is read.
    ...['', 'server', 'server: [', '#'.repeat(1_048_577)],
    'server: 7\nmediamtx:\n  base_url: x\n  bas_url: x\n  external_discovery: {enabled: true}\n',
    // An alias that unfolds without end.
    `a: &a [1]\nb: &b [${'*a,'.repeat(60)}]\nserver:\n  host: [${'*b,'.repeat(60)}]\n`,
    'security: {jwt_secret_key: short}\nstorage: {warn_percent: 90, block_percent: 80}\n',
    'storage: {fallback_path: /}\nmediamtx: {recordings_path: /dev/null, snapshots_path: ../x}\nlogging: {file_enabled: true, file_path: /none/x}\n',
  ],
  words: [
    ENVIRONMENT,
    ...['CAMERA_SERVICE_SERVER_PORT=', 'CAMERA_SERVICE_CAMERA_MODES='],
    ...[
      'server',
      'port',
      'host',
      'security',
      'jwt_secret_key',
      'logging',
      'level',
      'storage',
      'mediamtx',
      'camera_server',
      'monitor',
    ],
    ...[
      ': ',
      '\n  ',
      '- ',
      '&a ',
      '*a',
      '<<: ',
      '!!binary ',
      '!!map',
      '!!null',
      '? ',
      '| ',
      '>-\n',
      '---\n',
      '...\n',
      '%YAML 1.1\n',
    ],
    ...['0x10', '1_000', '.inf', '-.nan', '~', 'yes', '2001-01-01', '{', '}', '[', ']', '"\\x00"', '#', '\t', '__proto__'],
  ],
  async run(input) {
    const end = input.indexOf(ENVIRONMENT)
    writeFileSync(file, end < 0 ? input : input.subarray(0, end))
    const lines = end < 0 ? [] : input.toString('utf8', end).split('\n')
    const env = Object.fromEntries(
      lines.filter((line) => OURS.test(line)).map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]),
    )
    try {
      const { config, warnings } = await loadConfig({ file, env, workingDir: folder, onlyLooks: true })
      assert.ok(Number.isInteger(config.server.port))
      for (const warning of warnings) assert.match(warning, /\S/)
    } catch (thrown) {
      if (!(thrown instanceof ConfigError)) throw thrown
      assert.ok(thrown.faults.length > 0)
      for (const { where, rule, remedy } of thrown.faults) {
        assert.match(where, /config\.yaml:\d+$|^CAMERA_SERVICE_/)
        assert.ok(rule !== '' && remedy !== '')
      }
    }
  },
}
