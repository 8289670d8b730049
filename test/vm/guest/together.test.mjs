// Everything at once from one camera for a minute, with an unplugging in the middle: published, recorded, photographed and watched.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { freePort } from '../../support/free-port.mjs'
import { ensureVivid, plugVivid, unplugVivid, vividNodes } from './support/drivers.mjs'
import { inspectJpeg } from './support/jpeg.mjs'
import { startMediaServer } from './support/media-server.mjs'
import { processesHolding } from './support/processes.mjs'
import { startService } from './support/service.mjs'
import { Viewer } from './support/viewer.mjs'
import { eventually } from './support/wait.mjs'

const run = promisify(execFile)
const PATIENCE = { timeoutMs: 90_000, everyMs: 100 }
/** Before and after the unplugging. */
const HALF_MS = 30_000
/** They are published too: large pictures would leave the camera that is looked at nothing of an emulated processor. */
const OTHERS = '    camera1: "YUYV 320x180@5"\n    camera2: "YUYV 320x180@5"'
const YAML = `camera:
  modes:
    camera0: "YUYV 320x180@5"
${OTHERS}
camera_server:
  camera:
    device_path: /dev/video0
    width: 320
    height: 180
    fps: 5
    reconnect_interval: 1
  server:
    max_frame_age: 60
`

describe('one camera, published, recorded, photographed and watched at once', () => {
  let media
  let service
  let client
  let viewer
  let facePort
  before(async () => {
    media = await startMediaServer()
    facePort = await freePort()
    service = await startService({
      yaml: YAML,
      config: {
        ...media.config,
        FACES_CAMERA_ENABLED: true,
        CAMERA_SERVER_SERVER_HOST: '127.0.0.1',
        CAMERA_SERVER_SERVER_PORT: facePort,
      },
    })
    client = await service.client()
    await client.call('subscribe_events', {
      topics: ['recording.error', 'recording.stop', 'camera.connected', 'camera.disconnected'],
    })
  })
  after(async () => {
    viewer?.close()
    await ensureVivid()
    await service?.stop()
    await media?.stop()
  })

  const device = 'camera0'
  const startStream = () =>
    eventually(
      'the stream is up',
      () => client.call('start_streaming', { device }).catch((error) => (error.code === -32050 ? false : Promise.reject(error))),
      PATIENCE,
    )

  /** All of it until the time is over: each picture is whole, each frame of the viewer newer, the stream up. */
  async function useAll(forMs) {
    const endMs = performance.now() + forMs
    let pictures = 0
    while (performance.now() < endMs) {
      const shot = await client.call('take_snapshot', { device })
      const { width, height } = inspectJpeg(await readFile(shot.file_path))
      assert.deepEqual({ width, height }, { width: 320, height: 180 })
      pictures++
      await viewer.next({ live: true })
      const status = await client.call('get_stream_status', { device })
      assert.equal(status.ffmpeg_process.running, true)
    }
    assert.ok(pictures >= 3, `only ${pictures} pictures`)
    const [node] = await vividNodes()
    assert.deepEqual(await processesHolding(node), [service.pid])
  }

  /** A test whose failure comes with what the service told and printed last. */
  const scenario = (name, body) =>
    test(name, async () => {
      try {
        await body()
      } catch (thrown) {
        console.error(client.notifications.map(({ method, params }) => `${method} ${JSON.stringify(params)}`).join('\n'))
        console.error(service.output.split('\n').slice(-40).join('\n'))
        throw thrown
      }
    })

  scenario('goes on for a minute, with an unplugging in the middle, and nobody is refused', async () => {
    await startStream()
    viewer = await Viewer.open(facePort, '/cameras/camera0/video_feed')
    await viewer.next({ live: true })
    const first = await client.call('start_recording', { device, format: 'mkv' })
    await useAll(HALF_MS)

    // On a machine this slow it may have given nothing for a while before.
    const isEnd = (params) => params.device === device && params.reason === 'device_disconnected'
    const unplugged = client.notification('recording.error', isEnd, PATIENCE)
    await unplugVivid()
    await unplugged
    await viewer.next({ live: false })
    const refused = await client.call('take_snapshot', { device }).then(
      () => assert.fail('a picture of a camera that is not there'),
      (error) => error,
    )
    assert.equal(refused.code, -32020)

    await plugVivid()
    await viewer.next({ live: true })
    await startStream()
    const second = await eventually(
      'it is recorded again',
      () =>
        client
          .call('start_recording', { device, format: 'mkv' })
          .catch((error) => (error.code === -32020 ? false : Promise.reject(error))),
      PATIENCE,
    )
    await useAll(HALF_MS)
    const stopped = await client.call('stop_recording', { device })
    assert.equal(stopped.filename, second.filename)

    const seconds = {}
    for (const { filename } of [first, second]) seconds[filename] = await playAll(filename)
    // Frames of an emulated processor come late, never from another time.
    for (const length of Object.values(seconds)) assert.ok(length > 15 && length < 120, JSON.stringify(seconds))
    const { files } = await client.call('list_recordings')
    assert.deepEqual(files.map(({ filename }) => filename).sort(), [first.filename, second.filename].sort())
    assert.doesNotMatch(service.output, /EBUSY|unhandled/i)
  })

  /** Decodes a recording from its first to its last frame. Its length in seconds. */
  async function playAll(filename) {
    const folder = join(service.stateDir, 'recordings')
    const name = (await readdir(folder)).find((entry) => entry.startsWith(filename))
    assert.ok(name !== undefined, `no file of ${filename}`)
    const file = join(folder, name)
    const { stderr } = await run('ffmpeg', ['-v', 'error', '-nostdin', '-i', file, '-f', 'rawvideo', '-y', '/dev/null'])
    assert.equal(stderr, '')
    const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', file])
    const times = stdout.trim().split('\n').map(Number)
    return times.at(-1) - times[0]
  }
})
