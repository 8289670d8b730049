import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import type { Core } from '../../src/native/index.js'
import { until } from '../support/until.js'
import { coreThreads, eventually, jpegSize, openDescriptors, output, REQUEST, virtualOptions, withCore } from './support.js'
import { CHANNEL, StreamReader, withViewerServer } from './viewers-support.js'

const SOURCE = 'virtual:0'
const SMALL = { width: 160, height: 120 } as const

function frames(core: Core): number {
  return core.captureStats(SOURCE)?.frames ?? 0
}

function residentBytes(): number {
  const pages = readFileSync('/proc/self/statm', 'utf8').split(' ')[1]
  return Number(pages) * 4_096
}

for (const count of [1, 2, 10, 100]) {
  test(`13.10 ${count} viewers of a camera of 30 frames per second each get every frame`, { timeout: 60_000 }, () =>
    withCore(virtualOptions(1, { virtualCameras: { count: 1, ...SMALL, fps: 30 } }), async (watched) => {
      await watched.ready(SOURCE)
      await watched.core.startCapture(SOURCE, { ...REQUEST, ...SMALL })
      watched.core.showSource(CHANNEL, SOURCE)
      await withViewerServer(watched.core, async (port) => {
        const readers = Array.from({ length: count }, () => new StreamReader(port))
        await eventually(() => readers.every(({ parts }) => parts > 0), 'a picture for everyone', 20_000)
        const before = { frames: frames(watched.core), parts: readers.map(({ parts }) => parts), at: performance.now() }
        await eventually(() => frames(watched.core) >= before.frames + 150, '150 frames', 20_000)
        const captured = frames(watched.core) - before.frames
        const seconds = (performance.now() - before.at) / 1_000
        const lost = watched.core.captureStats(SOURCE)?.lost ?? 0
        // The camera's own rate; what a starved machine cost it is counted, and no viewer's fault.
        expect((captured + lost) / seconds).toBeGreaterThan(30 * 0.99 - 1 / seconds)
        await until(
          `99 % of ${captured} frames for everyone`,
          () => readers.every(({ parts }, at) => parts - (before.parts[at] ?? 0) >= captured * 0.99),
          2_000,
        )
        expect(readers.map(({ fault }) => fault).filter((fault) => fault !== undefined)).toEqual([])
        for (const reader of readers) reader.close()
        await eventually(() => watched.core.viewerCount(CHANNEL) === 0, 'no viewer left')
      })
    }),
  )
}

test(
  '13.11 1000 frames: Content-Length is exact, boundaries stand where they must, each picture is a whole JPEG',
  {
    timeout: 60_000,
  },
  () =>
    withCore(virtualOptions(1, { virtualCameras: { count: 1, ...SMALL, fps: 200 } }), async (watched) => {
      await watched.ready(SOURCE)
      await watched.core.startCapture(SOURCE, { ...REQUEST, ...SMALL, interval: { num: 1, den: 200 } })
      watched.core.showSource(CHANNEL, SOURCE)
      await withViewerServer(watched.core, async (port) => {
        const beganMs = Date.now()
        const reader = new StreamReader(port, true)
        await eventually(() => reader.pictures.length >= 1_000 || reader.fault !== undefined, '1000 pictures', 50_000)
        expect(reader.fault).toBeUndefined()
        for (const picture of reader.pictures) expect(jpegSize(picture)).toEqual(SMALL)
        const shownMs = Number(reader.headers.get('X-Timestamp')) * 1_000
        expect(shownMs).toBeGreaterThan(beganMs - 2_000)
        expect(shownMs).toBeLessThan(Date.now() + 2_000)

        watched.core.endViewers(CHANNEL)
        await eventually(() => reader.ended, 'the end of the stream')
        expect(reader.closing).toBe(true)
        expect(reader.fault).toBeUndefined()
        expect(await watched.seen((event) => event.type === 'viewer_ended')).toMatchObject({
          channel: CHANNEL,
          reason: 'ended',
          bytes: reader.bytes,
          frames: reader.parts,
        })
      })
    }),
)

test('13.11 ffmpeg reads 300 frames without a complaint, plain and with the options for browsers', { timeout: 60_000 }, () =>
  withCore(virtualOptions(1, { virtualCameras: { count: 1, ...SMALL, fps: 100 } }), async (watched) => {
    await watched.ready(SOURCE)
    await watched.core.startCapture(SOURCE, { ...REQUEST, ...SMALL, interval: { num: 1, den: 100 } })
    watched.core.showSource(CHANNEL, SOURCE)
    for (const wish of [{}, { extraHeaders: true, dualFinalFrames: true }, { advanceHeaders: true }]) {
      await withViewerServer(
        watched.core,
        async (port) => {
          const input = ['-v', 'warning', '-xerror', '-f', 'mpjpeg', '-i', `http://127.0.0.1:${port}/`]
          const child = spawn('ffmpeg', [...input, '-frames:v', '300', '-f', 'framemd5', 'pipe:1'], {
            stdio: ['ignore', 'pipe', 'pipe'],
          })
          const [told, complaints] = await Promise.all([output(child.stdout), output(child.stderr)])
          expect(complaints.toString()).toBe('')
          expect(told.toString().match(/^0,/gm)).toHaveLength(300)
        },
        wish,
      )
    }
  }),
)

test('13.13 a viewer that reads 10 KB/s leaves the others alone, and the memory flat', { timeout: 60_000 }, () =>
  withCore(virtualOptions(1), async (watched) => {
    await watched.streaming(SOURCE)
    watched.core.showSource(CHANNEL, SOURCE)
    await withViewerServer(watched.core, async (port) => {
      const prompt = new StreamReader(port)
      const slow = connect(port, '127.0.0.1', () => slow.write('GET / HTTP/1.1\r\nHost: camera\r\n\r\n'))
      slow.on('readable', () => undefined) // nothing is read but by `read`
      const turn = setInterval(() => slow.read(1_000), 100)
      try {
        const state = () => watched.core.viewers(CHANNEL)
        await eventually(() => state().some((viewer) => viewer.state === 'behind'), 'the slow viewer is behind', 20_000)
        const before = { frames: frames(watched.core), parts: prompt.parts, resident: residentBytes() }
        await eventually(() => frames(watched.core) >= before.frames + 150, '150 frames', 20_000)
        const captured = frames(watched.core) - before.frames
        await eventually(() => prompt.parts - before.parts >= captured * 0.99, `99 % of ${captured} frames`, 2_000)
        expect(prompt.fault).toBeUndefined()
        expect(residentBytes() - before.resident).toBeLessThan(16e6)
        expect(state().find(({ skipped }) => skipped > 50)).toMatchObject({ state: 'behind' })
      } finally {
        clearInterval(turn)
        slow.destroy()
        prompt.close()
      }
    })
  }),
)

test('13.14 1000 connect and disconnect cycles leave no descriptor, no thread and no memory behind', { timeout: 120_000 }, () =>
  withCore(virtualOptions(1), async (watched) => {
    await watched.streaming(SOURCE)
    watched.core.showSource(CHANNEL, SOURCE)
    await withViewerServer(watched.core, async (port) => {
      const cycles = async (count: number): Promise<void> => {
        for (let cycle = 0; cycle < count; cycle++) {
          const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: camera\r\n\r\n'))
          await once(socket, 'data')
          socket.destroy()
        }
        await eventually(() => watched.core.viewerCount(CHANNEL) === 0, 'no viewer left')
      }
      await cycles(200) // what is made once and kept
      const before = { descriptors: openDescriptors(), threads: coreThreads(), resident: residentBytes() }
      await cycles(1_000)
      expect(openDescriptors()).toBeLessThanOrEqual(before.descriptors)
      expect(coreThreads()).toEqual(before.threads)
      expect(residentBytes() - before.resident).toBeLessThan(32e6)
    })
  }),
)

test('a placeholder is a JPEG of the wanted size that says so, and limits and arguments are checked', () =>
  withCore(virtualOptions(1, { viewers: { maxPerChannel: 1 } }), async ({ core }) => {
    core.showPlaceholder(CHANNEL, { width: 320, height: 200, text: 'no device' })
    await withViewerServer(core, async (port) => {
      const reader = new StreamReader(port, true)
      await eventually(() => reader.parts >= 2, 'two placeholders')
      expect(jpegSize(reader.pictures[0] ?? Buffer.alloc(0))).toEqual({ width: 320, height: 200 })
      expect(reader.headers.get('X-Frame-Online')).toBe('false')
      expect(() => core.addViewer(0, CHANNEL, { head: '' })).toThrow(expect.objectContaining({ code: 'TOO_MANY_VIEWERS' }))
      reader.close()
      await eventually(() => core.viewerCount(CHANNEL) === 0, 'no viewer left')
    })
    expect(() => core.addViewer(1_000_000, CHANNEL, { head: '' })).toThrow(expect.objectContaining({ code: 'IO', errno: 9 }))
    expect(() => core.addViewer(0, CHANNEL, { head: 'x'.repeat(3_000) })).toThrow(RangeError)
    expect(() => core.addViewer(0, CHANNEL, { head: '', maxFps: Number.NaN })).toThrow(RangeError)
    expect(() => core.showPlaceholder(CHANNEL, { width: 1, height: 200, text: '' })).toThrow(RangeError)
    expect(() => core.setMaxFrameAge(CHANNEL, 0)).toThrow(RangeError)
    expect(core.viewers('another')).toEqual([])
  }))
