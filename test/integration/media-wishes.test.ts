/** What others wish of the media service: recordings, and streams of other machines. */

import { expect, test } from 'vitest'
import { stopwatch } from '../support/processor-wait.js'
import { until } from '../support/until.js'
import { useDouble } from './media-double.js'

const rig = useDouble()

const WISH = { recordPath: '/recordings/%path/%f', format: 'fmp4', segmentDurationMs: 60_000, partDurationMs: 500 } as const

const SOURCE = { url: 'rtsp://user:pass@192.0.2.1/eo', onDemand: true, transport: 'tcp' } as const

test('a recorded camera is published without any reader, changed in place, and forgotten by nobody', async () => {
  const { media, server } = await rig.open()
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
  const { server } = await rig.open({}, {}, ['camera0'], ({ media }) => {
    void media.setRecording('camera0', WISH).catch(() => undefined)
    void media.setSource('uav', SOURCE).catch(() => undefined)
  })
  expect(server.config('camera0')?.record).toBe(true)
  expect(server.config('uav')?.source).toBe(SOURCE.url)
})

test('wishes that cannot be are refused and leave nothing', async () => {
  const { media, server } = await rig.open()
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

test('a stream from elsewhere goes on after a stop for whoever reads it at that moment, not for who has just left', async () => {
  const { media, server } = await rig.open()
  await media.setSource('uav', SOURCE)
  server.runtime.publish('uav', { id: 'eo', close: () => undefined })
  const leave = server.runtime.read('uav')
  await until('the reader is seen', () => media.path('uav')?.readers.length === 1)
  expect(await media.stopStreaming('uav')).toMatchObject({ status: 'STOPPED', stream_continues: true })
  leave()
  expect(await media.stopStreaming('uav')).toMatchObject({ status: 'STOPPED', stream_continues: false })
})

test('a stream from elsewhere has its path while it is wished for, fetched all the time while it is recorded', async () => {
  const { media, server } = await rig.open()
  await media.setSource('uav/eo', SOURCE)
  expect(server.config('uav/eo')).toMatchObject({ source: SOURCE.url, sourceOnDemand: true, record: false })
  expect((await media.streams()).value.map(({ name }) => name)).toEqual(['camera0', 'uav/eo'])
  await media.setRecording('uav/eo', WISH)
  expect(server.config('uav/eo')).toMatchObject({ sourceOnDemand: false, record: true })
  await media.setRecording('uav/eo', undefined)
  expect(server.config('uav/eo')).toMatchObject({ sourceOnDemand: true, record: false })
  await media.setSource('uav/eo', undefined)
  expect(server.names()).toEqual(['camera0'])
  expect(rig.bench?.log.join('')).not.toContain('user:pass')
})

test('a wish that MediaMTX refuses, or cannot hear, is told as that', async () => {
  const { media, server } = await rig.open({ file: { uav: { source: 'rtsp://192.0.2.9/b' } } })
  await expect(media.setSource('uav', SOURCE)).rejects.toMatchObject({
    code: 'DEPENDENCY_FAILED',
    data: { dependency: 'MediaMTX', detail: 'the path uav was configured by somebody else' },
  })
  await media.setSource('uav', undefined)
  const waiting = media.setRecording('camera0', WISH)
  server.faults.hang.add('config/paths/replace')
  await server.kill()
  await expect(waiting).rejects.toMatchObject({ code: 'DEPENDENCY_FAILED' })
  const took = stopwatch()
  await expect(media.setRecording('camera0', WISH)).rejects.toMatchObject({ code: 'DEPENDENCY_FAILED' })
  expect(took()).toBeLessThan(50)
  server.faults.hang.clear()
  await server.start()
  await until('the wish stands', () => server.config('camera0')?.record === true)
})
