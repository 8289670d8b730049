/** A configuration file is taken whole, or refused with a line, a rule and a remedy for each fault. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError, loadConfig } from '../../../src/config/index.js'
import type { FuzzTarget } from '../engine/target.js'

const folder = mkdtempSync(join(tmpdir(), 'fuzz-config-'))
const file = join(folder, 'config.yaml')
process.once('exit', () => rmSync(folder, { recursive: true }))

export const target: FuzzTarget = {
  seeds: [
    'server:\n  host: 127.0.0.1\n  port: 8002\nlogging:\n  level: info\n',
    'server: {port: 0x1F, workers: 2}\nsecurity:\n  jwt_secret_key: "0123456789abcdef0123456789abcdef"\n  token_leeway: 5s\n',
    'a: &a {port: 8002}\nserver: *a\nhttp_health:\n  allowed_ips: [10.0.0.0/8, "::1"]\n',
    'camera_server:\n  camera:\n    width: 640\n    fps: 30\n  server:\n    trusted_hosts:\n      - "*"\n',
    'storage:\n  warn_percent: 80\n  block_percent: 90\nsnapshots: ~\n---\nserver: 1\n',
    'server:\n  port: !!int "12"\n  host: |\n    127.0.0.1\n? complex\n: {<<: {port: 1}}\n',
  ],
  words: [
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
    writeFileSync(file, input)
    try {
      const { config, warnings } = await loadConfig({ file, env: {}, workingDir: folder, onlyLooks: true })
      assert.ok(Number.isInteger(config.server.port))
      for (const warning of warnings) assert.match(warning, /\S/)
    } catch (thrown) {
      if (!(thrown instanceof ConfigError)) throw thrown
      assert.ok(thrown.faults.length > 0)
      for (const { where, rule, remedy } of thrown.faults) {
        assert.match(where, /config\.yaml:\d+$/)
        assert.ok(rule !== '' && remedy !== '')
      }
    }
  },
}
