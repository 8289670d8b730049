/** From a call to the bytes: what lists name is downloaded from both ports, and stays for as long as somebody reads it. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { open } from '../support/raw-http.js'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'

interface Listed {
  readonly files: readonly { readonly filename: string; readonly file_size: number; readonly download_url: string }[]
}

let service: RunningService
let client: RpcClient
let token: string

beforeAll(async () => {
  service = await startService({ args: ['--virtual-cameras', '1'] })
  token = service.token('admin')
  client = await RpcClient.connect(service.url)
  await client.login(token)
}, 60_000)
afterAll(async () => {
  await client.close()
  await service.stop()
})

const ports = (): readonly number[] => [service.port, service.healthPort]
const download = (port: number, path: string, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${port}${path}`, { headers: { Authorization: `Bearer ${token}`, ...headers } })

it('a snapshot, by the URL of its list', async () => {
  const { filename } = (await client.call('take_snapshot', { device: 'camera0' })) as { filename: string }
  const { files } = (await client.call('list_snapshots', {})) as Listed
  const listed = files.find((file) => file.filename === filename)
  expect(listed?.download_url).toBe(`/files/snapshots/${filename}`)
  for (const port of ports()) {
    const answer = await download(port, listed?.download_url ?? '')
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/jpeg'])
    const bytes = Buffer.from(await answer.arrayBuffer())
    expect(bytes.equals(readFileSync(join(service.stateDir, 'snapshots', filename)))).toBe(true)
    expect(bytes.length).toBe(listed?.file_size)
    expect((await fetch(`http://127.0.0.1:${port}${listed?.download_url}`)).status).toBe(401)
  }
})

it('a recording: refused while it is written, then by each of its names, and kept while it is read', async () => {
  const started = (await client.call('start_recording', { device: 'camera0', format: 'mkv' })) as { filename: string }
  await vi.waitFor(
    async () => expect((await download(service.port, `/files/recordings/${started.filename}.mkv`)).status).toBe(409),
    10_000,
  )
  // So much that it does not all fit between the two ends of a connection.
  await vi.waitFor(async () => {
    const { files } = (await client.call('list_recordings', {})) as Listed
    expect(files[0]?.file_size).toBeGreaterThan(12_000_000)
  }, 40_000)
  await client.call('stop_recording', { device: 'camera0' })
  const { files } = (await client.call('list_recordings', {})) as Listed
  const { download_url: url = '', file_size = 0 } = files.find(({ filename }) => filename === started.filename) ?? {}
  const disk = readFileSync(join(service.stateDir, 'recordings', `${started.filename}.mkv`))
  for (const port of ports()) {
    for (const path of [url, url.replace('.mkv', ''), url.replace('.mkv', '.mp4'), url.replace('.mkv', '.fmp4')]) {
      expect(Buffer.from(await (await download(port, path)).arrayBuffer()).equals(disk)).toBe(true)
    }
    const part = await download(port, url, { Range: 'bytes=-100' })
    expect([part.status, Buffer.from(await part.arrayBuffer()).equals(disk.subarray(-100))]).toEqual([206, true])
  }

  const reader = open(service.port)
  reader.socket.write(`GET ${url} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`)
  reader.socket.once('data', () => reader.socket.pause())
  await reader.until('\r\n\r\n')
  await expect(client.call('delete_recording', { filename: started.filename })).rejects.toMatchObject({
    code: -32020,
    data: expect.objectContaining({ state: 'DOWNLOADING' }),
  })
  // nor does a cleanup take it, although it is the oldest there is and too much.
  await client.call('set_retention_policy', { policy_type: 'size', max_size_gb: 0.000_001, enabled: true })
  await client.call('cleanup_old_files', {})
  expect(readdirSync(join(service.stateDir, 'recordings'))).toContain(`${started.filename}.mkv`)
  await client.call('set_retention_policy', { policy_type: 'manual', enabled: true })
  const received = new Promise((resolve) => reader.socket.once('close', resolve))
  reader.socket.resume()
  await vi.waitFor(() => expect(reader.received().length).toBeGreaterThan(file_size), 20_000)
  reader.socket.destroy()
  await received
  expect(reader.received().endsWith(disk.subarray(-1_000).toString('latin1'))).toBe(true)
  await vi.waitFor(async () =>
    expect(await client.call('delete_recording', { filename: started.filename })).toMatchObject({ deleted: true }),
  )
  expect((await download(service.port, url)).status).toBe(404)
}, 90_000)
