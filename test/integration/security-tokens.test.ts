/** Attacks on logins that need a running service, each by the id of its requirement (reliability-security.md §3.2). */

import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { stopwatch } from '../support/processor-wait.js'
import { ask } from '../support/raw-http.js'
import { RpcClient } from '../support/rpc-client.js'
import { MAIN, startService } from '../support/service.js'

const FOLDER = mkdtempSync(join(tmpdir(), 'security-tokens-'))
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }))

describe('S-24 weak secret', () => {
  const bad = [
    '',
    ' ',
    'short-secret',
    'a'.repeat(64),
    'default-secret-key-change-in-production',
    'abababababababababababababababab',
  ]

  it.each(bad)('%j is refused at start, and never shown', async (secret) => {
    const { code, said } = await run(['run'], { CAMERA_SERVICE_SECURITY_JWT_SECRET_KEY: secret })
    expect(code).toBe(78)
    expect(said).toContain('security.jwt_secret_key')
    if (secret.trim().length > 5) expect(said).not.toContain(secret)
  })

  it('is taken where that is switched on, with a loud warning, and shown nowhere', async () => {
    const secret = 'default-secret-key-change-in-production'
    const service = await startService({
      env: { CAMERA_SERVICE_SECURITY_JWT_SECRET_KEY: secret, CAMERA_SERVICE_COMPATIBILITY_WEAK_JWT_SECRET: 'true' },
    })
    const client = await RpcClient.connect(service.url)
    await client.login(service.token('admin'))
    await expect(client.call('authenticate', { auth_token: `${service.token('admin')}x` })).rejects.toMatchObject({
      code: -32001,
    })
    const health = await ask(service.healthPort, 'GET', '/health/detailed')
    expect(JSON.parse(health.body)).toMatchObject({
      status: 'healthy',
      components: expect.arrayContaining([
        expect.objectContaining({
          ...{ name: 'security', status: 'degraded', message: 'security.jwt_secret_key: the secret is a published default' },
        }),
      ]),
    })
    expect(health.body).not.toContain(secret)
    await client.close()
    expect(await service.stop()).toBe(0)
    expect(service.log()).toContain('the secret is a published default: whoever guesses it is admin')
    expect(service.log() + service.output()).not.toContain(secret)
  })
})

describe('S-24 a secret from a file', () => {
  const SECRET = randomBytes(32).toString('base64url')
  const fileOf = (name: string, text: string, mode: number): string => {
    const path = join(mkdtempSync(join(FOLDER, 'secret-')), name)
    writeFileSync(path, text)
    chmodSync(path, mode)
    return path
  }

  it('that systemd hands over signs the tokens', async () => {
    const credential = fileOf('jwt-secret', `${SECRET}\n`, 0o400)
    const service = await startService({ env: { CREDENTIALS_DIRECTORY: dirname(credential) } })
    const client = await RpcClient.connect(service.url)
    const { said: token } = await run(['token', '--role', 'viewer', '--secret-key', SECRET], {
      ...service.env,
      CREDENTIALS_DIRECTORY: '',
    })
    await client.login(token.match(/^ey\S+$/m)?.[0] ?? '')
    await client.close()
    expect(await service.stop()).toBe(0)
    expect(service.log() + service.output()).not.toContain(SECRET)
  })

  it.each([
    ['weak', 'short-secret', 0o400, 'the secret must have at least 32 bytes'],
    ['open to others', SECRET, 0o644, 'its mode 0644 is more than 0640'],
    ['writable for the group', SECRET, 0o660, 'its mode 0660 is more than 0640'],
  ])('is refused when it is %s', async (_what, secret, mode, words) => {
    const credential = fileOf('jwt-secret', secret, mode)
    const { code, said } = await run(['run'], { CREDENTIALS_DIRECTORY: dirname(credential) })
    expect(code).toBe(78)
    expect(said).toContain(credential)
    expect(said).toContain(words)
    expect(said).not.toContain(secret)
  })

  it('of our own is refused when others may read it', async () => {
    const service = await startService()
    const kept = join(service.stateDir, 'jwt-secret')
    expect(statSync(kept).mode & 0o777).toBe(0o600)
    chmodSync(kept, 0o666)
    const { code, said } = await run(['token', '--role', 'viewer'], service.env)
    expect(code).not.toBe(0)
    expect(said).toContain(`${kept}: its mode 0666 is more than 0640; chmod 0600 ${kept}`)
    expect(await service.stop()).toBe(0)
  })

  it('of the configuration is told when others may read it', async () => {
    const check = (file: string) => run(['config', 'check', '--config', file], {})
    const text = `security: {jwt_secret_key: ${SECRET}}\n`
    const open = fileOf('config.yaml', text, 0o644)
    expect((await check(open)).said).toContain(`its mode 0644 is more than 0640; chmod 0640 ${open}`)
    expect((await check(fileOf('config.yaml', text, 0o640))).said).not.toContain('mode')
    expect((await check(fileOf('config.yaml', 'security: {jwt_secret_key: null}\n', 0o644))).said).not.toContain('mode')
  })
})

it('S-25 key rotation: a new secret without a restart, and nobody is cut off in the grace time', async () => {
  const service = await startService({ env: { CAMERA_SERVICE_SECURITY_JWT_ROTATION_GRACE: '10s' } })
  const old = service.token('viewer')
  const clients = await Promise.all(Array.from({ length: 20 }, () => RpcClient.connect(service.url)))
  await Promise.all(clients.map((client) => client.login(old)))
  const rotatedMs = Date.now()
  expect((await run(['secret', 'rotate'], service.env)).code).toBe(0)
  process.kill(service.pid, 'SIGHUP')
  const fresh = await RpcClient.connect(service.url)
  await vi.waitFor(async () => await fresh.login(service.token('viewer')))
  await Promise.all(clients.map((client) => client.call('get_camera_list')))
  expect(Date.now() - rotatedMs).toBeLessThan(10_000)
  await vi.waitFor(
    async () => {
      for (const client of clients) await expect(client.call('get_camera_list')).rejects.toMatchObject({ code: -32001 })
    },
    { timeout: 20_000, interval: 200 },
  )
  expect(Date.now() - rotatedMs).toBeGreaterThan(9_500)
  await fresh.call('get_camera_list')
  await expect(fresh.login(old)).rejects.toMatchObject({ code: -32001 })
  await Promise.all([...clients, fresh].map((client) => client.close()))
  expect(await service.stop()).toBe(0)
}, 60_000)

it('S-26 a connection does not outlive its token: no call, no event, no picture', async () => {
  const service = await startService({ args: ['--virtual-cameras', '1'], camera: true })
  // From the start of the process that makes it: it has to be in use before its end.
  const lifetimeMs = 12_000
  const admin = await RpcClient.connect(service.url)
  await admin.login(service.token('admin'))
  const client = await RpcClient.connect(service.url)
  const token = service.token('viewer', '--expiry-hours', String(lifetimeMs / 3_600_000))
  const { expires_at } = (await client.login(token)) as { readonly expires_at: string }
  const endsMs = Date.parse(expires_at)
  await client.call('subscribe_events', { topics: ['snapshot.taken', 'camera_status_update'] })
  const headers = { Authorization: `Bearer ${token}`, 'X-Forwarded-For': '203.0.113.7' }
  const stream = await fetch(`http://127.0.0.1:${service.cameraPort}/video_feed`, { headers })
  const watched = (async () => {
    for await (const _ of stream.body ?? []);
  })().catch(() => undefined)
  await client.call('get_camera_list')
  await delay(Math.max(0, endsMs - Date.now()))
  const overMs = stopwatch(service.pid)
  await expect(client.call('get_camera_list')).rejects.toMatchObject({ code: -32001 })
  await watched
  expect(overMs()).toBeLessThan(1_000)
  const before = client.messages.length
  await admin.call('take_snapshot', { device: 'camera0' })
  await client.call('ping')
  expect(client.messages.slice(before).filter(({ method }) => method !== undefined)).toEqual([])
  // A new token opens it again.
  await client.login(service.token('viewer'))
  await client.call('get_camera_list')
  await Promise.all([admin.close(), client.close()])
  expect(await service.stop()).toBe(0)
}, 60_000)

it('S-27 guessing: an address is locked as configured, and told how long', async () => {
  const service = await startService({
    env: {
      CAMERA_SERVICE_SECURITY_AUTH_EXEMPT: '203.0.113.1',
      CAMERA_SERVICE_SECURITY_AUTH_LOCK_TIME: '10s',
      CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '100000',
    },
  })
  const token = service.token('viewer')
  const client = await RpcClient.connect(service.url)
  const codes: number[] = []
  for (let guess = 0; guess < 12; guess++) {
    await client.login(`${token.slice(0, -4)}${1000 + guess}`).catch((thrown: { code: number }) => codes.push(thrown.code))
  }
  expect(codes).toEqual([...Array<number>(11).fill(-32001), -32040])
  const other = await RpcClient.connect(service.url)
  const refusal = await other.login(token).catch((thrown: { data: { retry_after_ms: number } }) => thrown)
  expect(refusal).toMatchObject({ code: -32040, data: { reason: 'rate_limit' } })
  await delay((refusal as { data: { retry_after_ms: number } }).data.retry_after_ms)
  expect(await other.login(token)).toMatchObject({ authenticated: true })
  await Promise.all([client.close(), other.close()])
  expect(await service.stop()).toBe(0)
})

function run(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<{ code: unknown; said: string }> {
  return new Promise((resolve) => {
    const options = { cwd: FOLDER, env: { CAMERA_SERVICE_STATE_DIR: FOLDER, ...env }, timeout: 20_000 }
    execFile(process.execPath, [MAIN, ...argv], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, said: stdout + stderr })
    })
  })
}
