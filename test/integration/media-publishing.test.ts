/** A publisher and its troubles: the camera leaves, ffmpeg is not there, MediaMTX refuses. */

import { expect, test, vi } from 'vitest'
import { type Clock, systemClock } from '../../src/base/clock.js'
import { ServiceError } from '../../src/base/errors.js'
import { until } from '../support/until.js'
import { useDouble } from './media-double.js'

const rig = useDouble()

/** How long an absent camera is stood in for; it goes by when a test says so. */
const KEEP_MS = 3_600_000

/** Real time, but for those hours. */
function keepClock() {
  let passedMs = 0
  const waiting = new Set<() => void>()
  const clock: Clock = {
    ...systemClock,
    nowMs: () => systemClock.nowMs() + passedMs,
    after: (delayMs, task) => {
      if (delayMs !== KEEP_MS) return systemClock.after(delayMs, task)
      waiting.add(task)
      return () => waiting.delete(task)
    },
  }
  const pass = (): void => {
    passedMs += KEEP_MS
    for (const task of waiting) task()
  }
  return { clock, pass, waiting }
}

test.each(['jpeg', 'h264'] as const)(
  'a camera of %s that leaves is stood in for, with its path and its publisher, and then both go',
  async (codec) => {
    const { clock, pass, waiting } = keepClock()
    const { media, server } = await rig.open({}, { absentKeepMs: KEEP_MS, clock }, ['camera0'], ({ feeds }) => {
      feeds.codec = codec
    })
    await media.startStreaming('camera0', 'h')
    await until('frames are sent', async () => (await media.streamStatus('camera0')).metrics.frames_sent > 5)
    const publisher = server.runtime.get('camera0')?.publisher
    rig.bench?.feeds.setDevices([])
    const begin = performance.now()
    await expect(media.startStreaming('camera0', 'h')).rejects.toMatchObject({ code: 'INVALID_STATE' })
    expect(await media.streamStatus('camera0')).toMatchObject({ status: 'ACTIVE', error: 'the camera was unplugged' })
    let bytes = server.runtime.get('camera0')?.inboundBytes ?? 0
    await until('pictures go on', () => (server.runtime.get('camera0')?.inboundBytes ?? 0) > bytes + 500)
    // Later than what was under way when the camera left.
    await until('they still do', () => {
      const before = bytes
      bytes = server.runtime.get('camera0')?.inboundBytes ?? 0
      return bytes > before && performance.now() - begin > 1_200
    })
    expect(server.runtime.get('camera0')?.publisher).toBe(publisher)
    // Its path and its publisher.
    expect([server.config('camera0') !== undefined, waiting.size]).toEqual([true, 2])
    pass()
    await until('its path is gone', () => server.config('camera0') === undefined)
    // Its ffmpeg is told at the same time, and takes a moment to end.
    await vi.waitFor(() => expect(media.streamStatus('camera0')).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' }))
  },
)

test('a camera that is back before that goes on, and who reads it is not dropped', async () => {
  const { media, server } = await rig.open()
  await media.startStreaming('camera0', 'h')
  await until('frames are encoded', async () => (await media.streamStatus('camera0')).metrics.frames_sent > 5)
  await server.live.read('camera0')
  const { pid } = (await media.streamStatus('camera0')).ffmpeg_process
  rig.bench?.feeds.setDevices([])
  rig.bench?.feeds.setDevices(['camera0'])
  await until('it is there', async () => (await media.streamStatus('camera0')).error === undefined)
  const { frames_sent } = (await media.streamStatus('camera0')).metrics
  await until('frames go on', async () => (await media.streamStatus('camera0')).metrics.frames_sent > frames_sent + 15)
  const status = await media.streamStatus('camera0')
  expect(status.ffmpeg_process.pid).toBe(pid)
  expect(status.mediamtx_path.readers).toBe(1)
})

test('an ffmpeg that is not there is told at once', async () => {
  const { media } = await rig.open({}, { ffmpeg: '/nonexistent/ffmpeg' })
  await expect(media.startStreaming('camera0', 'h')).rejects.toMatchObject({
    code: 'DEPENDENCY_FAILED',
    data: { dependency: 'FFmpeg', detail: expect.stringContaining('cannot be started') },
  })
})

test('a camera that cannot deliver is told at once, with its own error', async () => {
  const { media } = await rig.open()
  const busy = new ServiceError('DEPENDENCY_FAILED', { data: { dependency: 'camera' }, details: 'the camera is busy' })
  if (rig.bench !== undefined) rig.bench.feeds.open = () => Promise.reject(busy)
  await expect(media.startStreaming('camera0', 'h')).rejects.toBe(busy)
  await expect(media.streamStatus('camera0')).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' })
})

test('fifty starts and stops at once end as the last one says, with one ffmpeg or none', async () => {
  const { media, server } = await rig.open()
  const calls: Promise<unknown>[] = []
  for (let round = 0; round < 25; round++) {
    calls.push(media.startStreaming('camera0', 'h').catch((thrown: unknown) => thrown))
    calls.push(media.stopStreaming('camera0').catch((thrown: unknown) => thrown))
  }
  const last = media.startStreaming('camera0', 'h')
  expect((await Promise.all(calls)).filter((result) => result instanceof TypeError)).toEqual([])
  await last
  expect(rig.bench?.feeds.openFeeds).toBe(1)
  await media.stopStreaming('camera0')
  expect(rig.bench?.feeds.openFeeds).toBe(0)
  expect(server.runtime.get('camera0')?.publisher).toBeUndefined()
})

test('a RECORD that is refused is repeated at once', async () => {
  const { media, server } = await rig.open()
  server.faults.refuseRecords = 2
  await media.startStreaming('camera0', 'h')
  const ended = (rig.bench?.log ?? [])
    .map((line) => JSON.parse(line) as { msg: string; time: string })
    .filter(({ msg }) => msg === 'publisher ended')
  expect(ended).toHaveLength(2)
  expect(await media.streamStatus('camera0')).toMatchObject({ status: 'ACTIVE' })
})

test('a publisher that MediaMTX refuses is told with its reason', async () => {
  const { media } = await rig.open({ publishCredentials: { user: 'u', password: 'p' } }, { startTimeoutMs: 10_000 })
  await expect(media.startStreaming('camera0', 'h')).rejects.toMatchObject({
    data: { dependency: 'FFmpeg', detail: expect.stringContaining('401') },
  })
})
