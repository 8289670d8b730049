import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  coreThreads,
  eventually,
  jpegSize,
  NEXT,
  openDescriptors,
  output,
  REQUEST,
  SIZE,
  virtualOptions,
  withCore,
  withFolder,
} from './support.js'

test('a grabbed frame is a whole JPEG of the running mode, in memory of its own', () =>
  withCore(virtualOptions(1), async (watched) => {
    await watched.ready('virtual:0')
    const info = await watched.core.startCapture('virtual:0', REQUEST)
    expect(info).toMatchObject({ ...SIZE, fourcc: 'MJPG', interval: { num: 1, den: 30 } })

    const askedMs = Date.now()
    const frame = await watched.core.grab('virtual:0', NEXT)
    expect(jpegSize(frame.jpeg)).toEqual(SIZE)
    expect(frame).toMatchObject(SIZE)
    expect(frame.capturedWallMs).toBeGreaterThan(askedMs - 2_000)
    expect(frame.capturedWallMs).toBeLessThan(Date.now() + 2_000)

    // The same frame for both: writing into one must not reach the other.
    const wish = { maxAgeMs: 60_000, timeoutMs: 5_000 }
    const [one, other] = await Promise.all([watched.core.grab('virtual:0', wish), watched.core.grab('virtual:0', wish)])
    one.jpeg.fill(0)
    expect(jpegSize(other.jpeg)).toEqual(SIZE)
    expect(jpegSize((await watched.core.grab('virtual:0', wish)).jpeg)).toEqual(SIZE)
  }))

test('a wish of age 0 gets a frame that is captured after the call', () =>
  withCore(virtualOptions(1), async (watched) => {
    await watched.streaming()
    const first = await watched.core.grab('virtual:0', NEXT)
    const second = await watched.core.grab('virtual:0', NEXT)
    expect(second.sequence).toBeGreaterThan(first.sequence)
    expect(second.capturedAtUs).toBeGreaterThan(first.capturedAtUs)
    expect(second.jpeg.equals(first.jpeg)).toBe(false)
  }))

test('a second start with the same request answers the running mode, and stop is idempotent', () =>
  withCore(virtualOptions(1), async (watched) => {
    await watched.streaming()
    expect(await watched.core.startCapture('virtual:0', REQUEST)).toMatchObject(SIZE)
    await watched.core.stopCapture('virtual:0')
    await watched.core.stopCapture('virtual:0')
    expect(watched.events.filter((event) => event.type === 'capture' && event.state === 'started')).toHaveLength(1)
    await expect(watched.core.grab('virtual:0', NEXT)).rejects.toMatchObject({ code: 'NOT_STREAMING' })
  }))

test('an unknown or stale source is CAMERA_GONE to start and has no statistics', () =>
  withCore(virtualOptions(1), async (watched) => {
    await expect(watched.core.startCapture('virtual:9', REQUEST)).rejects.toMatchObject({ code: 'CAMERA_GONE', name: 'Error' })
    await expect(watched.core.startCapture('/dev/video0#1', REQUEST)).rejects.toMatchObject({ code: 'CAMERA_GONE' })
    await expect(watched.core.grab('virtual:9', NEXT)).rejects.toMatchObject({ code: 'NOT_STREAMING' })
    expect(watched.core.captureStats('virtual:9')).toBeUndefined()
  }))

test('a format that a virtual camera does not make is UNSUPPORTED_FORMAT', () =>
  withCore(virtualOptions(1), async (watched) => {
    await watched.ready('virtual:0')
    await expect(watched.core.startCapture('virtual:0', { ...REQUEST, fourcc: 'H264' })).rejects.toMatchObject({
      code: 'UNSUPPORTED_FORMAT',
    })
  }))

test('a saved frame is a whole file under its own name, and never replaces one', () =>
  withFolder((folder) =>
    withCore(virtualOptions(1), async (watched) => {
      await watched.streaming()
      const saved = await watched.core.saveFrame('virtual:0', NEXT, folder, 'one.jpg')
      expect(saved).toMatchObject({ ...SIZE, file: join(folder, 'one.jpg'), sizeBytes: statSync(join(folder, 'one.jpg')).size })
      expect(jpegSize(readFileSync(saved.file))).toEqual(SIZE)

      await expect(watched.core.saveFrame('virtual:0', NEXT, folder, 'one.jpg')).rejects.toMatchObject({ code: 'IO', errno: 17 })
      await expect(watched.core.saveFrame('virtual:0', NEXT, join(folder, 'none'), 'a.jpg')).rejects.toMatchObject({
        code: 'IO',
        errno: 2,
      })
      await expect(watched.core.saveFrame('virtual:0', NEXT, folder, '../a.jpg')).rejects.toMatchObject({ code: 'INVALID_PATH' })
      expect(readdirSync(folder)).toEqual(['one.jpg'])
    }),
  ))

test('fifty frames saved at once are fifty whole files', () =>
  withFolder((folder) =>
    withCore(virtualOptions(1), async (watched) => {
      await watched.streaming()
      const names = Array.from({ length: 50 }, (_, at) => `${at}.jpg`)
      await Promise.all(names.map((name) => watched.core.saveFrame('virtual:0', NEXT, folder, name)))
      for (const name of names) expect(jpegSize(readFileSync(join(folder, name)))).toEqual(SIZE)
    }),
  ))

test('a feed carries whole JPEGs to a child, waits while nothing is captured, and tells its end', () =>
  withCore(virtualOptions(1), async (watched) => {
    await watched.ready('virtual:0')
    const feed = watched.core.openFeed('virtual:0', { stallMs: 5_000 })
    const child = spawn('cat', { stdio: [feed.readFd, 'pipe', 'inherit'] })
    watched.core.closeReadEnd(feed.id)
    const received = output(child.stdout)

    await watched.core.startCapture('virtual:0', REQUEST)
    await eventually(() => (watched.core.feedStats(feed.id)?.frames ?? 0) >= 3, 'three frames in the pipe')
    await watched.core.stopCapture('virtual:0')
    const before = watched.core.feedStats(feed.id)?.frames ?? 0
    await watched.core.startCapture('virtual:0', REQUEST)
    await eventually(() => (watched.core.feedStats(feed.id)?.frames ?? 0) > before, 'frames after a restart')

    watched.core.closeFeed(feed.id)
    expect(await watched.seen((event) => event.type === 'feed_ended')).toMatchObject({
      feed: feed.id,
      source: 'virtual:0',
      reason: 'closed',
    })
    const bytes = await received
    expect(bytes.readUInt16BE(0)).toBe(0xffd8)
    expect(bytes.readUInt16BE(bytes.length - 2)).toBe(0xffd9)
    expect(watched.core.feedStats(feed.id)).toBeUndefined()
  }))

test('ffmpeg decodes what a feed gives it', () =>
  withCore(virtualOptions(1), async (watched) => {
    await watched.streaming()
    const feed = watched.core.openFeed('virtual:0', { stallMs: 5_000 })
    const decoder = ['-v', 'error', '-xerror', '-f', 'mjpeg', '-i', 'pipe:0', '-frames:v', '10', '-f', 'framemd5', 'pipe:1']
    const child = spawn('ffmpeg', decoder, { stdio: [feed.readFd, 'pipe', 'pipe'] })
    watched.core.closeReadEnd(feed.id)
    const [told, complaints] = await Promise.all([output(child.stdout), output(child.stderr)])
    expect(complaints.toString()).toBe('')
    const pictures = told
      .toString()
      .split('\n')
      .filter((line) => /^0,/.test(line))
    expect(pictures).toHaveLength(10)
    // The pattern moves: no two decoded pictures are alike.
    expect(new Set(pictures.map((line) => line.split(',').at(-1))).size).toBe(10)

    expect(await watched.seen((event) => event.type === 'feed_ended')).toMatchObject({ reason: 'broken_pipe', feed: feed.id })
  }))

test('a recorder that pauses gets every frame up to a gap, which is told', () =>
  withCore(virtualOptions(1), async (watched) => {
    await watched.ready('virtual:0')
    const { core } = watched
    expect(() => core.openFeed('virtual:0', { stallMs: 5_000, policy: 'oldest' as 'every' })).toThrow(RangeError)
    const feed = core.openFeed('virtual:0', { stallMs: 60_000, policy: 'every' })
    expect(feed.writeFd).toBeUndefined()
    await core.startCapture('virtual:0', { ...REQUEST, interval: { num: 1, den: 240 } })
    // More than fits into pipe and queue.
    await eventually(() => (core.captureStats('virtual:0')?.bytes ?? 0) > 4 * 1024 * 1024, 'more frames than wait', 15_000)
    expect(watched.events.filter((event) => event.type === 'feed_gap')).toEqual([])

    const child = spawn('cat', { stdio: [feed.readFd, 'ignore', 'inherit'] })
    core.closeReadEnd(feed.id)
    const gap = await watched.seen((event) => event.type === 'feed_gap')
    expect(gap).toMatchObject({ feed: feed.id, source: 'virtual:0', missed: expect.any(Number) })
    const stats = core.feedStats(feed.id)
    expect(stats?.gaps).toBeGreaterThan(0)
    expect(stats?.missed).toBeGreaterThanOrEqual(gap.type === 'feed_gap' ? gap.missed : 0)
    expect(stats?.missed).toBeGreaterThan(0)
    core.closeFeed(feed.id)
    await new Promise((resolve) => child.once('close', resolve))
  }))

test('a reader that takes nothing ends its feed as stalled', () =>
  withCore(virtualOptions(1), async (watched) => {
    await watched.streaming()
    const feed = watched.core.openFeed('virtual:0', { stallMs: 200 })
    expect(await watched.seen((event) => event.type === 'feed_ended', 15_000)).toMatchObject({ feed: feed.id, reason: 'stalled' })
    watched.core.closeReadEnd(feed.id)
  }))

test('cycles of start, grab, feed and stop leave no descriptor and no thread behind', () =>
  withCore(virtualOptions(1), async (watched) => {
    const cycle = async (): Promise<void> => {
      await watched.core.startCapture('virtual:0', REQUEST)
      const feed = watched.core.openFeed('virtual:0', { stallMs: 5_000 })
      await watched.core.grab('virtual:0', NEXT)
      watched.core.closeReadEnd(feed.id)
      watched.core.closeFeed(feed.id)
      await watched.core.stopCapture('virtual:0')
    }
    await watched.ready('virtual:0')
    await cycle() // threads that are started once and kept
    await eventually(
      () => watched.events.filter((event) => event.type === 'feed_ended').length === 1,
      'the end of the first feed',
    )
    const descriptors = openDescriptors()
    const threads = coreThreads()
    for (let round = 0; round < 30; round++) await cycle()
    await eventually(() => watched.events.filter((event) => event.type === 'feed_ended').length === 31, 'the end of all feeds')
    await eventually(() => openDescriptors() <= descriptors, `${descriptors} descriptors again, not ${openDescriptors()}`)
    await eventually(() => coreThreads().length <= threads.length, `no more threads than ${threads}`)
  }))
