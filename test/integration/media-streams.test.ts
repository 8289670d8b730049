/** Streams against the double: what MediaMTX is told, demand, and what clients are answered. A real ffmpeg publishes. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stopwatch } from '../support/processor-wait.js'
import { until } from '../support/until.js'
import { openBench } from './media-bench.js'
import { count, useDouble, writes } from './media-double.js'

const rig = useDouble()
const RECORDING = { recordPath: '/recordings/%path/%f', format: 'fmp4', segmentDurationMs: 60_000, partDurationMs: 500 } as const

test('a server that answers is adopted and gets one path per camera, and nothing more than that is written', async () => {
  const { media, server } = await rig.open({}, {}, ['camera0', 'camera1'])
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
  const { media } = await rig.open()
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

test('however often the list is asked for, MediaMTX is asked ten times a second, all share what is made of it, and what we changed shows at once', async () => {
  const { media, server } = await rig.open()
  server.calls.length = 0
  const begin = performance.now()
  const lists = new Set<unknown>()
  for (let asked = 0; asked < 500; asked++) {
    const list = await media.streams()
    expect(list.value).toMatchObject([{ name: 'camera0', ready: false }])
    lists.add(list)
  }
  expect(lists.size).toBeLessThanOrEqual(1 + count(server, 'GET paths/list'))
  // Those of the loop itself come every half second.
  expect(count(server, 'GET paths/list')).toBeLessThanOrEqual(2 + (performance.now() - begin) * (1 / 100 + 1 / 500))
  await media.startStreaming('camera0', 'h')
  expect((await media.streams()).value).toMatchObject([{ name: 'camera0', ready: true }])
})

test('while others read, a stopped stream continues', async () => {
  const { media, server } = await rig.open()
  await media.startStreaming('camera0', 'h')
  const leave = await server.live.read('camera0')
  expect(await media.stopStreaming('camera0')).toMatchObject({ stream_continues: true })
  expect((await media.streamStatus('camera0')).mediamtx_path).toEqual({ exists: true, ready: true, readers: 1 })
  leave()
})

test('a reader whom MediaMTX holds starts the publisher, and its end ends it after the close-after time', async () => {
  const { media, server } = await rig.open({}, { viewCloseAfterMs: 100 })
  const leave = await server.live.read('camera0')
  expect((await media.streamStatus('camera0')).status).toBe('ACTIVE')
  leave()
  server.live.endDemand('camera0')
  await until('it is published no more', () => server.runtime.get('camera0')?.publisher === undefined)
})

test('a server that cannot run our notifier is found out: cameras are published all the time there', async () => {
  const { server } = await rig.open({ runsHooks: false })
  expect(server.config('camera0')?.runOnDemand).toBe('')
  await until('it is published', () => server.runtime.get('camera0')?.publisher !== undefined)
})

test('where no socket can be made the service goes on, and cameras are published all the time', async () => {
  const { server } = await rig.open({}, {}, ['camera0'], ({ stateDir }) => writeFileSync(join(stateDir, 'run'), ''))
  expect(server.config('camera0')?.runOnDemand).toBe('')
  await until('it is published', () => server.runtime.get('camera0')?.publisher !== undefined)
})

test('unknown cameras, absent cameras and streams that are not there are told apart', async () => {
  const { media } = await rig.open()
  await expect(media.startStreaming('camera9', 'h')).rejects.toMatchObject({ code: 'CAMERA_NOT_FOUND' })
  await expect(media.startStreaming('camera1', 'h')).rejects.toMatchObject({ code: 'INVALID_STATE' })
  await expect(media.stopStreaming('camera0')).rejects.toMatchObject({ code: 'INVALID_STATE', data: { state: 'INACTIVE' } })
  await expect(media.streamStatus('camera0')).rejects.toMatchObject({
    code: 'STREAM_NOT_FOUND',
    data: { resource: 'stream', id: 'camera0' },
  })
})

test('without a server every method says so at once, and looking for one does no harm', async () => {
  rig.bench = openBench({ mode: 'auto', apiPort: 9, searchPath: '/nonexistent' })
  const { media } = rig.bench
  await media.start(new AbortController().signal)
  await until('it looked', () => media.detail.includes('mediamtx install'))
  expect(media.state).toBe('searching')
  const took = stopwatch()
  const dependency = { code: 'DEPENDENCY_FAILED', data: { dependency: 'MediaMTX' } }
  await expect(media.startStreaming('camera0', 'h')).rejects.toMatchObject(dependency)
  await expect(media.stopStreaming('camera0')).rejects.toMatchObject(dependency)
  await expect(media.streamUrl('camera0', 'h')).rejects.toMatchObject(dependency)
  await expect(media.streamStatus('camera0')).rejects.toMatchObject(dependency)
  await expect(media.streams()).rejects.toMatchObject(dependency)
  expect(took()).toBeLessThan(100)
  expect(media.streamLinks('camera0', 'h')).toEqual({})
})

test('switched off it does nothing and says so', async () => {
  rig.bench = openBench({ mode: 'off' })
  await rig.bench.media.start(new AbortController().signal)
  expect(rig.bench.media.state).toBe('off')
})

test('an old release is understood', async () => {
  const { media } = await rig.open({ old: true })
  expect(media.version).toBeUndefined()
  await media.startStreaming('camera0', 'h')
  expect((await media.streams()).value[0]).toMatchObject({ name: 'camera0', ready: true })
})

test('events tell of the state and of streams', async () => {
  const told: string[] = []
  const { media } = await rig.open({}, {}, ['camera0'], (service) => {
    service.media.events.on('stateChanged', ({ state }) => told.push(state))
    service.media.events.on('pathsChanged', ({ changed }) => told.push(`paths ${changed.join()}`))
    service.media.events.on('streamStarted', ({ device, use }) => told.push(`started ${device} for ${use}`))
    service.media.events.on('streamStopped', ({ device, use }) => told.push(`stopped ${device} for ${use}`))
  })
  await media.startStreaming('camera0', 'h')
  await media.stopStreaming('camera0')
  await until('the end was told', () => told.includes('stopped camera0 for viewing'))
  expect(told).toEqual(['paths camera0', 'up', 'started camera0 for viewing', 'stopped camera0 for viewing'])

  told.length = 0
  await media.setRecording('camera0', RECORDING)
  await until('the recording has a stream', () => told.length === 1)
  await media.setRecording('camera0', undefined)
  await until('its end was told', () => told.length === 2)
  expect(told).toEqual(['started camera0 for recording', 'stopped camera0 for recording'])
})
