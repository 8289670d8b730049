// A camera that gives MJPEG (a loopback node fed by ffmpeg): its frames pass unchanged.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { feedLoopback, makeFrames } from './support/drivers.mjs'
import { inspectJpeg, splitJpegs, withoutHuffmanTables } from './support/jpeg.mjs'
import { startService } from './support/service.mjs'
import { eventually } from './support/wait.mjs'

const NODE = '/dev/video20'
const SIZE = { width: 640, height: 480 }

describe('an MJPEG camera', () => {
  const file = join(tmpdir(), 'loopback.mjpeg')
  let frames
  let feed
  let service
  let client
  before(async () => {
    await makeFrames(file, { ...SIZE, count: 20, fps: 10 })
    frames = splitJpegs(await readFile(file))
    service = await startService()
    client = await service.client()
    await client.call('subscribe_events', { topics: ['camera.connected'] })
    feed = await feedLoopback(NODE, { file, fps: 10 })
  })
  after(async () => {
    await service?.stop()
    await feed?.stop()
  })

  test('a node that begins to give pictures becomes a connected camera', async () => {
    const status = await eventually(
      'the loopback camera is connected',
      async () => {
        const answer = await client.call('get_camera_status', { device: NODE }).catch(() => undefined)
        return answer?.status === 'CONNECTED' && answer
      },
      { timeoutMs: 60_000 },
    )
    assert.equal(status.device, 'camera20')
    assert.equal(status.resolution, '640x480')
    assert.deepEqual(status.capabilities.formats, ['MJPG'])
  })

  test('a snapshot is, byte for byte, one of the frames that were fed', async () => {
    for (let i = 0; i < 3; i++) {
      const shot = await client.call('take_snapshot', { device: 'camera20' })
      const bytes = await readFile(shot.file_path)
      const { width, height } = inspectJpeg(bytes)
      assert.deepEqual({ width, height }, SIZE)
      assert.equal(bytes.length, shot.file_size)
      assert.ok(
        frames.some((frame) => frame.equals(bytes)),
        `no frame of ${bytes.length} bytes was fed like this`,
      )
    }
  })

  test('frames without Huffman tables get the standard ones and are unchanged otherwise', async () => {
    const bare = frames.map(withoutHuffmanTables)
    const bareFile = `${file}.bare`
    await writeFile(bareFile, Buffer.concat(bare))
    await feed.stop()
    feed = await feedLoopback(NODE, { file: bareFile, fps: 10 })
    const shot = await eventually(
      'a snapshot of the new feed',
      () => client.call('take_snapshot', { device: 'camera20' }).catch(() => undefined),
      { timeoutMs: 60_000 },
    )
    const bytes = await readFile(shot.file_path)
    assert.equal(inspectJpeg(bytes).hasHuffmanTables, true)
    const stripped = withoutHuffmanTables(bytes)
    assert.ok(
      bare.some((frame) => frame.equals(stripped)),
      'more than tables differs',
    )
  })
})
