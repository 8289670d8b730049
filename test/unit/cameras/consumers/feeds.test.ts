import { describe, expect, it } from 'vitest'
import type { Captures, Lease } from '../../../../src/cameras/capture/captures.js'
import { CameraFeeds } from '../../../../src/cameras/consumers/feeds.js'
import type { Core, NativeEvent } from '../../../../src/native/index.js'

const info = { width: 640, height: 480, fourcc: 'MJPG', interval: { num: 1, den: 25 }, buffers: 4 }

function setUp() {
  const done: string[] = []
  let feeds = 0
  let refuse = false
  const asked: object[] = []
  let fourcc = 'MJPG'
  const core: Pick<Core, 'openFeed' | 'closeReadEnd' | 'closeFeed' | 'feedStats'> = {
    openFeed: (_source, options) => {
      asked.push(options)
      if (refuse) throw Object.assign(new Error('no pipe'), { code: 'LIMIT', errno: 24, call: 'pipe2', node: '' })
      feeds += 1
      return { id: feeds, readFd: 100 + feeds }
    },
    closeReadEnd: (feed) => void done.push(`read end ${feed}`),
    closeFeed: (feed) => void done.push(`feed ${feed}`),
    feedStats: () => undefined,
  }
  const captures: Pick<Captures, 'lease'> = {
    lease: async (device) =>
      ({
        source: `${device}#1`,
        info: { ...info, fourcc },
        release: () => void done.push(`lease ${device}`),
      }) as unknown as Lease,
  }
  const cameraFeeds = new CameraFeeds({ core: core as Core, captures: captures as Captures, stallMs: 5_000 })
  const tell = (event: object): void => cameraFeeds.handle([event as NativeEvent])
  return { feeds: cameraFeeds, asked, done, tell, refuseNext: () => (refuse = true), gives: (given: string) => (fourcc = given) }
}

describe('feeds of cameras', () => {
  it('hold a lease and say what flows through them', async () => {
    const { feeds, done } = setUp()
    const feed = await feeds.open('camera0')
    expect([feed.readFd, feed.width, feed.height, feed.fps]).toEqual([101, 640, 480, 25])
    feed.close()
    feed.close()
    expect(done).toEqual(['read end 1', 'feed 1', 'lease camera0'])
  })

  it('carry what the camera gives, the newest or all of it', async () => {
    const { feeds, asked, gives } = setUp()
    expect((await feeds.open('camera0')).codec).toBe('jpeg')
    gives('H264')
    expect((await feeds.open('camera1', { policy: 'every' })).codec).toBe('h264')
    expect(asked).toEqual([
      { stallMs: 5_000, codec: 'jpeg', policy: 'newest' },
      { stallMs: 5_000, codec: 'h264', policy: 'every' },
    ])
  })

  it('tell the gaps of their own recorder', async () => {
    const { feeds, tell } = setUp()
    const gaps: object[] = []
    for (const device of ['camera0', 'camera1']) {
      const feed = await feeds.open(device, { policy: 'every' })
      feed.onGap((gap) => gaps.push({ device, ...gap }))
    }
    tell({ type: 'feed_gap', feed: 2, source: 'camera1#1', missed: 7, atUs: 4_711 })
    expect(gaps).toEqual([{ device: 'camera1', missed: 7, atUs: 4_711 }])
  })

  it('end when the camera gives something else than was promised', async () => {
    const { feeds, tell, done, gives } = setUp()
    const ended: string[] = []
    for (const device of ['camera0', 'camera1']) (await feeds.open(device)).onEnded((reason) => ended.push(`${device} ${reason}`))
    tell({ type: 'capture', state: 'started', source: 'camera0#1' })
    await new Promise((resolve) => setImmediate(resolve))
    expect(ended).toEqual([])
    gives('H264')
    tell({ type: 'capture', state: 'started', source: 'camera0#1' })
    await new Promise((resolve) => setImmediate(resolve))
    expect(ended).toEqual(['camera0 mode_changed'])
    expect(done.filter((what) => what === 'lease camera0')).toHaveLength(3)
  })

  it('lend no descriptor once they have ended: its number may be another file by then', async () => {
    const { feeds, tell } = setUp()
    const feed = await feeds.open('camera0')
    tell({ type: 'gone', source: 'camera0#1' })
    expect(() => feed.readFd).toThrow('the frames of camera0 have ended')
  })

  it('tell nothing that comes after they were closed, though they were being compared', async () => {
    const { feeds, tell, gives } = setUp()
    const ended: string[] = []
    const feed = await feeds.open('camera0')
    feed.onEnded((reason) => ended.push(reason))
    gives('H264')
    tell({ type: 'capture', state: 'started', source: 'camera0#1' })
    feed.close()
    await new Promise((resolve) => setImmediate(resolve))
    expect(ended).toEqual([])
  })

  it('keep no lease when no pipe can be had', async () => {
    const { feeds, done, refuseNext } = setUp()
    refuseNext()
    await expect(feeds.open('camera0')).rejects.toMatchObject({ code: 'DEPENDENCY_FAILED' })
    expect(done).toEqual(['lease camera0'])
  })

  it('end with the child that does not read, and tell once', async () => {
    const { feeds, done, tell } = setUp()
    const feed = await feeds.open('camera0')
    const reasons: string[] = []
    feed.onEnded((reason) => reasons.push(reason))
    tell({ type: 'feed_ended', feed: 1, reason: 'stalled' })
    tell({ type: 'feed_ended', feed: 1, reason: 'stalled' })
    expect(reasons).toEqual(['stalled'])
    expect(done).toHaveLength(3)
  })

  it.each([{ type: 'gone' }, { type: 'capture', state: 'gone' }])('end with their own camera only (%o)', async (event) => {
    const { feeds, tell } = setUp()
    const ended: string[] = []
    for (const device of ['camera0', 'camera1']) {
      const feed = await feeds.open(device)
      feed.onEnded((reason) => ended.push(`${device} ${reason}`))
    }
    tell({ ...event, source: 'camera1#1' })
    expect(ended).toEqual(['camera1 camera_gone'])
  })

  it('end after lost events when their camera is not there any more, or gives something else', async () => {
    const { feeds, tell, gives } = setUp()
    const ended: string[] = []
    for (const device of ['camera0', 'camera1', 'camera1']) {
      const feed = await feeds.open(device)
      feed.onEnded((reason) => ended.push(`${device} ${reason}`))
    }
    tell({ type: 'resync', devices: [{ source: 'camera0#1' }] })
    await new Promise((resolve) => setImmediate(resolve))
    expect(ended).toEqual(['camera1 camera_gone', 'camera1 camera_gone'])
    gives('H264')
    tell({ type: 'resync', devices: [{ source: 'camera0#1' }] })
    await new Promise((resolve) => setImmediate(resolve))
    expect(ended.slice(2)).toEqual(['camera0 mode_changed'])
  })
})
