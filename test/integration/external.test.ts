/** A stream of another machine, from being added to being recorded: that machine is a second service with cameras of its own. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePlaces } from '../../src/media/server/free-ports.js'
import { playThrough } from '../support/ffprobe.js'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'
import { until } from '../support/until.js'
import { play, realMediamtx } from './media-bench.js'

const binary = realMediamtx()
if (binary === undefined) {
  process.stderr.write('SKIPPED: external streams with a real MediaMTX; set MEDIAMTX_BIN or put mediamtx on PATH to run them\n')
}

describe.skipIf(binary === undefined)('a stream of another machine', { timeout: 60_000 }, () => {
  let other: RunningService
  let ours: RunningService
  let client: RpcClient
  let url: string
  const stateDir = mkdtempSync(join(tmpdir(), 'external-'))

  beforeAll(async () => {
    other = await startService({ args: ['--virtual-cameras', '1'], env: await managed() })
    ours = await startService({ stateDir, env: { ...(await managed()), ...ALLOWED } })
    const elsewhere = await connect(other)
    await until('the other machine streams', () =>
      elsewhere.call('get_stream_url', { device: 'camera0' }).then(
        () => true,
        () => false,
      ),
    )
    url = (await elsewhere.call<{ stream_url: string }>('get_stream_url', { device: 'camera0' })).stream_url
    await elsewhere.close()
    client = await connect(ours)
    await until('MediaMTX is up', () =>
      client.call('get_streams').then(
        () => true,
        () => false,
      ),
    )
  }, 60_000)

  afterAll(async () => {
    await client?.close()
    await ours?.stop()
    await other?.stop()
    rmSync(stateDir, { recursive: true, force: true })
  })

  it('is added, plays, gives stills, records and is removed, like a camera', async () => {
    const added = await client.call('add_external_stream', {
      stream_url: url.replace('rtsp://', 'rtsp://ann:s3cret@'),
      stream_name: 'Gate',
    })
    const shown = url.replace('rtsp://', 'rtsp://ann:***@')
    expect(added).toMatchObject({ stream_url: shown, stream_name: 'Gate', stream_type: 'generic_rtsp', status: 'ADDED' })
    expect(await client.call('get_external_streams')).toMatchObject({
      external_streams: [{ url: shown, name: 'Gate', status: 'ADDED', capabilities: { path: 'external_gate' } }],
      total_count: 1,
    })
    const device = 'external_gate'

    const first = await client.call<Still>('take_snapshot', { device, format: 'jpg' })
    expect(first).toMatchObject({ device, status: 'SUCCESS', tier_used: 3, capture_method: 'rtsp_activation' })
    expect(jpegEnds(first.file_path)).toEqual(['ffd8', 'ffd9'])
    const next = await client.call<Still>('take_snapshot', { device, format: 'png', max_width: 160 })
    expect(next).toMatchObject({ tier_used: 2, capture_method: 'rtsp_immediate' })
    expect(readFileSync(next.file_path).readUInt32BE(16)).toBe(160)

    const started = await client.call<{ stream_url: string }>('start_streaming', { device })
    expect((await play(started.stream_url, 2)).length).toBeGreaterThan(10)
    expect(await client.call('get_stream_status', { device })).toMatchObject({ status: 'ACTIVE', ready: true })
    expect(await client.call('stop_streaming', { device })).toMatchObject({ status: 'STOPPED', stream_continues: false })

    const recording = await client.call<{ filename: string }>('start_recording', { device })
    expect(recording).toMatchObject({ device, status: 'RECORDING', format: 'fmp4' })
    expect(await client.failure('start_recording', { device, format: 'mkv' })).toMatchObject({ code: -32020 })
    const { duration } = await client.call<{ duration: number }>('stop_recording', { device })
    expect(duration).toBeGreaterThanOrEqual(0)
    expect((await playThrough(join(stateDir, 'recordings', `${recording.filename}.mp4`))).codec).toBe('h264')
    expect(await client.failure('start_recording', { device, format: 'mkv' })).toMatchObject({
      code: -32602,
      data: { param: 'format' },
    })

    expect(await client.call('remove_external_stream', { stream_url: url })).toMatchObject({
      stream_url: shown,
      status: 'REMOVED',
    })
    expect(await client.failure('take_snapshot', { device })).toMatchObject({ code: -32010 })
    await until('its path is gone', async () => (await client.call<unknown[]>('get_streams')).length === 0)
    expect(ours.log() + ours.output()).not.toContain('s3cret')
  })

  it('that is not there is refused by each way that was tried, and its ffmpeg is gone', async () => {
    const { rtspPort } = await freePlaces('127.0.0.1')
    await client.call('add_external_stream', { stream_url: `rtsp://127.0.0.1:${rtspPort}/none`, stream_name: 'none' })
    const device = 'external_none'
    expect(await client.failure('start_streaming', { device })).toMatchObject({ code: -32050, data: { dependency: 'MediaMTX' } })
    expect(await client.failure('take_snapshot', { device })).toMatchObject({
      code: -32050,
      data: { dependency: 'MediaMTX', methods_tried: ['rtsp_activation'] },
    })
    await client.call('remove_external_stream', { stream_url: `rtsp://127.0.0.1:${rtspPort}/none` })
  })

  it('is never one of our own', async () => {
    const own = `rtsp://127.0.0.1:${ours.env.CAMERA_SERVICE_MEDIAMTX_RTSP_PORT}/camera0`
    expect(await client.failure('add_external_stream', { stream_url: own, stream_name: 'loop' })).toMatchObject({
      code: -32602,
      data: { param: 'stream_url' },
    })
  })

  it('is there after the service was killed', async () => {
    await client.call('add_external_stream', { stream_url: url, stream_name: 'Gate' })
    await client.close()
    const { port, env } = ours
    await ours.kill('SIGKILL')
    ours = await startService({ stateDir, port, env })
    client = await connect(ours)
    await until('it plays again', () =>
      client.call('start_streaming', { device: 'external_gate' }).then(
        () => true,
        () => false,
      ),
    )
    await client.call('remove_external_stream', { stream_url: url })
  })
})

/** The other machine is this one. */
const ALLOWED = {
  CAMERA_SERVICE_EXTERNAL_DISCOVERY_ENABLED: 'true',
  CAMERA_SERVICE_EXTERNAL_DISCOVERY_ALLOWED_NETWORKS: '127.0.0.0/8',
}

interface Still {
  readonly file_path: string
}

async function managed(): Promise<Record<string, string>> {
  const { apiPort, rtspPort, hlsPort, webrtcPort, webrtcUdpPort } = await freePlaces('127.0.0.1')
  return {
    CAMERA_SERVICE_MEDIAMTX_MODE: 'managed',
    CAMERA_SERVICE_MEDIAMTX_BINARY: binary ?? '',
    CAMERA_SERVICE_MEDIAMTX_API_PORT: String(apiPort),
    CAMERA_SERVICE_MEDIAMTX_RTSP_PORT: String(rtspPort),
    CAMERA_SERVICE_MEDIAMTX_HLS_PORT: String(hlsPort),
    CAMERA_SERVICE_MEDIAMTX_WEBRTC_PORT: String(webrtcPort),
    CAMERA_SERVICE_MEDIAMTX_WEBRTC_UDP_PORT: String(webrtcUdpPort),
    CAMERA_SERVICE_MEDIAMTX_RUN_ON_DEMAND_START_TIMEOUT: '2s',
    CAMERA_SERVICE_CAMERA_MODES: 'camera0=640x360@15',
  }
}

async function connect(service: RunningService): Promise<RpcClient> {
  const client = await RpcClient.connect(service.url)
  await client.login(service.token('admin'))
  return client
}

function jpegEnds(file: string): string[] {
  const bytes = readFileSync(file)
  return [bytes.subarray(0, 2).toString('hex'), bytes.subarray(-2).toString('hex')]
}
