/** The media service against the double: what MediaMTX is told, what its faults do, and demand. A real ffmpeg publishes. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { ServiceError } from '../../src/base/errors.js'
import type { MediaOptions } from '../../src/media/index.js'
import { type DoubleOptions, MediamtxDouble } from '../support/mediamtx-double/index.js'
import { type MediaBench, openBench, until } from './media-bench.js'

let bench: MediaBench | undefined
let double: MediamtxDouble | undefined

afterEach(async () => {
  await double?.kill()
  await bench?.close()
  bench = undefined
  double = undefined
})

test('a server that answers is adopted and gets one path per camera, and nothing more than that is written', async () => {
  const { media, server } = await open({}, {}, ['camera0', 'camera1'])
  expect(server.names()).toEqual(['camera0', 'camera1'])
  expect(server.config('camera0')).toMatchObject({
    source: 'publisher',
    record: false,
    runOnDemandRestart: true,
    runOnDemandStartTimeout: '10s',
    runOnDemandCloseAfter: '10s',
  })
  expect(server.config('camera0')?.runOnDemand).toMatch(/camera-notifier .*demand\.sock$/)
  expect(media.version).toBe('v1.20.1')
  server.calls.length = 0
  await until('it was compared twice', () => count(server, 'GET config/paths/list') >= 2)
  expect(writes(server)).toEqual([])
})

test('a stream starts, is the same when started twice, tells its state, and stops', async () => {
  const { media } = await open()
  const started = await media.startStreaming('camera0', '192.0.2.7')
  expect(started).toMatchObject({ status: 'STARTED', stream_name: 'camera0', auto_close_after: '300s' })
  expect(started.stream_url).toMatch(/^rtsp:\/\/192\.0\.2\.7:\d+\/camera0$/)
  expect(started.ffmpeg_command).toMatch(/^ffmpeg .*-c:v libx264 .*rtsp:\/\/127\.0\.0\.1:\d+\/camera0$/)
  expect((await media.startStreaming('camera0', '192.0.2.7')).start_time).toBe(started.start_time)
  expect(await media.streamUrl('camera0', 'h')).toMatchObject({ available: true, active_consumers: 0, stream_status: 'READY' })
  expect((await media.streamStatus('camera0')).ffmpeg_process.running).toBe(true)
  const stopped = await media.stopStreaming('camera0')
  expect(stopped).toMatchObject({ device: 'camera0', status: 'STOPPED', start_time: started.start_time, stream_continues: false })
  expect(await media.streamUrl('camera0', 'h')).toMatchObject({ available: false, stream_status: 'NOT_READY' })
})

test('while others read, a stopped stream continues', async () => {
  const { media, server } = await open()
  await media.startStreaming('camera0', 'h')
  const leave = await server.live.read('camera0')
  expect(await media.stopStreaming('camera0')).toMatchObject({ stream_continues: true })
  expect((await media.streamStatus('camera0')).mediamtx_path).toEqual({ exists: true, ready: true, readers: 1 })
  leave()
})

test('a reader whom MediaMTX holds starts the publisher, and its end ends it after the close-after time', async () => {
  const { media, server } = await open({}, { viewCloseAfterMs: 100 })
  const leave = await server.live.read('camera0')
  expect((await media.streamStatus('camera0')).status).toBe('ACTIVE')
  leave()
  server.live.endDemand('camera0')
  await until('it is published no more', () => server.runtime.get('camera0')?.publisher === undefined)
})

test('a server that cannot run our notifier is found out: cameras are published all the time there', async () => {
  const { server } = await open({ runsHooks: false })
  expect(server.config('camera0')?.runOnDemand).toBe('')
  await until('it is published', () => server.runtime.get('camera0')?.publisher !== undefined)
})

test('where no socket can be made the service goes on, and cameras are published all the time', async () => {
  const { server } = await open({}, {}, ['camera0'], ({ stateDir }) => writeFileSync(join(stateDir, 'run'), ''))
  expect(server.config('camera0')?.runOnDemand).toBe('')
  await until('it is published', () => server.runtime.get('camera0')?.publisher !== undefined)
})

const WISH = { recordPath: '/recordings/%path/%f', format: 'fmp4', segmentDurationMs: 60_000, partDurationMs: 500 } as const
const SOURCE = { url: 'rtsp://user:pass@192.0.2.1/eo', onDemand: true, transport: 'tcp' } as const

test('a recorded camera is published without any reader, changed in place, and forgotten by nobody', async () => {
  const { media, server } = await open()
  await media.setRecording('camera0', WISH)
  expect(server.config('camera0')).toMatchObject({ record: true, recordPath: '/recordings/%path/%f', recordDeleteAfter: '' })
  await until('it is published', () => server.runtime.get('camera0')?.publisher !== undefined)
  const { start_time } = await media.startStreaming('camera0', 'h')
  await media.stopStreaming('camera0')
  expect(await media.streamStatus('camera0')).toMatchObject({ status: 'ACTIVE', start_time })

  await server.restart()
  await until('it is recorded again', () => server.config('camera0')?.record === true)
  await until('it is published again', () => server.runtime.get('camera0')?.publisher !== undefined)

  await media.setRecording('camera0', undefined)
  expect(server.config('camera0')).toMatchObject({ record: false, recordPath: '/recordings/%path/%f' })
  await until('it is published no more', () => server.runtime.get('camera0')?.publisher === undefined)
})

test('a wish made before the start is in force from the first comparison on', async () => {
  const { server } = await open({}, {}, ['camera0'], ({ media }) => {
    void media.setRecording('camera0', WISH).catch(() => undefined)
    void media.setSource('uav', SOURCE).catch(() => undefined)
  })
  expect(server.config('camera0')?.record).toBe(true)
  expect(server.config('uav')?.source).toBe(SOURCE.url)
})

test('wishes that cannot be are refused and leave nothing', async () => {
  const { media, server } = await open()
  const params = { code: 'INVALID_PARAMS' }
  for (const recordPath of ['relative/%path/%f', '/r/%f', '/r/%path', '/r/../%path/%f', '/r/%path/%f\0']) {
    await expect(media.setRecording('camera0', { ...WISH, recordPath })).rejects.toMatchObject(params)
  }
  await expect(media.setRecording('camera0', { ...WISH, segmentDurationMs: 86_400_001 })).rejects.toMatchObject(params)
  await expect(media.setRecording('camera0', { ...WISH, partDurationMs: 0 })).rejects.toMatchObject(params)
  for (const name of ['', 'camera7', 'all', '../a', 'a//b', '/a', 'a b', '~^x', 'a%2f', 'ä', 'x'.repeat(300)]) {
    await expect(media.setSource(name, SOURCE)).rejects.toMatchObject(params)
  }
  for (const url of ['', 'http://192.0.2.1/', 'file:///etc/passwd', 'rtsp://', 'rtsp://a b', 'rtsp://a/\n', 'udp://1.2.3.4:5']) {
    await expect(media.setSource('uav', { ...SOURCE, url })).rejects.toMatchObject(params)
  }
  await expect(media.setRecording('camera1', WISH)).rejects.toMatchObject({ code: 'INVALID_STATE' })
  expect(server.names()).toEqual(['camera0'])
  expect(server.config('camera0')?.record).toBe(false)
})

test('a stream from elsewhere has its path while it is wished for, fetched all the time while it is recorded', async () => {
  const { media, server } = await open()
  await media.setSource('uav/eo', SOURCE)
  expect(server.config('uav/eo')).toMatchObject({ source: SOURCE.url, sourceOnDemand: true, record: false })
  expect((await media.streams()).map(({ name }) => name)).toEqual(['camera0', 'uav/eo'])
  await media.setRecording('uav/eo', WISH)
  expect(server.config('uav/eo')).toMatchObject({ sourceOnDemand: false, record: true })
  await media.setRecording('uav/eo', undefined)
  expect(server.config('uav/eo')).toMatchObject({ sourceOnDemand: true, record: false })
  await media.setSource('uav/eo', undefined)
  expect(server.names()).toEqual(['camera0'])
  expect(bench?.log.join('')).not.toContain('user:pass')
})

test('a wish that MediaMTX refuses, or cannot hear, is told as that', async () => {
  const { media, server } = await open({ file: { uav: { source: 'rtsp://192.0.2.9/b' } } })
  await expect(media.setSource('uav', SOURCE)).rejects.toMatchObject({
    code: 'DEPENDENCY_FAILED',
    data: { dependency: 'MediaMTX', detail: 'the path uav was configured by somebody else' },
  })
  await media.setSource('uav', undefined)
  const waiting = media.setRecording('camera0', WISH)
  server.faults.hang.add('config/paths/replace')
  await server.kill()
  await expect(waiting).rejects.toMatchObject({ code: 'DEPENDENCY_FAILED' })
  const begin = performance.now()
  await expect(media.setRecording('camera0', WISH)).rejects.toMatchObject({ code: 'DEPENDENCY_FAILED' })
  expect(performance.now() - begin).toBeLessThan(50)
  server.faults.hang.clear()
  await server.start()
  await until('the wish stands', () => server.config('camera0')?.record === true)
})

test('unknown cameras, absent cameras and streams that are not there are told apart', async () => {
  const { media } = await open()
  await expect(media.startStreaming('camera9', 'h')).rejects.toMatchObject({ code: 'CAMERA_NOT_FOUND' })
  await expect(media.startStreaming('camera1', 'h')).rejects.toMatchObject({ code: 'INVALID_STATE' })
  await expect(media.stopStreaming('camera0')).rejects.toMatchObject({ code: 'INVALID_STATE', data: { state: 'INACTIVE' } })
  await expect(media.streamStatus('camera0')).rejects.toMatchObject({
    code: 'STREAM_NOT_FOUND',
    data: { resource: 'stream', id: 'camera0' },
  })
})

test('without a server every method says so at once, and looking for one does no harm', async () => {
  bench = openBench({ mode: 'auto', apiPort: 9, searchPath: '/nonexistent' })
  const { media } = bench
  await media.start(new AbortController().signal)
  await until('it looked', () => media.detail.includes('mediamtx install'))
  expect(media.state).toBe('searching')
  const begin = performance.now()
  const dependency = { code: 'DEPENDENCY_FAILED', data: { dependency: 'MediaMTX' } }
  await expect(media.startStreaming('camera0', 'h')).rejects.toMatchObject(dependency)
  await expect(media.stopStreaming('camera0')).rejects.toMatchObject(dependency)
  await expect(media.streamUrl('camera0', 'h')).rejects.toMatchObject(dependency)
  await expect(media.streamStatus('camera0')).rejects.toMatchObject(dependency)
  await expect(media.streams()).rejects.toMatchObject(dependency)
  expect(performance.now() - begin).toBeLessThan(100)
  expect(media.streamLinks('camera0', 'h')).toEqual({})
})

test('switched off it does nothing and says so', async () => {
  bench = openBench({ mode: 'off' })
  await bench.media.start(new AbortController().signal)
  expect(bench.media.state).toBe('off')
})

test('paths that somebody deletes, alters or replaces are repaired; those of others are left alone', async () => {
  const { server } = await open({ file: { lobby: { source: 'rtsp://192.0.2.1/a' } } })
  const good = server.config('camera0')
  server.call('DELETE', 'config/paths/delete/camera0')
  await until('it is back', () => server.config('camera0') !== undefined, 6_000)
  server.call('PATCH', 'config/paths/patch/camera0', { maxReaders: 1 })
  await until('it is repaired', () => server.config('camera0')?.maxReaders === 0, 6_000)
  server.call('POST', 'config/paths/replace/camera0', { source: 'rtsp://192.0.2.9/b' })
  await until('it is ours again', () => server.config('camera0')?.source === 'publisher', 6_000)
  expect(server.config('camera0')).toEqual(good)
  expect(server.config('lobby')?.source).toBe('rtsp://192.0.2.1/a')
  expect(server.calls.some((call) => call.startsWith('PATCH'))).toBe(false)
})

test('a path of our name that was somebody else’s from the start is not touched, and still published to', async () => {
  const { media, server } = await open({ file: { camera0: { maxReaders: 7 } } })
  await media.startStreaming('camera0', 'h')
  expect(server.config('camera0')?.maxReaders).toBe(7)
  expect(writes(server).filter((call) => !call.includes('delete'))).toHaveLength(1)
})

test('with leave to take over, it is made ours', async () => {
  const { server } = await open({ file: { camera0: { maxReaders: 7 } } }, { takeOverPaths: true })
  expect(server.config('camera0')?.maxReaders).toBe(0)
})

test('a restart that forgot everything is noticed within a moment and undone, with one write per camera', async () => {
  const { media, server } = await open({}, {}, ['camera0', 'camera1'])
  await media.startStreaming('camera0', 'h')
  await server.restart()
  server.calls.length = 0
  await until('the stream is back without any call', () => server.runtime.get('camera0')?.publisher !== undefined)
  expect(server.names()).toEqual(['camera0', 'camera1'])
  // One more for the question whether it can run our notifier.
  expect(count(server, 'POST config/paths/replace')).toBe(3)
})

test('an edit of its file, which changes no start time, is noticed by the missing paths', async () => {
  const { server } = await open()
  server.editFile()
  await until('the path is back', () => server.config('camera0') !== undefined, 6_000)
})

test('the hidden state that a refused PATCH leaves is cured by replacing our path', async () => {
  const { server, media } = await open()
  expect(server.call('PATCH', 'config/paths/patch/camera0', { sourceOnDemand: true }).status).toBe(400)
  expect(server.call('POST', 'config/paths/add/other', {}).status).toBe(400)
  bench?.feeds.setDevices(['camera0', 'camera2'])
  await until('the new camera has its path', () => server.config('camera2') !== undefined, 6_000)
  expect(server.call('POST', 'config/paths/add/other', {}).status).toBe(200)
  expect(media.state).toBe('up')
})

test('a list that hangs while the rest answers is a server that is down; it comes back with it', async () => {
  const { media, server } = await open()
  server.faults.hang.add('paths/list')
  await until('it is down', () => media.state === 'down', 5_000)
  await expect(media.streams()).rejects.toMatchObject({ code: 'DEPENDENCY_FAILED' })
  server.faults.hang.clear()
  await until('it is up', () => media.state === 'up')
})

test.each([0, 1, 20, 200])('a reply cut after %i bytes changes nothing and is survived', async (bytes) => {
  const { media, server } = await open()
  server.faults.torn.set('config/paths/list', bytes)
  await until('it was noticed', () => media.state === 'down')
  expect(writes(server).length).toBeLessThanOrEqual(3)
  server.faults.torn.clear()
  await until('it is up', () => media.state === 'up')
  expect(server.names()).toEqual(['camera0'])
})

test.each([
  { status: 200, text: 'not json' },
  { status: 200, text: '{"items":7}' },
  { status: 500, text: 'oh' },
  { status: 429, text: '{}' },
])('a reply $status $text is survived', async (garbage) => {
  const { media, server } = await open()
  server.faults.garbage.set('paths/list', garbage)
  await until('it was noticed', () => media.state === 'down')
  server.faults.garbage.clear()
  await until('it is up', () => media.state === 'up')
})

test('a write whose reply is lost is repeated without harm', async () => {
  const { media, server } = await open()
  server.faults.dropReply.add('config/paths/replace')
  bench?.feeds.setDevices(['camera0', 'camera2'])
  await until('it was noticed', () => server.config('camera2') !== undefined)
  server.faults.dropReply.clear()
  await until('it is up', () => media.state === 'up')
  expect(server.names()).toEqual(['camera0', 'camera2'])
})

test('a write that shows late is not written again and again', async () => {
  const { server } = await open()
  server.faults.visibilityDelayMs = 1_000
  server.calls.length = 0
  bench?.feeds.setDevices(['camera0', 'camera2'])
  await until('it is listed', () => server.config('camera2') !== undefined)
  await until('it was compared again', () => count(server, 'GET config/paths/list') >= 3)
  expect(count(server, 'POST config/paths/replace')).toBeLessThanOrEqual(3)
})

test('credentials are sent; wrong ones are told as that', async () => {
  const credentials = { user: 'admin', password: 'right' }
  const { media } = await open({ credentials }, { apiCredentials: credentials })
  expect(media.state).toBe('up')
  await bench?.close()
  const api = double?.port ?? 0
  bench = openBench({ mode: 'external', apiPort: api, apiCredentials: { user: 'admin', password: 'wrong' } })
  await bench.media.start(new AbortController().signal)
  await until('it is refused', () => bench?.media.detail === 'the API refuses our credentials')
})

test('an old release is understood', async () => {
  const { media } = await open({ old: true })
  expect(media.version).toBeUndefined()
  await media.startStreaming('camera0', 'h')
  expect((await media.streams())[0]).toMatchObject({ name: 'camera0', ready: true })
})

test('a camera that leaves is stood in for, with its path and its publisher, and then both go', async () => {
  const { media, server } = await open({}, { absentKeepMs: 2_500 })
  await media.startStreaming('camera0', 'h')
  await until('frames are encoded', async () => (await media.streamStatus('camera0')).metrics.frames_sent > 5)
  const publisher = server.runtime.get('camera0')?.publisher
  bench?.feeds.setDevices([])
  const begin = performance.now()
  await expect(media.startStreaming('camera0', 'h')).rejects.toMatchObject({ code: 'INVALID_STATE' })
  expect(await media.streamStatus('camera0')).toMatchObject({ status: 'ACTIVE', error: 'the camera was unplugged' })
  const bytes = server.runtime.get('camera0')?.inboundBytes ?? 0
  await until('pictures go on', () => (server.runtime.get('camera0')?.inboundBytes ?? 0) > bytes + 500)
  expect(server.runtime.get('camera0')?.publisher).toBe(publisher)
  await until('its path is gone', () => server.config('camera0') === undefined, 20_000)
  expect(performance.now() - begin).toBeGreaterThan(2_400)
  await expect(media.streamStatus('camera0')).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' })
})

test('a camera that is back before that goes on, and who reads it is not dropped', async () => {
  const { media, server } = await open()
  await media.startStreaming('camera0', 'h')
  await until('frames are encoded', async () => (await media.streamStatus('camera0')).metrics.frames_sent > 5)
  await server.live.read('camera0')
  const { pid } = (await media.streamStatus('camera0')).ffmpeg_process
  bench?.feeds.setDevices([])
  bench?.feeds.setDevices(['camera0'])
  await until('it is there', async () => (await media.streamStatus('camera0')).error === undefined)
  const { frames_sent } = (await media.streamStatus('camera0')).metrics
  await until('frames go on', async () => (await media.streamStatus('camera0')).metrics.frames_sent > frames_sent + 15)
  const status = await media.streamStatus('camera0')
  expect(status.ffmpeg_process.pid).toBe(pid)
  expect(status.mediamtx_path.readers).toBe(1)
})

test('an ffmpeg that is not there is told at once', async () => {
  const { media } = await open({}, { ffmpeg: '/nonexistent/ffmpeg' })
  await expect(media.startStreaming('camera0', 'h')).rejects.toMatchObject({
    code: 'DEPENDENCY_FAILED',
    data: { dependency: 'FFmpeg', detail: expect.stringContaining('cannot be started') },
  })
})

test('a camera that cannot deliver is told at once, with its own error', async () => {
  const { media } = await open()
  const busy = new ServiceError('DEPENDENCY_FAILED', { data: { dependency: 'camera' }, details: 'the camera is busy' })
  if (bench !== undefined) bench.feeds.open = () => Promise.reject(busy)
  await expect(media.startStreaming('camera0', 'h')).rejects.toBe(busy)
  await expect(media.streamStatus('camera0')).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' })
})

test('fifty starts and stops at once end as the last one says, with one ffmpeg or none', async () => {
  const { media, server } = await open()
  const calls: Promise<unknown>[] = []
  for (let round = 0; round < 25; round++) {
    calls.push(media.startStreaming('camera0', 'h').catch((thrown: unknown) => thrown))
    calls.push(media.stopStreaming('camera0').catch((thrown: unknown) => thrown))
  }
  const last = media.startStreaming('camera0', 'h')
  expect((await Promise.all(calls)).filter((result) => result instanceof TypeError)).toEqual([])
  await last
  expect(bench?.feeds.openFeeds).toBe(1)
  await media.stopStreaming('camera0')
  expect(bench?.feeds.openFeeds).toBe(0)
  expect(server.runtime.get('camera0')?.publisher).toBeUndefined()
})

test('a RECORD that is refused is repeated at once', async () => {
  const { media, server } = await open()
  server.faults.refuseRecords = 2
  await media.startStreaming('camera0', 'h')
  const ended = (bench?.log ?? [])
    .map((line) => JSON.parse(line) as { msg: string; time: string })
    .filter(({ msg }) => msg === 'publisher ended')
  expect(ended).toHaveLength(2)
  expect(await media.streamStatus('camera0')).toMatchObject({ status: 'ACTIVE' })
})

test('a publisher that MediaMTX refuses is told with its reason', async () => {
  const { media } = await open({ publishCredentials: { user: 'u', password: 'p' } }, { startTimeoutMs: 1_500 })
  await expect(media.startStreaming('camera0', 'h')).rejects.toMatchObject({
    data: { dependency: 'FFmpeg', detail: expect.stringContaining('401') },
  })
})

test('events tell of the state and of streams', async () => {
  const told: string[] = []
  const { media } = await open({}, {}, ['camera0'], (service) => {
    service.media.events.on('stateChanged', ({ state }) => told.push(state))
    service.media.events.on('pathsChanged', ({ paths }) => told.push(`paths ${paths.join()}`))
    service.media.events.on('streamStarted', ({ device }) => told.push(`started ${device}`))
    service.media.events.on('streamStopped', ({ device }) => told.push(`stopped ${device}`))
  })
  await media.startStreaming('camera0', 'h')
  await media.stopStreaming('camera0')
  await until('the end was told', () => told.includes('stopped camera0'))
  expect(told).toEqual(['paths camera0', 'up', 'started camera0', 'stopped camera0'])
})

async function open(
  doubleOptions: DoubleOptions = {},
  options: Partial<MediaOptions> = {},
  devices: readonly string[] = ['camera0'],
  prepare: (bench: MediaBench) => void = () => undefined,
) {
  const server = new MediamtxDouble(doubleOptions)
  double = server
  await server.start()
  const opened = openBench({ mode: 'external', apiPort: server.port, compareIntervalMs: 200, ...options }, devices)
  bench = opened
  prepare(opened)
  await opened.media.start(new AbortController().signal)
  await until('it is adopted', () => opened.media.state === 'up')
  return { media: opened.media, server }
}

function count(server: MediamtxDouble, call: string): number {
  return server.calls.filter((seen) => seen === call).length
}

function writes(server: MediamtxDouble): string[] {
  return server.calls.filter((call) => !call.startsWith('GET'))
}
