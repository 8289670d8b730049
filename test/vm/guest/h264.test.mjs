// A camera that gives nothing but H.264 (a loopback node fed by ffmpeg): it is published as it is, and its pictures are decoded
// only where somebody wants one.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { freePort } from '../../support/free-port.mjs'
import { feedLoopback, makeH264 } from './support/drivers.mjs'
import { inspectJpeg } from './support/jpeg.mjs'
import { startMediaServer } from './support/media-server.mjs'
import { commandsOf } from './support/processes.mjs'
import { startService } from './support/service.mjs'
import { eventually, within } from './support/wait.mjs'

const run = promisify(execFile)
const NODE = '/dev/video21'
const DEVICE = 'camera21'
const SIZE = { width: 320, height: 180 }
const FPS = 10
/** It is the default camera, and captured only while somebody wants it. */
const FACE = { camera: { device_path: NODE, ...SIZE, fps: FPS }, cameras: [{ id: DEVICE, on_demand: true, ...SIZE, fps: FPS }] }

describe('a camera that gives only H.264', () => {
  let feed
  before(async () => {
    const file = join(tmpdir(), 'loopback.h264')
    await makeH264(file, { ...SIZE, fps: FPS, seconds: 3, times: 200 })
    feed = await feedLoopback(NODE, { file, fps: FPS, demuxer: 'h264', fourcc: 'H264' })
  })
  after(() => feed?.stop())

  describe('without a media server', () => {
    let port
    let service
    let client
    before(async () => {
      port = await freePort()
      const faceConfig = join(tmpdir(), 'h264-face.json')
      await writeFile(faceConfig, JSON.stringify(FACE))
      service = await startService({
        config: {
          FACES_CAMERA_ENABLED: true,
          CAMERA_SERVER_CONFIG_FILE: faceConfig,
          CAMERA_SERVER_SERVER_HOST: '127.0.0.1',
          CAMERA_SERVER_SERVER_PORT: port,
        },
      })
      client = await service.client()
    })
    after(() => service?.stop())

    test('it is listed with its format and size', async () => {
      const status = await connected(client)
      assert.equal(status.device, DEVICE)
      assert.equal(status.resolution, '320x180')
      assert.deepEqual(status.capabilities.formats, ['H264'])
    })

    test('a snapshot is decoded from a key frame, and says so', async () => {
      const shot = await client.call('take_snapshot', { device: DEVICE })
      assert.equal(shot.capture_method, 'ffmpeg_decode')
      const { width, height } = inspectJpeg(await readFile(shot.file_path))
      assert.deepEqual({ width, height }, SIZE)
      const small = await client.call('take_snapshot', { device: DEVICE, max_width: 160, max_height: 90 })
      assert.equal(small.capture_method, 'ffmpeg_decode')
      const reduced = inspectJpeg(await readFile(small.file_path))
      assert.deepEqual({ width: reduced.width, height: reduced.height }, { width: 160, height: 90 })
      assert.deepEqual(await decoders(), [], 'a decoder runs though nobody watches')
    })

    test('its live view shows pictures while somebody watches, and nothing is decoded afterwards', async () => {
      const pictures = await within(90_000, 'pictures in the live view', watch(port, 5))
      for (const picture of pictures) {
        const { width, height } = inspectJpeg(picture)
        assert.deepEqual({ width, height }, SIZE)
      }
      assert.ok(
        pictures.some((picture) => !picture.equals(pictures[0])),
        'the picture does not move',
      )
      await eventually('the decoder ends', async () => (await decoders()).length === 0, { timeoutMs: 60_000, everyMs: 200 })
    })
  })

  describe('with a media server', () => {
    let media
    let service
    let client
    before(async () => {
      media = await startMediaServer()
      service = await startService({ config: media.config })
      client = await service.client()
    })
    after(async () => {
      await service?.stop()
      await media?.stop()
    })

    test('its stream is published by copying', async () => {
      await connected(client)
      const started = await eventually(
        'the media server is up',
        () =>
          client
            .call('start_streaming', { device: DEVICE })
            .catch((error) => (error.code === -32050 ? false : Promise.reject(error))),
        { timeoutMs: 60_000, everyMs: 200 },
      )
      const status = await eventually(
        'frames are published',
        async () => {
          const answer = await client.call('get_stream_status', { device: DEVICE })
          return answer.ffmpeg_process.running && answer.mediamtx_path.ready && answer.metrics.frames_sent > FPS && answer
        },
        { timeoutMs: 60_000, everyMs: 200 },
      )
      const command = (await readFile(`/proc/${status.ffmpeg_process.pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
      assert.match(command, /-c:v copy/)
      assert.doesNotMatch(command, /libx264/)
      if (process.env.MEDIAMTX_BIN === undefined) return
      const { stdout } = await run('ffprobe', [
        ...['-v', 'error', '-rtsp_transport', 'tcp', '-show_entries', 'stream=codec_name,profile,width,height', '-of', 'json'],
        started.stream_url,
      ])
      assert.deepEqual(JSON.parse(stdout).streams, [{ codec_name: 'h264', profile: 'High', ...SIZE }])
    })
  })
})

/** The camera's status as soon as it can be used. */
const connected = (client) =>
  eventually(
    'the camera is connected',
    async () => {
      const answer = await client.call('get_camera_status', { device: NODE }).catch(() => undefined)
      return answer?.status === 'CONNECTED' && answer
    },
    { timeoutMs: 60_000 },
  )

/** Commands of children that make JPEGs without end. */
const decoders = async () => (await commandsOf('ffmpeg')).filter((command) => command.includes('mpjpeg'))

/** The first `count` pictures of the live view that are not the placeholder's. */
function watch(port, count) {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path: `/cameras/${DEVICE}/video_feed?extra_headers=1` }, (response) => {
      if (response.statusCode !== 200) {
        reject(new Error(`the live view answers ${response.statusCode}`))
        request.destroy()
        return
      }
      const pictures = []
      let pending = Buffer.alloc(0)
      response.on('data', (chunk) => {
        pending = Buffer.concat([pending, chunk])
        for (let part = firstPart(pending); part !== undefined; part = firstPart(pending)) {
          pending = pending.subarray(part.end)
          if (part.online) pictures.push(part.picture)
        }
        if (pictures.length < count) return
        resolve(pictures)
        request.destroy()
      })
    })
    request.once('error', reject)
  })
}

/** One whole part of a multipart stream. */
function firstPart(bytes) {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const head = bytes.toString('latin1', 0, headEnd)
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1])
  const end = headEnd + 4 + length
  if (bytes.length < end) return undefined
  return { picture: Buffer.from(bytes.subarray(headEnd + 4, end)), online: !/x-frame-online: false/i.test(head), end }
}
