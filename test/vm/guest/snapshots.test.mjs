// Pictures of raw cameras, and a camera that vanishes while its picture is taken.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { afterEach, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { ensureVivid, unplugVivid } from './support/drivers.mjs'
import { inspectJpeg } from './support/jpeg.mjs'
import { holdsOpen } from './support/processes.mjs'
import { startService } from './support/service.mjs'
import { eventually } from './support/wait.mjs'

const run = promisify(execFile)

/** vivid's picture: eight bars from left to right; which of red, green and blue are bright in each. */
const BARS = ['rgb', 'rg', 'gb', 'g', 'rb', 'r', 'b', '']

/** Bright channels at the middle of each bar, low in the picture where no text stands. */
async function barsOf(file, { width, height }) {
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', file, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'], {
    encoding: 'buffer',
    maxBuffer: 64 * 1024 * 1024,
  })
  const row = Math.floor(height * 0.8)
  return BARS.map((_, bar) => {
    const at = (row * width + Math.floor(((bar + 0.5) * width) / BARS.length)) * 3
    return [...'rgb'].filter((_, channel) => stdout[at + channel] > 110).join('')
  })
}

describe('snapshots of raw cameras', () => {
  let service
  afterEach(async () => {
    await service?.stop()
    service = undefined
    await ensureVivid()
  })

  const withModes = (modes) =>
    startService({
      yaml: `camera:\n  modes:\n${Object.entries(modes)
        .map(([id, mode]) => `    ${id}: "${mode}"\n`)
        .join('')}`,
    })

  for (const [first, second] of [
    ['YUYV', 'UYVY'],
    ['NV12', 'YU12'],
    ['RGB3', 'BGR3'],
  ]) {
    test(`${first} and ${second} become JPEGs of the right size and colours`, async () => {
      service = await withModes({ camera0: `${first} 640x480@10`, camera1: `${second} 320x180@10` })
      const client = await service.client('operator')
      const sizes = { camera0: { width: 640, height: 480 }, camera1: { width: 320, height: 180 } }
      for (const [device, size] of Object.entries(sizes)) {
        const shot = await client.call('take_snapshot', { device })
        assert.equal(shot.status, 'SUCCESS')
        const { width, height, components } = inspectJpeg(await readFile(shot.file_path))
        assert.deepEqual({ width, height, components }, { ...size, components: 3 })
        assert.deepEqual(await barsOf(shot.file_path, size), BARS, device)
      }
    })
  }

  test('a grey camera becomes a grey JPEG', async () => {
    service = await withModes({ camera0: 'GREY 640x480@10' })
    const client = await service.client('operator')
    const shot = await client.call('take_snapshot', { device: 'camera0' })
    const { width, height, components } = inspectJpeg(await readFile(shot.file_path))
    assert.deepEqual({ width, height, components }, { width: 640, height: 480, components: 1 })
  })

  test('a multi-planar camera becomes a JPEG', async () => {
    service = await withModes({ camera2: 'YUYV 640x480@30' })
    const client = await service.client('operator')
    const shot = await client.call('take_snapshot', { device: 'camera2' })
    const { width, height } = inspectJpeg(await readFile(shot.file_path))
    assert.deepEqual({ width, height }, { width: 640, height: 480 })
  })

  test('a wanted size is the size of the file', async () => {
    service = await withModes({ camera0: 'YUYV 640x480@10' })
    const client = await service.client('operator')
    const shot = await client.call('take_snapshot', { device: 'camera0', max_width: 320, max_height: 240 })
    const { width, height } = inspectJpeg(await readFile(shot.file_path))
    assert.deepEqual({ width, height }, { width: 320, height: 240 })
  })

  test('pulled while its picture is taken, the camera answers a typed error and the service goes on', async () => {
    // One frame per second leaves time to pull the camera between the start of the capture and its first frame.
    service = await withModes({ camera0: 'YUYV 640x480@1' })
    const client = await service.client('operator')
    const shot = client.call('take_snapshot', { device: 'camera0' }).then(
      () => assert.fail('a picture of a camera that is gone'),
      (error) => error,
    )
    await eventually('the capture has the device open', () => holdsOpen(service.pid, '/dev/video0'), { everyMs: 5 })
    await unplugVivid()
    const error = await shot
    assert.equal(error.code, -32050, error.message)
    assert.equal(error.data.camera_error, 'CAMERA_GONE', error.message)
    assert.deepEqual(await readdir(service.snapshotDir), [])

    await ensureVivid()
    await eventually(
      'the camera is back',
      async () => (await client.call('get_camera_status', { device: 'camera0' })).status === 'CONNECTED',
    )
    assert.equal((await client.call('take_snapshot', { device: 'camera0' })).status, 'SUCCESS')
  })
})
