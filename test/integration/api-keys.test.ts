/** API keys in the started service: made on the command line beside it, used on every face, taken back while in use. */

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { stopwatch } from '../support/processor-wait.js'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'

const BIN = join(import.meta.dirname, '../../dist/cli')
const STRANGER = { 'X-Forwarded-For': '203.0.113.7' }

let service: RunningService

beforeAll(async () => {
  service = await startService({ args: ['--virtual-cameras', '1'], camera: true })
})
afterAll(async () => {
  expect(await service?.stop()).toBe(0)
})

it('a key opens the WebSocket, the camera face, downloads and the health pages, and a revocation ends it everywhere', async () => {
  const { id, key } = await generate('operator')
  const client = await RpcClient.connect(service.url)
  await vi.waitFor(async () => {
    expect(await client.call('authenticate', { auth_token: key })).toMatchObject({ authenticated: true, role: 'operator' })
  })
  expect(await client.call('get_camera_list')).toMatchObject({ total: 1 })
  const legacy = await RpcClient.connect(service.url)
  expect(await legacy.call('authenticate', { token: key, auth_type: 'api_key' })).toMatchObject({ authenticated: true })

  for (const headers of [{ 'X-API-Key': key }, { Authorization: `Bearer ${key}` }]) {
    expect((await ask(service.cameraPort, '/status', headers)).status).toBe(200)
    expect(await (await ask(service.healthPort, '/health', headers)).json()).toHaveProperty('version')
  }
  const files = async (headers: Record<string, string>): Promise<number[]> => {
    const answers = [service.port, service.healthPort].map((port) => ask(port, '/files/recordings/none.mp4', headers))
    return (await Promise.all(answers)).map(({ status }) => status)
  }
  expect(await files({ 'X-API-Key': key })).toEqual([404, 404])
  expect(await files({ 'X-API-Key': `${key}x` })).toEqual([401, 401])
  expect((await ask(service.cameraPort, '/status', {})).status).toBe(401)
  expect((await ask(service.cameraPort, '/status', { 'X-API-Key': `${key}x` })).status).toBe(401)
  const stream = await ask(service.cameraPort, '/video_feed', { 'X-API-Key': key })
  const ended = drain(stream)

  await camerasCli('keys', 'revoke', '--key-id', id)
  const took = stopwatch(service.pid)
  await vi.waitFor(async () => await expect(client.call('get_camera_list')).rejects.toMatchObject({ code: -32001 }), {
    timeout: 5_000,
    interval: 20,
  })
  expect(took()).toBeLessThan(1_000)
  await ended
  expect((await ask(service.cameraPort, '/status', { 'X-API-Key': key })).status).toBe(401)
  expect(await files({ 'X-API-Key': key })).toEqual([401, 401])
  expect(await legacy.call('authenticate', { token: key })).toMatchObject({ authenticated: false })
  expect(service.log()).toContain('API key revoked')
  for (const text of [service.log(), service.output()]) expect(text).not.toContain(key.slice(0, 20))
  await client.close()
  await legacy.close()
})

it('a key counts its uses, kept over a restart of the service', async () => {
  const { id, key } = await generate('viewer')
  const client = await RpcClient.connect(service.url)
  await vi.waitFor(async () => await client.call('authenticate', { api_key: key }))
  await client.call('authenticate', { api_key: key })
  await client.close()
  const { stateDir } = service
  const own = await startService({ stateDir: join(stateDir, 'other') })
  const made = await generate('viewer', join(stateDir, 'other'))
  const other = await RpcClient.connect(own.url)
  await vi.waitFor(async () => await other.call('authenticate', { api_key: made.key }))
  await other.close()
  await own.stop()
  const listed = JSON.parse(await camerasCliAt(join(stateDir, 'other'), 'keys', 'list', '-format', 'json')) as {
    id: string
    usage_count: number
  }[]
  expect(listed).toMatchObject([{ id: made.id, usage_count: 1 }])
  expect(id).not.toBe(made.id)
  expect(existsSync(join(stateDir, 'api-key-hashes.json.lock'))).toBe(false)
})

it('jwt-generator makes a token that the service takes', async () => {
  const described = JSON.parse(await tool('bin-jwt-generator.js', service.env, '-role', 'viewer', '-format', 'json'))
  expect(Object.keys(described)).toEqual(['token', 'user_id', 'role', 'expires_in_hours', 'expires_at', 'algorithm'])
  expect(described).toMatchObject({ user_id: 'test_viewer', role: 'viewer', expires_in_hours: 48, algorithm: 'HS256' })
  const client = await RpcClient.connect(service.url)
  expect(await client.login(described.token)).toMatchObject({ role: 'viewer' })
  await client.close()
  await expect(tool('bin-jwt-generator.js', service.env, '--role', 'root')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('viewer, operator, admin'),
  })
})

async function generate(role: string, stateDir = service.stateDir): Promise<{ readonly id: string; readonly key: string }> {
  return JSON.parse(await camerasCliAt(stateDir, '-format', 'json', 'keys', 'generate', '--role', role))
}

function camerasCli(...argv: string[]): Promise<string> {
  return camerasCliAt(service.stateDir, ...argv)
}

function camerasCliAt(stateDir: string, ...argv: string[]): Promise<string> {
  return tool('bin-keys.js', { ...service.env, CAMERA_SERVICE_STATE_DIR: stateDir }, ...argv)
}

/** Rejects with `code` and `stderr`. */
function tool(name: string, env: Readonly<Record<string, string>>, ...argv: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [join(BIN, name), ...argv], { env, timeout: 20_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(Object.assign(error, { stderr }))
    })
  })
}

/** As somebody who does not sit at this machine. */
function ask(port: number, path: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, { headers: { ...STRANGER, ...headers } })
}

/** Resolves when the server ends the answer. */
async function drain(response: Response): Promise<void> {
  const reader = response.body?.getReader()
  while (reader !== undefined) {
    const { done } = await reader.read().catch(() => ({ done: true }))
    if (done) return
  }
}
