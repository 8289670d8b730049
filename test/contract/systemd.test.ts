/** The units (reliability-security §3.6 with the changes of design §8), and systemd's own opinion of them where it is installed. */

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const UNITS = join(import.meta.dirname, '../../systemd')
const folder = mkdtempSync(join(tmpdir(), 'units-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Directive to its values, in order. */
function unit(name: string): ReadonlyMap<string, readonly string[]> {
  const directives = new Map<string, string[]>()
  for (const line of readFileSync(join(UNITS, name), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#') || line.startsWith('[')) continue
    const [directive = '', ...value] = line.split('=')
    directives.set(directive, [...(directives.get(directive) ?? []), value.join('=')])
  }
  return directives
}

/** Of both units. */
const HARDENED: Readonly<Record<string, string>> = {
  NoNewPrivileges: 'yes',
  CapabilityBoundingSet: '',
  AmbientCapabilities: '',
  ProtectSystem: 'strict',
  ProtectHome: 'yes',
  PrivateTmp: 'yes',
  PrivateMounts: 'yes',
  PrivateIPC: 'yes',
  PrivateUsers: 'yes',
  ProtectProc: 'invisible',
  ProtectClock: 'yes',
  ProtectHostname: 'yes',
  ProtectKernelTunables: 'yes',
  ProtectKernelModules: 'yes',
  ProtectKernelLogs: 'yes',
  ProtectControlGroups: 'yes',
  RestrictAddressFamilies: 'AF_INET AF_INET6 AF_UNIX AF_NETLINK',
  RestrictNamespaces: 'yes',
  RestrictRealtime: 'yes',
  RestrictSUIDSGID: 'yes',
  LockPersonality: 'yes',
  RemoveIPC: 'yes',
  KeyringMode: 'private',
  SystemCallArchitectures: 'native',
  SystemCallErrorNumber: 'EPERM',
  DevicePolicy: 'closed',
  IPAddressDeny: 'any',
}

const SERVICE: Readonly<Record<string, string>> = {
  Type: 'notify',
  NotifyAccess: 'main',
  WatchdogSec: '10',
  Restart: 'always',
  RestartSec: '500ms',
  RestartPreventExitStatus: '78',
  StartLimitIntervalSec: '60',
  StartLimitBurst: '8',
  TimeoutStartSec: '30',
  TimeoutStopSec: '20',
  KillMode: 'mixed',
  OOMPolicy: 'continue',
  LimitNOFILE: '65536',
  UMask: '0077',
  StateDirectoryMode: '0750',
}

describe.each(['camera-service.service', 'mediamtx.service'])('%s', (name) => {
  it('has every line of the list', () => {
    const directives = unit(name)
    for (const [directive, value] of Object.entries(HARDENED))
      expect([directive, directives.get(directive)]).toEqual([directive, [value]])
    expect(directives.get('SystemCallFilter')).toEqual(['@system-service', '~@privileged @resources'])
    expect(directives.get('IPAddressAllow')?.[0]).toMatch(/^localhost /)
    // The first hides what the monitor reads, the second ends V8.
    expect(directives.has('ProcSubset') || directives.has('MemoryDenyWriteExecute')).toBe(false)
  })
})

it('the service may use cameras and encoders, its media server no device at all', () => {
  const service = unit('camera-service.service')
  for (const [directive, value] of Object.entries(SERVICE))
    expect([directive, service.get(directive)]).toEqual([directive, [value]])
  expect(service.get('DeviceAllow')).toEqual(['char-video4linux rw', 'char-drm rw'])
  expect(service.get('SupplementaryGroups')?.[0]).toContain('video')
  expect(service.has('PrivateDevices')).toBe(false)
  const mediamtx = unit('mediamtx.service')
  expect(mediamtx.get('PrivateDevices')).toEqual(['yes'])
  expect(mediamtx.has('DeviceAllow')).toBe(false)
  expect(mediamtx.get('User')).not.toEqual(service.get('User'))
})

describe('S-61: systemd', () => {
  const isThere = spawnSync('systemd-analyze', ['--version']).status === 0
  if (!isThere) console.warn('systemd-analyze is not installed: the units are not scored (apt-get install systemd)')

  it.skipIf(!isThere).each(['camera-service.service', 'mediamtx.service'])('gives %s a score of 1.5 or better', (name) => {
    const { status, stdout } = spawnSync(
      'systemd-analyze',
      ['security', '--offline=true', '--threshold=15', '--no-pager', join(UNITS, name)],
      { encoding: 'utf8' },
    )
    expect(status, stdout).toBe(0)
  })

  it.skipIf(!isThere)('finds nothing wrong in them', () => {
    // The programs are not installed here: the units are looked at with others in their place.
    for (const name of ['camera-service.service', 'mediamtx.service']) {
      const text = readFileSync(join(UNITS, name), 'utf8')
        .replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true')
        .replace(/^(User|Group)=.*$/gm, '$1=root')
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    const said = execFileSync('systemd-analyze', ['verify', '--man=no', join(folder, 'camera-service.service')], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    expect(said).toBe('')
  })
})
