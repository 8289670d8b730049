/** The audit log of a running service and of the tools beside it: who did what, and not one secret. */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { auditFaultsOf } from '../../src/base/audit-check.js'
import { RpcClient } from '../support/rpc-client.js'
import { MAIN, type RunningService, startService } from '../support/service.js'

const folder = mkdtempSync(join(tmpdir(), 'audit-'))
const stateDir = join(folder, 'state')
const file = join(folder, 'config.yaml')
const DEADLINE = { timeout: 10_000 }
const KEYS = join(import.meta.dirname, '../../dist/cli/bin-keys.js')

type Entry = Readonly<Record<string, unknown>>
const entriesOf = (name: string): readonly Entry[] =>
  !existsSync(join(stateDir, name))
    ? []
    : readFileSync(join(stateDir, name), 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Entry)
const told = (wanted: Entry): Promise<void> =>
  vi.waitFor(() => expect(entriesOf('audit.log')).toContainEqual(expect.objectContaining(wanted)), DEADLINE)

describe.each([1, 2])('with %i threads for clients', (workers) => {
  let service: RunningService
  const secrets: string[] = ['pass-of-a-stream']
  const run = (...words: string[]): string =>
    execFileSync(process.execPath, words, {
      env: { PATH: process.env.PATH, ...service.env },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })

  beforeAll(async () => {
    writeFileSync(file, 'snapshots: {quality: 80}\n')
    service = await startService({
      args: ['--virtual-cameras', '1'],
      camera: true,
      stateDir,
      env: {
        CAMERA_SERVICE_CONFIG: file,
        CAMERA_SERVICE_SERVER_WORKERS: String(workers),
        CAMERA_SERVICE_EXTERNAL_DISCOVERY_ENABLED: 'true',
        // Nothing is looked for outside of this machine.
        CAMERA_SERVICE_EXTERNAL_DISCOVERY_SCAN_INTERVAL: '0',
      },
    })
    secrets.push(/token: (\S+)/i.exec(service.output())?.[1] ?? service.token('admin'))
  }, 60_000)
  afterAll(async () => {
    await service?.stop()
    rmSync(stateDir, { recursive: true, force: true })
  })

  it('tells logins, good and bad, and what became of each change, with name, role and address', async () => {
    const [admin, viewer] = [service.token('admin', '--user-id', 'jane'), service.token('viewer', '--user-id', 'joe')]
    secrets.push(admin, viewer)
    const client = await RpcClient.connect(service.url)
    await vi.waitFor(async () => {
      await client.login(admin)
      expect(await client.call('get_camera_list')).toMatchObject({ connected: 1 })
    }, DEADLINE)
    const who = { subject: 'jane', role: 'admin', address: '127.0.0.1', client: 'client_1' }
    await told({ action: 'authenticate', outcome: 'ok', ...who })
    await client.call('take_snapshot', { device: 'camera0', filename: 'one.jpg' })
    await told({ action: 'take_snapshot', outcome: 'ok', ...who, detail: { device: 'camera0', filename: 'one.jpg' } })
    await client.call('delete_snapshot', { filename: 'one.jpg' })
    await told({ action: 'delete_snapshot', outcome: 'ok', ...who })
    await client.failure('delete_snapshot', { filename: 'one.jpg' })
    await told({ action: 'delete_snapshot', outcome: 'file_not_found', ...who })
    await client.failure('add_external_stream', { stream_url: 'rtsp://joe:pass-of-a-stream@8.8.8.8/live', stream_name: 'gate' })
    await told({ action: 'add_external_stream', detail: { stream_name: 'gate', stream_url: 'rtsp://joe:***@8.8.8.8/live' } })

    await client.failure('authenticate', { auth_token: `${viewer}x` })
    await told({ action: 'authenticate', outcome: 'auth_failed', address: '127.0.0.1' })
    // The legacy spelling refuses by a result.
    await client.call('authenticate', { token: `${viewer}y` })
    await client.login(viewer)
    await client.failure('delete_snapshot', { filename: 'one.jpg' })
    await told({ action: 'delete_snapshot', outcome: 'permission_denied', subject: 'joe', role: 'viewer' })
    expect(entriesOf('audit.log').filter(({ action, outcome }) => action === 'authenticate' && outcome === 'ok')).toHaveLength(
      entriesOf('audit.log').filter(({ subject, action }) => action === 'authenticate' && subject !== undefined).length,
    )
    // Reading changes nothing.
    expect(entriesOf('audit.log').filter(({ action }) => String(action).startsWith('get_'))).toEqual([])
    await client.close()
  })

  it('tells changes over HTTP, of the configuration and of keys', async () => {
    const face = `http://127.0.0.1:${service.cameraPort}`
    const change = (body: string) =>
      fetch(`${face}/config`, { method: 'PUT', body, headers: { 'content-type': 'application/json' } })
    expect((await change('{"camera":{"fps":7}}')).status).toBe(200)
    await told({ action: 'PUT /config', outcome: 'ok', subject: 'loopback', role: 'admin', address: '127.0.0.1' })
    await told({ action: 'camera_config', outcome: 'ok', detail: { keys: ['camera.fps'] } })
    expect((await change('{"camera":{"fps":-7}}')).status).toBe(400)
    await vi.waitFor(
      () =>
        expect(
          entriesOf('audit.log')
            .filter(({ action }) => action === 'PUT /config')
            .map(({ outcome }) => outcome === 'ok'),
        ).toEqual([true, false]),
      DEADLINE,
    )
    writeFileSync(file, 'snapshots: {quality: 70}\n')
    process.kill(service.pid, 'SIGHUP')
    await told({ action: 'config.reload', outcome: 'ok', detail: { keys: ['snapshots.quality'] } })
    writeFileSync(file, 'snapshots: {quality: 700}\n')
    process.kill(service.pid, 'SIGHUP')
    await told({ action: 'config.reload', outcome: 'refused', detail: { faults: 1 } })
    writeFileSync(file, 'snapshots: {quality: 70}\n')

    const made = JSON.parse(run(KEYS, '-format', 'json', 'keys', 'generate', '--role', 'operator')) as { id: string; key: string }
    secrets.push(made.key)
    await told({ action: 'api_key', detail: { change: 'added', key_id: made.id, role: 'operator' } })
    run(KEYS, 'keys', 'revoke', '--key-id', made.id)
    await told({ action: 'api_key', detail: { change: 'revoked', key_id: made.id, role: 'operator' } })
    expect(() => run(KEYS, 'keys', 'revoke', '--key-id', 'nobody')).toThrow()
    expect(entriesOf('audit-tools.log').filter(({ action }) => action !== 'token')).toMatchObject([
      { action: 'keys generate', outcome: 'ok', detail: { role: 'operator', key_id: made.id } },
      { action: 'keys revoke', outcome: 'ok', detail: { key_id: made.id } },
      { action: 'keys revoke', outcome: 'failed', detail: { key_id: 'nobody' } },
    ])
  })

  it('holds no secret, is whole, and shows when it is not', async () => {
    await service.kill('SIGTERM')
    const both = ['audit.log', 'audit-tools.log'].map((name) => readFileSync(join(stateDir, name), 'utf8'))
    for (const secret of secrets) expect(both.join('').includes(secret.slice(-20))).toBe(false)
    expect(entriesOf('audit.log')).toContainEqual(expect.objectContaining({ action: 'service.start', outcome: 'ok' }))
    expect(entriesOf('audit.log').at(-1)).toMatchObject({ action: 'service.stop' })
    expect((await auditFaultsOf(join(stateDir, 'audit.log'), 0)).faults).toEqual([])
    expect(run(MAIN, 'audit', 'check')).toMatch(/audit\.log: \d+ entries, good\n.*audit-tools\.log: \d+ entries, good\n/)
    writeFileSync(join(stateDir, 'audit.log'), both[0]?.replace('take_snapshot', 'get_snapshot') ?? '')
    expect(() => run(MAIN, 'audit', 'check')).toThrow('does not follow the line before')
  })
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))
