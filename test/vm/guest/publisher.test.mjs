// One owner per device: pictures are taken while the camera is published, and nobody else ever opens it.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { vividNodes } from './support/drivers.mjs'
import { inspectJpeg } from './support/jpeg.mjs'
import { startMediaServer } from './support/media-server.mjs'
import { processesHolding } from './support/processes.mjs'
import { startService } from './support/service.mjs'
import { eventually } from './support/wait.mjs'

const run = promisify(execFile)
// Small and slow: the encoder runs on an emulated processor.
const SIZE = { width: 320, height: 180 }
const MODE = `YUYV ${SIZE.width}x${SIZE.height}@5`
const YAML = `camera:\n  modes: { camera0: ${MODE}, camera1: ${MODE}, camera2: ${MODE} }\n`

describe('a published camera', () => {
  let media
  let service
  let client
  before(async () => {
    media = await startMediaServer()
    service = await startService({ yaml: YAML, config: media.config })
    client = await service.client()
    const started = await eventually(
      'the media server is up',
      () =>
        client
          .call('start_streaming', { device: 'camera0' })
          .catch((error) => (error.code === -32050 ? false : Promise.reject(error))),
      { timeoutMs: 60_000, everyMs: 200 },
    )
    assert.equal(started.status, 'STARTED')
  })
  after(async () => {
    await service?.stop()
    await media?.stop()
  })

  const published = () =>
    eventually(
      'frames are published',
      async () => {
        const status = await client.call('get_stream_status', { device: 'camera0' })
        return status.ffmpeg_process.running && status.mediamtx_path.ready && status
      },
      { timeoutMs: 60_000, everyMs: 200 },
    )

  test('snapshots of the wanted size are taken while it is published', async () => {
    const { ffmpeg_process: before } = await published()
    const shots = await Promise.all(Array.from({ length: 5 }, () => client.call('take_snapshot', { device: 'camera0' })))
    for (const shot of shots) {
      const { width, height } = inspectJpeg(await readFile(shot.file_path))
      assert.deepEqual({ width, height }, SIZE)
    }
    const small = await client.call('take_snapshot', { device: 'camera0', max_width: 160, max_height: 90 })
    const { width, height } = inspectJpeg(await readFile(small.file_path))
    assert.deepEqual({ width, height }, { width: 160, height: 90 })
    assert.equal((await published()).ffmpeg_process.pid, before.pid, 'the publisher was disturbed')
  })

  test('only the service has the device open, and it does own it', async () => {
    const [node] = await vividNodes()
    assert.deepEqual(await processesHolding(node), [service.pid])
    // The positive control: whoever opens it for streaming now is refused.
    const refused = await run('v4l2-ctl', ['-d', node, '--stream-mmap', '--stream-count=1']).catch((error) => error)
    assert.match(`${refused.stderr}${refused.stdout}`, /busy/i)
  })
})
