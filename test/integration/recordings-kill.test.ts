/** The service is killed in the middle: what was acknowledged is there afterwards, goes on or is closed, and plays. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { playThrough } from '../support/ffprobe.js'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'
import { until } from '../support/until.js'
import { recordersIn } from './recordings-bench.js'

interface Started {
  readonly filename: string
  readonly start_time: string
}

interface Listed {
  readonly files: readonly { readonly filename: string; readonly file_size: number; readonly download_url: string }[]
}

let stateDir: string
let service: RunningService | undefined
let client: RpcClient

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'recordings-kill-'))
})

afterEach(async () => {
  await client.close()
  await service?.stop()
  service = undefined
  expect(recordersIn(stateDir)).toEqual([])
  rmSync(stateDir, { recursive: true, force: true })
})

async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
  service = await startService({ args: ['--virtual-cameras', '2'], stateDir, env })
  client = await RpcClient.connect(service.url)
  await client.login(service.token('admin'))
  await client.call('subscribe_events', {
    topics: ['recording.progress', 'recording.start', 'recording.stop', 'recording.error'],
  })
}

/** The process stops itself when some old files have been deleted. */
const STOPS_IN_CLEANUP = `--import=data:text/javascript,${encodeURIComponent(`import fs from 'node:fs'
  import { syncBuiltinESMExports } from 'node:module'
  const { unlinkSync } = fs
  let deleted = 0
  fs.unlinkSync = (file) => {
    unlinkSync(file)
    if (/old_[0-9]+[.]mp4$/.test(file) && ++deleted === 500) process.kill(process.pid, 'SIGSTOP')
  }
  syncBuiltinESMExports()`)}`

async function kill(): Promise<void> {
  await service?.kill('SIGKILL')
  await client.close()
  // The recorder sees the end of its input and finishes the file.
  await until('recorders end by themselves', () => recordersIn(stateDir).length === 0)
}

async function progress(seconds: number): Promise<void> {
  await client.next(({ method, params }) => method === 'recording.progress' && Number(params?.duration) >= seconds)
}

async function listed(): Promise<Listed['files']> {
  return (await client.call<Listed>('list_recordings')).files
}

function file(url: string): string {
  return join(stateDir, 'recordings', decodeURIComponent(url.slice(url.lastIndexOf('/') + 1)))
}

describe('kill -9', { timeout: 60_000 }, () => {
  it('in the middle of two recordings: both go on in new files, and all four play', async () => {
    await start()
    const one = await client.call<Started>('start_recording', { device: 'camera0' })
    const two = await client.call<Started>('start_recording', { device: 'camera1', format: 'mkv' })
    await progress(2)
    await kill()
    await start()
    await until('both go on', async () => (await listed()).length === 4)
    expect(await client.failure('start_recording', { device: 'camera0' })).toMatchObject({
      code: -32020,
      data: { state: 'RECORDING' },
    })
    await progress(3)
    expect(await client.call('stop_recording', { device: 'camera0' })).toMatchObject({ filename: one.filename, format: 'fmp4' })
    expect(await client.call('stop_recording', { device: 'camera1' })).toMatchObject({ filename: two.filename, format: 'mkv' })
    const files = await listed()
    expect(files).toHaveLength(4)
    for (const { download_url, filename } of files) {
      const played = await playThrough(file(download_url))
      const { duration } = await client.call<{ duration: number }>('get_recording_info', { filename })
      expect(Math.abs(duration - played.span)).toBeLessThanOrEqual(1)
    }
    expect(readdirSync(join(stateDir, 'recordings', '.under-way'))).toEqual([])
  })

  it('of the recorder too: the file is cut to its last whole piece and plays', async () => {
    await start()
    const { filename } = await client.call<Started>('start_recording', { device: 'camera0' })
    await progress(2)
    for (const pid of recordersIn(stateDir)) process.kill(pid, 'SIGSTOP')
    const recorders = recordersIn(stateDir)
    await service?.kill('SIGKILL')
    for (const pid of recorders) process.kill(pid, 'SIGKILL')
    await client.close()
    const path = join(stateDir, 'recordings', `${filename}.mp4`)
    // As a power cut in the middle of a write leaves it.
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.subarray(0, bytes.length - 1_000))
    await start()
    await until('it goes on', async () => (await listed()).length === 2)
    expect((await playThrough(path)).packets).toBeGreaterThan(10)
    await client.call('stop_recording', { device: 'camera0' })
  })

  it('for longer than the recording was to last: it is closed and listed', async () => {
    await start()
    const { filename, start_time } = await client.call<Started>('start_recording', { device: 'camera0', duration: 6 })
    await progress(1)
    await kill()
    await until('its time is over', () => Date.now() >= Date.parse(start_time) + 6_000)
    await start()
    await until('it is closed', async () => (await client.failure('stop_recording', { device: 'camera0' })).data.state === 'IDLE')
    const files = await listed()
    expect(files.map((entry) => entry.filename)).toEqual([filename])
    expect((await playThrough(file(files[0]?.download_url ?? ''))).packets).toBeGreaterThan(10)
  })

  it('R-37 in the middle of a cleanup: what is left is listed, and goes with the next; the open recording stays', async () => {
    const FILES = 3_000
    await start({ NODE_OPTIONS: STOPS_IN_CLEANUP })
    const { filename } = await client.call<Started>('start_recording', { device: 'camera0' })
    const folder = join(stateDir, 'recordings')
    for (let number = 0; number < FILES; number += 1) {
      writeFileSync(join(folder, `old_${number}.mp4`), 'x')
      utimesSync(join(folder, `old_${number}.mp4`), 1_000_000 + number, 1_000_000 + number)
    }
    await until('all are listed', async () => (await total()) === FILES + 1)
    await client.call('set_retention_policy', { policy_type: 'age', max_age_days: 1, enabled: true })
    client.send({ jsonrpc: '2.0', method: 'cleanup_old_files' })
    await until('some have gone', () => / T /.test(readFileSync(`/proc/${service?.pid}/stat`, 'latin1')))
    await kill()
    const left = readdirSync(folder).filter((name) => !name.startsWith('.'))
    expect(left.length).toBeGreaterThan(1)
    expect(left.length).toBeLessThan(FILES)
    // The oldest went first.
    const numbers = left.flatMap((name) => /^old_(\d+)/.exec(name)?.[1] ?? []).map(Number)
    expect(Math.min(...numbers)).toBe(FILES - numbers.length)
    await start()
    await until('what is left is listed', async () => (await total()) >= left.length && (await total()) <= left.length + 1)
    // The policy was durable before it was answered.
    expect(await client.call('cleanup_old_files')).toMatchObject({ cleanup_executed: true, files_deleted: numbers.length })
    await until('it goes on', async () => (await total()) === 2)
    await client.call('stop_recording', { device: 'camera0' })
    await playThrough(join(folder, `${filename}.mp4`))
  })

  async function total(): Promise<number> {
    return (await client.call<{ total: number }>('list_recordings', { limit: 1 })).total
  }
})
