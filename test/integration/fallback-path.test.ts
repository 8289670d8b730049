/** `storage.fallback_path`: what stands in for a folder of recordings that cannot be used at the start, and goes again. */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { RpcClient } from '../support/rpc-client.js'
import { startService } from '../support/service.js'

const folder = mkdtempSync(join(tmpdir(), 'fallback-'))
afterAll(() => rmSync(folder, { recursive: true }))
const DEADLINE = { timeout: 20_000, interval: 50 }
const [card, spare, stateDir, config] = ['card', 'spare', 'state', 'config.yaml'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
  string,
]

/** One recording and one snapshot; what is listed then. */
async function run() {
  const service = await startService({ args: ['--config', config, '--virtual-cameras', '1'], stateDir })
  const client = await RpcClient.connect(service.url)
  await client.login(service.token('admin'))
  await vi.waitFor(async () => expect(await client.call('get_camera_list')).toMatchObject({ connected: 1 }), DEADLINE)
  const recording = await client.call<{ filename: string }>('start_recording', { device: 'camera0' })
  await client.call('stop_recording', { device: 'camera0' })
  const snapshot = await client.call<{ file_path: string }>('take_snapshot', { device: 'camera0' })
  const { files } = await client.call<{ files: { filename: string; download_url: string }[] }>('list_recordings')
  const file = await fetch(`http://127.0.0.1:${service.port}${files[0]?.download_url}`, {
    headers: { Authorization: `Bearer ${service.token('viewer')}` },
  })
  const health = await (await fetch(`http://127.0.0.1:${service.healthPort}/health/detailed`)).text()
  await client.close()
  expect(await service.stop()).toBe(0)
  return { listed: files.map(({ filename }) => filename), recording, snapshot, status: file.status, health, log: service.log() }
}

it('a folder that is not there is stood in for, said loudly, and has all of its own again when it is back', async () => {
  const places = { recordings_path: join(card, 'recordings'), snapshots_path: join(card, 'snapshots') }
  mkdirSync(places.recordings_path, { recursive: true })
  mkdirSync(places.snapshots_path)
  writeFileSync(config, JSON.stringify({ mediamtx: places, storage: { fallback_path: spare } }))

  const before = await run()
  expect(before.listed).toEqual([before.recording.filename])
  expect(before.log).not.toContain('stands in')
  expect(existsSync(spare)).toBe(false)

  // The card came loose.
  renameSync(card, join(folder, 'away'))
  const meanwhile = await run()
  expect(meanwhile.listed).toEqual([meanwhile.recording.filename])
  expect(meanwhile.status).toBe(200)
  expect(meanwhile.snapshot.file_path.startsWith(join(spare, 'snapshots'))).toBe(true)
  expect(readdirSync(join(spare, 'recordings')).some((name) => name.startsWith(meanwhile.recording.filename))).toBe(true)
  expect(meanwhile.log).toContain('stands in for it')
  expect(meanwhile.health).toContain('recordings and snapshots are kept in storage.fallback_path')

  renameSync(join(folder, 'away'), card)
  const after = await run()
  // And what was kept elsewhere meanwhile is not lost from the list.
  const all = [before, meanwhile, after].map(({ recording }) => recording.filename)
  expect(after.listed.toSorted()).toEqual(all.toSorted())
  expect(after.health).not.toContain('fallback_path')
}, 120_000)
