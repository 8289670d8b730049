// Pictures of raw cameras, and a camera that vanishes while its picture is taken.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { ensureVivid, unplugVivid } from './support/drivers.mjs'
import { inspectJpeg } from './support/jpeg.mjs'
import { holdsOpen } from './support/processes.mjs'
import { startService } from './support/service.mjs'
import { eventually } from './support/wait.mjs'

const run = promisify(execFile)

/** vivid's picture: eight bars from left to right; which of red, green and blue are bright in each. */
const BARS = ['rgb', 'rg', 'gb', 'g', 'rb', 'r', 'b', '']
const LARGE = { width: 640, height: 480 }
const SMALL = { width: 320, height: 180 }

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

async function picture(file) {
  const { width, height, components } = inspectJpeg(await readFile(file))
  return { width, height, components }
}

/** A group of tests around one service whose cameras run in these modes. */
function withModes(modes, tests) {
  describe(`snapshots with ${Object.values(modes).join(', ')}`, () => {
    const shared = {}
    before(async () => {
      const lines = Object.entries(modes).map(([id, mode]) => `    ${id}: "${mode}"\n`)
      shared.service = await startService({ yaml: `camera:\n  modes:\n${lines.join('')}` })
      shared.client = await shared.service.client()
      await allConnected(shared)
    })
    after(async () => {
      await shared.service?.stop()
      await ensureVivid()
    })
    tests(shared)
  })
}

const allConnected = ({ client }) =>
  eventually('the cameras are connected', async () => (await client.call('get_camera_list')).connected >= 3, {
    timeoutMs: 60_000,
  })

function becomesJpeg(shared, device, format, size) {
  test(`${format} becomes a JPEG of the right size and colours`, async () => {
    const shot = await shared.client.call('take_snapshot', { device })
    assert.equal(shot.status, 'SUCCESS')
    assert.deepEqual(await picture(shot.file_path), { ...size, components: 3 })
    assert.deepEqual(await barsOf(shot.file_path, size), BARS)
  })
}

withModes({ camera0: 'YUYV 640x480@10', camera1: 'UYVY 320x180@10', camera2: 'YUYV 640x480@30' }, (shared) => {
  becomesJpeg(shared, 'camera0', 'YUYV', LARGE)
  becomesJpeg(shared, 'camera1', 'UYVY', SMALL)
  becomesJpeg(shared, 'camera2', 'YUYV of a multi-planar camera', LARGE)

  test('a wanted size is the size of the file', async () => {
    const shot = await shared.client.call('take_snapshot', { device: 'camera0', max_width: 320, max_height: 240 })
    assert.deepEqual(await picture(shot.file_path), { width: 320, height: 240, components: 3 })
  })
})

withModes({ camera0: 'NV12 640x480@10', camera1: 'YU12 320x180@10', camera2: 'GREY 640x480@30' }, (shared) => {
  becomesJpeg(shared, 'camera0', 'NV12', LARGE)
  becomesJpeg(shared, 'camera1', 'YU12', SMALL)

  test('a grey camera becomes a grey JPEG', async () => {
    const shot = await shared.client.call('take_snapshot', { device: 'camera2' })
    assert.deepEqual(await picture(shot.file_path), { ...LARGE, components: 1 })
  })
})

// One frame per second leaves time to pull the camera between the start of the capture and its first frame.
withModes({ camera0: 'RGB3 640x480@1', camera1: 'BGR3 320x180@10' }, (shared) => {
  // First: it loads what makes pictures, which takes seconds on an emulated processor that other machines keep busy.
  becomesJpeg(shared, 'camera1', 'BGR3', SMALL)

  test('pulled while its picture is taken, the camera answers a typed error and the service goes on', async () => {
    const { client, service } = shared
    const before = await readdir(service.snapshotDir)
    const shot = client.call('take_snapshot', { device: 'camera0' }).then(
      () => assert.fail('a picture of a camera that is gone'),
      (error) => error,
    )
    const opened = eventually('the capture has the device open', () => holdsOpen(service.pid, '/dev/video0'), { everyMs: 5 })
    // An answer before that is not the one that is looked for.
    await Promise.race([opened, shot.then((error) => Promise.reject(error))])
    await unplugVivid()
    const error = await shot
    const files = await readdir(service.snapshotDir)
    await ensureVivid()
    await allConnected(shared)
    assert.equal(error.code, -32050, error.message)
    assert.equal(error.data.camera_error, 'CAMERA_GONE', error.message)
    assert.deepEqual(files, before)
  })

  becomesJpeg(shared, 'camera0', 'RGB3', LARGE)
})
