/** What MediaMTX forgets, hides, tears or refuses, and what others do to its paths. */

import { expect, test } from 'vitest'
import { until } from '../support/until.js'
import { openBench } from './media-bench.js'
import { count, useDouble, writes } from './media-double.js'

const rig = useDouble()

test('paths that somebody deletes, alters or replaces are repaired; those of others are left alone', async () => {
  const { server } = await rig.open({ file: { lobby: { source: 'rtsp://192.0.2.1/a' } } })
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
  const { media, server } = await rig.open({ file: { camera0: { maxReaders: 7 } } })
  await media.startStreaming('camera0', 'h')
  expect(server.config('camera0')?.maxReaders).toBe(7)
  expect(writes(server).filter((call) => !call.includes('delete'))).toHaveLength(1)
})

test('with leave to take over, it is made ours', async () => {
  const { server } = await rig.open({ file: { camera0: { maxReaders: 7 } } }, { takeOverPaths: true })
  expect(server.config('camera0')?.maxReaders).toBe(0)
})

test('a restart that forgot everything is noticed within a moment and undone, with one write per camera', async () => {
  const { media, server } = await rig.open({}, {}, ['camera0', 'camera1'])
  await media.startStreaming('camera0', 'h')
  await server.restart()
  server.calls.length = 0
  await until('the stream is back without any call', () => server.runtime.get('camera0')?.publisher !== undefined)
  expect(server.names()).toEqual(['camera0', 'camera1'])
  // One more for the question whether it can run our notifier.
  expect(count(server, 'POST config/paths/replace')).toBe(3)
})

test('an edit of its file, which changes no start time, is noticed by the missing paths', async () => {
  const { server } = await rig.open()
  server.editFile()
  await until('the path is back', () => server.config('camera0') !== undefined, 6_000)
})

test('the hidden state that a refused PATCH leaves is cured by replacing our path', async () => {
  const { server, media } = await rig.open()
  expect(server.call('PATCH', 'config/paths/patch/camera0', { sourceOnDemand: true }).status).toBe(400)
  expect(server.call('POST', 'config/paths/add/other', {}).status).toBe(400)
  rig.bench?.feeds.setDevices(['camera0', 'camera2'])
  await until('the new camera has its path', () => server.config('camera2') !== undefined, 6_000)
  expect(server.call('POST', 'config/paths/add/other', {}).status).toBe(200)
  expect(media.state).toBe('up')
})

test('a list that hangs while the rest answers is a server that is down; it comes back with it', async () => {
  const { media, server } = await rig.open()
  server.faults.hang.add('paths/list')
  await until('it is down', () => media.state === 'down', 5_000)
  await expect(media.streams()).rejects.toMatchObject({ code: 'DEPENDENCY_FAILED' })
  server.faults.hang.clear()
  await until('it is up', () => media.state === 'up')
})

test.each([0, 1, 20, 200])('a reply cut after %i bytes changes nothing and is survived', async (bytes) => {
  const { media, server } = await rig.open()
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
  const { media, server } = await rig.open()
  server.faults.garbage.set('paths/list', garbage)
  await until('it was noticed', () => media.state === 'down')
  server.faults.garbage.clear()
  await until('it is up', () => media.state === 'up')
})

test('a write whose reply is lost is repeated without harm', async () => {
  const { media, server } = await rig.open()
  server.faults.dropReply.add('config/paths/replace')
  rig.bench?.feeds.setDevices(['camera0', 'camera2'])
  await until('it was noticed', () => server.config('camera2') !== undefined)
  server.faults.dropReply.clear()
  await until('it is up', () => media.state === 'up')
  expect(server.names()).toEqual(['camera0', 'camera2'])
})

test('a write that shows late is not written again and again', async () => {
  const { server } = await rig.open()
  server.faults.visibilityDelayMs = 1_000
  server.calls.length = 0
  rig.bench?.feeds.setDevices(['camera0', 'camera2'])
  await until('it is listed', () => server.config('camera2') !== undefined)
  await until('it was compared again', () => count(server, 'GET config/paths/list') >= 3)
  expect(count(server, 'POST config/paths/replace')).toBeLessThanOrEqual(3)
})

test('credentials are sent; wrong ones are told as that', async () => {
  const credentials = { user: 'admin', password: 'right' }
  const { media } = await rig.open({ credentials }, { apiCredentials: credentials })
  expect(media.state).toBe('up')
  await rig.bench?.close()
  const api = rig.double?.port ?? 0
  rig.bench = openBench({ mode: 'external', apiPort: api, apiCredentials: { user: 'admin', password: 'wrong' } })
  await rig.bench.media.start(new AbortController().signal)
  await until('it is refused', () => rig.bench?.media.detail === 'the API refuses our credentials')
})
