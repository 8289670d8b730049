/** What users count on, whole: against the double always, against the real MediaMTX when `MEDIAMTX_BIN` or `PATH` has one. */

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MediaOptions, MediaService } from '../../src/media/index.js'
import { until } from '../support/until.js'
import { ask, FLOW_SERVERS, type FlowServer } from './flow-servers.js'
import { type MediaBench, openBench } from './media-bench.js'

if (FLOW_SERVERS.length < 2) {
  process.stderr.write('SKIPPED: the flows against a real MediaMTX; set MEDIAMTX_BIN or put mediamtx on PATH to run them\n')
}

describe.each(FLOW_SERVERS)('against %s', { timeout: 60_000 }, (_what, make) => {
  let server: FlowServer
  let bench: MediaBench | undefined

  beforeEach(async () => {
    server = await make()
  })

  afterEach(async () => {
    // Its hooks are its own and end with it.
    await server.end()
    await bench?.close()
    bench = undefined
  })

  async function open(options: Partial<MediaOptions> = {}, devices: readonly string[] = ['camera0']): Promise<MediaService> {
    bench = openBench({ mode: 'external', apiPort: server.apiPort, compareIntervalMs: 300, ...options }, devices)
    const { media } = bench
    await media.start(new AbortController().signal)
    await until('it is adopted', () => media.state === 'up')
    return media
  }

  const isPublished = (media: MediaService, device = 'camera0') => media.path(device)?.available === true
  const config = async (name: string) => (await ask(server, 'GET', `config/paths/get/${name}`)) as Record<string, unknown>

  test('a stream starts, is the same when started twice, and stops', async () => {
    const media = await open()
    const { start_time } = await media.startStreaming('camera0', 'h')
    expect((await media.startStreaming('camera0', 'h')).start_time).toBe(start_time)
    await until('frames are encoded', async () => (await media.streamStatus('camera0')).metrics.frames_sent > 0)
    expect(await media.streamStatus('camera0')).toMatchObject({ status: 'ACTIVE', ready: true, start_time })
    expect(await media.stopStreaming('camera0')).toMatchObject({ status: 'STOPPED', stream_continues: false, start_time })
    expect(await media.streamUrl('camera0', 'h')).toMatchObject({ available: false })
  })

  test('a reader alone starts the publisher; when it has left, the publisher ends by itself', async () => {
    const media = await open({ demandCloseAfterMs: 2_000, viewCloseAfterMs: 200 })
    const leave = await server.read('camera0')
    expect(isPublished(media) || (await media.streamStatus('camera0')).ffmpeg_process.running).toBe(true)
    await until('the reader is counted', () => (media.path('camera0')?.readers.length ?? 0) > 0)
    leave()
    await until('nothing publishes any more', () => !isPublished(media), 15_000)
  })

  test('a stream that is stopped goes on for those who read it', async () => {
    const media = await open()
    await media.startStreaming('camera0', 'h')
    const leave = await server.read('camera0')
    expect(await media.stopStreaming('camera0')).toMatchObject({ stream_continues: true })
    expect(isPublished(media)).toBe(true)
    leave()
  })

  test('two cameras have nothing to do with each other', async () => {
    const media = await open({}, ['camera0', 'camera1'])
    await Promise.all([media.startStreaming('camera0', 'h'), media.startStreaming('camera1', 'h')])
    const { pid } = (await media.streamStatus('camera1')).ffmpeg_process
    await media.stopStreaming('camera0')
    expect(isPublished(media, 'camera1')).toBe(true)
    expect((await media.streamStatus('camera1')).ffmpeg_process.pid).toBe(pid)
  })

  test('a recording makes a file that is told and grows, and another when MediaMTX was killed', async () => {
    const media = await open()
    const created: string[] = []
    const completed: string[] = []
    media.events.on('segmentCreated', ({ file }) => created.push(file))
    media.events.on('segmentCompleted', ({ file }) => completed.push(file))
    const recordPath = join(bench?.stateDir ?? '', 'recorded', '%path', '%Y-%m-%d_%H-%M-%S-%f')
    await media.setRecording('camera0', { recordPath, format: 'fmp4', segmentDurationMs: 60_000, partDurationMs: 300 })
    await until('a file is told', () => created.length === 1)
    const [first = ''] = created
    const { size } = statSync(first)
    await until('it grows', () => statSync(first).size > size)

    await server.kill()
    await until('its end is seen', () => media.state === 'down', 2_000)
    await server.start()
    await until('another file is told', () => created.length === 2, 20_000)
    expect(completed).toEqual([])
    await media.setRecording('camera0', undefined)
    await until('it is finished', () => completed.length === 1)
    expect(completed[0]).toBe(created[1])
    await until('nothing publishes any more', () => !isPublished(media))
    // The one that the kill left open is kept.
    expect(statSync(first).size).toBeGreaterThanOrEqual(size)
  })

  test('a recording and a stream of one camera share its publisher, and recording drops no reader', async () => {
    const media = await open()
    await media.startStreaming('camera0', 'h')
    await server.read('camera0')
    const { pid } = (await media.streamStatus('camera0')).ffmpeg_process
    const recordPath = join(bench?.stateDir ?? '', 'recorded', '%path', '%f-%s')
    await media.setRecording('camera0', { recordPath, format: 'fmp4', segmentDurationMs: 60_000, partDurationMs: 300 })
    await media.setRecording('camera0', undefined)
    await until('the list is new', () => media.path('camera0') !== undefined)
    const status = await media.streamStatus('camera0')
    expect(status.ffmpeg_process.pid).toBe(pid)
    expect(status.mediamtx_path.readers).toBe(1)
  })

  test('a stream from elsewhere has a path, is recorded like a camera, and goes', async () => {
    const media = await open()
    const { stream_url } = await media.startStreaming('camera0', '127.0.0.1')
    await media.setSource('uav/eo', { url: stream_url, onDemand: true, transport: 'tcp' })
    expect(await config('uav/eo')).toMatchObject({ source: stream_url, sourceOnDemand: true })
    await media.setRecording('uav/eo', {
      ...{ recordPath: join(bench?.stateDir ?? '', 'recorded', '%path', '%f-%s'), format: 'fmp4' },
      ...{ segmentDurationMs: 60_000, partDurationMs: 300 },
    })
    expect(await config('uav/eo')).toMatchObject({ sourceOnDemand: false, record: true })
    await media.setSource('uav/eo', undefined)
    expect(await config('uav/eo')).toMatchObject({ error: 'path configuration not found' })
    expect(media.path('uav/eo')).toBeUndefined()
  })

  test('killed while it streams, everything is back without a call', async () => {
    const media = await open({}, ['camera0', 'camera1'])
    await media.startStreaming('camera0', 'h')
    const before = await config('camera0')
    await server.kill()
    await until('its end is seen', () => media.state === 'down', 2_000)
    await expect(media.startStreaming('camera0', 'h')).rejects.toMatchObject({ code: 'DEPENDENCY_FAILED' })
    await server.start()
    await until('it is published again', () => isPublished(media))
    expect(await config('camera0')).toEqual(before)
    expect(media.path('camera1')).toBeDefined()
  })

  test('a path that somebody deletes is back, and published again', async () => {
    const media = await open()
    await media.startStreaming('camera0', 'h')
    const before = await config('camera0')
    expect(await ask(server, 'DELETE', 'config/paths/delete/camera0')).toMatchObject({ status: 'ok' })
    await until('it is back', async () => (await config('camera0')).name === 'camera0')
    expect(await config('camera0')).toEqual(before)
    await until('it is published again', async () => (await media.streamStatus('camera0')).status === 'ACTIVE')
  })

  test('the hidden state that somebody’s refused PATCH leaves is cured', async () => {
    const media = await open()
    expect(await ask(server, 'PATCH', 'config/paths/patch/camera0', { sourceOnDemand: true })).toMatchObject({ status: 'error' })
    expect(await ask(server, 'POST', 'config/paths/add/other', {})).toMatchObject({ status: 'error' })
    bench?.feeds.setDevices(['camera0', 'camera2'])
    await until('the new camera has its path', () => media.path('camera2') !== undefined)
    expect(await ask(server, 'POST', 'config/paths/add/other', {})).toMatchObject({ status: 'ok' })
  })
})
