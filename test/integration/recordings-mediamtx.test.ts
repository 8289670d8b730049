/** Recordings that MediaMTX writes, by the whole service and a real MediaMTX: run when `MEDIAMTX_BIN` or `PATH` has one. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { playThrough } from '../support/ffprobe.js'
import { freePort } from '../support/free-port.mjs'
import { type Incoming, RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'
import { until } from '../support/until.js'
import { realMediamtx } from './media-bench.js'

const binary = realMediamtx()
if (binary === undefined) {
  process.stderr.write('SKIPPED: recordings by a real MediaMTX; set MEDIAMTX_BIN or put mediamtx on PATH to run them\n')
}

interface Started {
  readonly filename: string
}

describe.skipIf(binary === undefined)('with MediaMTX', { timeout: 90_000 }, () => {
  let service: RunningService
  let client: RpcClient

  const stateDir = mkdtempSync(join(tmpdir(), 'recordings-mediamtx-'))
  let env: Readonly<Record<string, string>> = {}

  beforeAll(async () => {
    const ports = await Promise.all(['API', 'RTSP', 'HLS', 'WEBRTC'].map(async (name) => [name, String(await freePort())]))
    env = {
      CAMERA_SERVICE_MEDIAMTX_MODE: 'managed',
      CAMERA_SERVICE_MEDIAMTX_BINARY: binary ?? '',
      ...Object.fromEntries(ports.map(([name, port]) => [`CAMERA_SERVICE_MEDIAMTX_${name}_PORT`, port])),
    }
    await start()
  })

  async function start(): Promise<void> {
    service = await startService({ args: ['--virtual-cameras', '3'], stateDir, env })
    client = await RpcClient.connect(service.url)
    await client.login(service.token('admin'))
    await until('it is adopted', async () => (await components()).mediamtx === 'RUNNING')
  }

  afterAll(async () => {
    await client.close()
    await service.stop()
    rmSync(stateDir, { recursive: true, force: true })
  })

  async function components(): Promise<Readonly<Record<string, string>>> {
    return (await client.call<{ components: Record<string, string> }>('get_status')).components
  }

  function pathOf(name: string): string {
    return join(service.stateDir, 'recordings', `${name}.mp4`)
  }

  function events(from: number): readonly Incoming[] {
    return client.messages.slice(from).filter(({ method }) => method !== undefined && method !== 'recording.progress')
  }

  it('records fmp4 as H.264, under the name answered, and closes it with its duration', async () => {
    await client.call('subscribe_events', {
      topics: [
        'recording.progress',
        'recording.start',
        'recording.stop',
        'mediamtx.recording_started',
        'mediamtx.recording_stopped',
      ],
    })
    const from = client.messages.length
    const started = await client.call<Started>('start_recording', { device: 'camera0' })
    expect(readdirSync(join(service.stateDir, 'recordings'))).toContain(`${started.filename}.mp4`)
    await client.next(({ method, params }) => method === 'recording.progress' && Number(params?.duration) >= 3)
    const stopped = await client.call<{ duration: number }>('stop_recording', { device: 'camera0' })
    const played = await playThrough(pathOf(started.filename))
    expect(played.codec).toBe('h264')
    expect(Math.abs(played.span - stopped.duration)).toBeLessThanOrEqual(1)
    expect(played.duration).toBeGreaterThan(1)
    const fact = { device: 'camera0', filename: started.filename }
    expect(events(from).map(({ method, params }) => [method, { device: params?.device, filename: params?.filename }])).toEqual([
      ['recording.start', fact],
      ['mediamtx.recording_started', fact],
      ['recording.stop', fact],
      ['mediamtx.recording_stopped', fact],
    ])
  })

  it('R-08: killed in the middle of three recordings: segments kept, new ones begun, the gap told', async () => {
    await client.call('subscribe_events', { topics: ['recording_status_update', 'recording.progress'] })
    const devices = ['camera0', 'camera1', 'camera2']
    const first = await Promise.all(devices.map((device) => client.call<Started>('start_recording', { device })))
    await progress(2)
    const from = client.messages.length
    const killed = childNamed(service.pid, 'mediamtx')
    process.kill(killed, 'SIGKILL')
    await until('the errors are told', async () => updates(from, 'ERROR').length === 3)
    await until('it is adopted', async () => (await components()).mediamtx === 'RUNNING')
    const upMs = performance.now()
    await until('the starts are told', async () => updates(from, 'STARTED').length === 3)
    const resumedMs = performance.now() - upMs
    await progress(6)
    for (const device of devices) {
      const stopped = await client.call('stop_recording', { device })
      expect(stopped).toMatchObject({ filename: first[devices.indexOf(device)]?.filename, status: 'STOPPED' })
    }
    const names = updates(from, 'STARTED').map(({ params }) => String(params?.filename))
    const files = [...first.map(({ filename }) => filename), ...names]
    expect(new Set(files).size).toBe(6)
    for (const name of files) {
      expect((await playThrough(pathOf(name))).packets).toBeGreaterThan(10)
      expect(await client.call('get_recording_info', { filename: name })).toMatchObject({ duration: expect.any(Number) })
    }
    console.info(`resumed ${Math.round(resumedMs)} ms after MediaMTX was up`)
    expect(resumedMs).toBeLessThan(2_000)
    expect(childNamed(service.pid, 'mediamtx')).not.toBe(killed)
  })

  it('its publisher killed, then its file deleted: each time a new file is begun, and what is missing is told', async () => {
    await client.call('subscribe_events', {
      topics: ['mediamtx.recording_failed', 'mediamtx.recording_started', 'recording.progress'],
    })
    const from = client.messages.length
    const { filename } = await client.call<Started>('start_recording', { device: 'camera1' })
    await progress(2)
    process.kill(childNamed(service.pid, 'ffmpeg'), 'SIGKILL')
    await until('three are told', async () => reasons(from).length === 3)
    await progress(4)
    const second = client.messages.findLast(({ method }) => method === 'mediamtx.recording_started')?.params?.filename
    unlinkSync(pathOf(String(second)))
    await until('five are told', async () => reasons(from).length === 5)
    expect(reasons(from)).toEqual([undefined, 'stream_lost', 'resumed', 'file_lost', 'resumed'])
    const third = client.messages.findLast(({ method }) => method === 'mediamtx.recording_started')?.params?.filename
    await until('it grows', async () => Number((await info(String(third))).file_size) > 50_000)
    expect(await client.call('stop_recording', { device: 'camera1' })).toMatchObject({ filename, status: 'STOPPED' })
    for (const name of [filename, String(third)]) expect((await playThrough(pathOf(name))).packets).toBeGreaterThan(5)
  })

  function reasons(from: number): readonly unknown[] {
    return client.messages
      .slice(from)
      .filter(({ method }) => method === 'mediamtx.recording_failed' || method === 'mediamtx.recording_started')
      .map(({ params }) => params?.reason)
  }

  async function info(filename: string): Promise<{ readonly file_size: number }> {
    return await client.call('get_recording_info', { filename })
  }

  it('kill -9 of the service: recorded on with the MediaMTX of the next run, and everything plays', async () => {
    const { filename } = await client.call<Started>('start_recording', { device: 'camera0' })
    await client.call('subscribe_events', { topics: ['recording.progress'] })
    await progress(2)
    await service.kill('SIGKILL')
    await client.close()
    await start()
    let files: readonly Started[] = []
    await until('the next part is listed', async () => {
      files = (await client.call<{ files: readonly Started[] }>('list_recordings', { limit: 2 })).files
      return files[1]?.filename === filename
    })
    await client.call('subscribe_events', { topics: ['recording.progress'] })
    await progress(4)
    expect(await client.call('stop_recording', { device: 'camera0' })).toMatchObject({ filename })
    for (const file of files) expect((await playThrough(pathOf(file.filename))).codec).toBe('h264')
  })

  function updates(from: number, status: string): readonly Incoming[] {
    return events(from).filter(({ method, params }) => method === 'recording_status_update' && params?.status === status)
  }

  /** Until each camera that is recorded has so many seconds. */
  async function progress(seconds: number): Promise<void> {
    await client.next(({ method, params }) => method === 'recording.progress' && Number(params?.duration) >= seconds)
  }
})

/** A child of `parent` that runs a program of that name. */
function childNamed(parent: number, name: string): number {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const fields = readFileSync(`/proc/${entry}/stat`, 'utf8')
      const [, command, rest = ''] = /\((.*)\) (.*)/s.exec(fields) ?? []
      if (command === name && Number(rest.split(' ')[1]) === parent) return Number(entry)
    } catch {
      // Ended meanwhile.
    }
  }
  throw new Error(`no ${name} below ${parent}`)
}
