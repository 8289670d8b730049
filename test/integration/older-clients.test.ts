/** Whole sessions of clients of the older editions against the started service: they are not changed, so it must bear their habits. */

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freePort } from '../support/free-port.mjs'
import { PythonLikeClient, ScriptLikeClient, WebLikeClient } from '../support/older-clients.js'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'

let service: RunningService
let port: number
let stateDir: string

/** The same port and state each time, so that clients find it again. */
function start(): Promise<RunningService> {
  return startService({
    args: ['--virtual-cameras', '2'],
    env: { CAMERA_SERVICE_DOWNLOADS_TICKETED_URLS: 'true' },
    ...{ port, stateDir },
  })
}

async function isBackAfterRestart(client: PythonLikeClient | ScriptLikeClient): Promise<void> {
  expect(await service.stop()).toBe(0)
  await client.lost
  service = await start()
  await client.connect()
  expect(await client.getCameraList()).toHaveLength(2)
}

beforeAll(async () => {
  port = await freePort()
  stateDir = mkdtempSync(join(tmpdir(), 'older-clients-'))
  service = await start()
})

afterAll(async () => {
  await service.stop()
  rmSync(stateDir, { recursive: true, force: true })
})

const isJpeg = (bytes: Uint8Array) => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes.at(-2) === 0xff && bytes.at(-1) === 0xd9
const isMp4 = (bytes: Uint8Array) => Buffer.from(bytes.subarray(4, 8)).toString() === 'ftyp'

describe('the Python SDK', () => {
  it('logs in with token, lists, takes a snapshot, records, stops, downloads, and is back after a restart', async () => {
    const token = service.token('operator')
    const client = new PythonLikeClient(service.url, { token, auth_type: 'jwt' })
    await client.connect()
    const cameras = await client.getCameraList()
    expect(cameras).toHaveLength(2)
    expect(cameras[0]).toMatchObject({ device_path: 'camera0', name: expect.any(String), status: 'CONNECTED' })
    const device = String(cameras[0]?.device_path)
    expect(await client.getCameraStatus(device)).toMatchObject({ device_path: device, status: 'CONNECTED' })
    expect(await client.takeSnapshot(device, 'python.jpg')).toMatchObject({ filename: 'python.jpg' })
    expect(await client.getRecordingStatus(device)).toBeNull()
    const started = await client.startRecording(device, 'python')
    expect(started).toMatchObject({ filename: 'python', recording_id: 'python' })
    expect(await client.getRecordingStatus(device)).toMatchObject({
      ...{ filename: 'python', recording_id: 'python', status: 'active' },
    })
    const stopped = await client.stopRecording(device)
    expect(stopped).toMatchObject({ filename: 'python', duration: expect.any(Number) })
    const headers = { Authorization: `Bearer ${token}` }
    expect(isJpeg(await client.download('snapshots', 'python.jpg', headers))).toBe(true)
    const [film] = ((await client.send('list_recordings', {})) as { files: { filename: string }[] }).files
    expect(isMp4(await client.download('recordings', String(film?.filename), headers))).toBe(true)
    await expect.poll(() => client.heard.map(({ params }) => params.status)).toEqual(['STARTED', 'STOPPED'])
    expect(client.heard[0]).toMatchObject({
      method: 'recording_status_update',
      params: { device, device_path: device, filename: 'python', recording_id: 'python', start_time: started.start_time },
    })

    await isBackAfterRestart(client)
    await client.disconnect()
  })

  it('names cameras by their nodes, and gets the id', async () => {
    const client = new PythonLikeClient(service.url, { token: service.token('viewer'), auth_type: 'jwt' })
    await client.connect()
    expect(await client.getCameraStatus('/dev/video1')).toMatchObject({ device_path: 'camera1' })
    await client.disconnect()
  })

  it('is told of a refused login in a result, which is all it understands', async () => {
    const client = new PythonLikeClient(service.url, { token: 'nonsense', auth_type: 'jwt' })
    await expect(client.connect()).rejects.toThrow('AuthenticationError: Authentication failed or token expired')
    await client.disconnect()
  })
})

describe('the JavaScript SDK and the example program', () => {
  it.each(['jwt', 'api_key'] as const)(
    'with %s: lists, finds success and recording in results, downloads from the port of the WebSocket, and comes again',
    async (auth_type) => {
      const token = auth_type === 'jwt' ? service.token('operator') : await newKey('operator')
      const headers: Record<string, string> = auth_type === 'jwt' ? { Authorization: `Bearer ${token}` } : { 'X-API-Key': token }
      const client = new ScriptLikeClient(service.url, { token, auth_type })
      // A new key is known within a second.
      await vi.waitFor(() => client.connect().catch((thrown) => client.disconnect().then(() => Promise.reject(thrown))))
      expect(await client.getCameraList()).toHaveLength(2)
      const still = await client.snapshotCommand('camera1')
      expect(isJpeg(await client.download('snapshots', still, headers))).toBe(true)
      const started = await client.recordCommand('start_recording', 'camera1')
      expect(started).toMatchObject({ device: 'camera1', status: 'RECORDING' })
      const stopped = await client.recordCommand('stop_recording', 'camera1')
      expect(stopped.filename).toBe(started.filename)
      expect(isMp4(await client.download('recordings', String(stopped.filename), headers))).toBe(true)

      await isBackAfterRestart(client)
      await client.disconnect()
    },
  )
})

describe('the web client', () => {
  it('hears its three topics, opens download_url as given, and comes back after a kill by itself', async () => {
    const client = new WebLikeClient(service.url, service.token('operator'), 200)
    await client.connect()
    expect(await client.send('ping')).toBe('pong')
    expect(await client.send('get_streams').catch((error: Error) => error.message)).toContain('-32050')

    await client.send('take_snapshot', { device: 'camera0', filename: 'web.jpg' })
    const { files } = (await client.send('list_snapshots')) as { files: { filename: string; download_url: string }[] }
    const url = files.find(({ filename }) => filename === 'web.jpg')?.download_url ?? ''
    const response = await fetch(new URL(url, `http://127.0.0.1:${port}`))
    expect(response.status).toBe(200)
    expect(isJpeg(new Uint8Array(await response.arrayBuffer()))).toBe(true)

    await service.kill('SIGKILL')
    service = await start()
    await expect.poll(() => client.logins, { timeout: 15_000 }).toBe(2)
    client.heard.length = 0
    await client.send('start_recording', { device: 'camera0', duration: 60 })
    await client.send('stop_recording', { device: 'camera0' })
    await expect
      .poll(() => client.heard.map(({ method, params }) => `${method} ${String(params.status)}`))
      .toEqual(['recording_status_update STARTED', 'recording_status_update STOPPED'])
    await client.disconnect()
  })
})

it('a client that reads one frame per call is never disturbed', async () => {
  const [reader, worker] = await Promise.all([RpcClient.connect(service.url), RpcClient.connect(service.url)])
  await reader.login(service.token('viewer'))
  await worker.login(service.token('operator'))
  reader.messages.length = 0
  for (let call = 1; call <= 20; call++) {
    await worker.call('take_snapshot', { device: 'camera0' })
    await reader.call('ping')
    expect(reader.messages).toHaveLength(call)
  }
  await Promise.all([reader.close(), worker.close()])
})

async function newKey(role: string): Promise<string> {
  const program = join(import.meta.dirname, '../../dist/cli/bin-keys.js')
  const argv = [program, '-format', 'json', 'keys', 'generate', '--role', role]
  const { stdout } = await promisify(execFile)(process.execPath, argv, { env: service.env })
  return (JSON.parse(stdout) as { readonly key: string }).key
}
