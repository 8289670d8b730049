// The camera face on real drivers: its viewers see the camera come and go, and never have to connect again.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch as watchFolder } from 'node:fs'
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { freePort } from '../../support/free-port.mjs'
import { ensureVivid, plugVivid, unplugVivid, vividNodes } from './support/drivers.mjs'
import { startService } from './support/service.mjs'
import { Viewer } from './support/viewer.mjs'
import * as waiting from './support/wait.mjs'

const run = promisify(execFile)
/** An emulated processor that others keep busy is slow. */
const eventually = (what, look) => waiting.eventually(what, look, { timeoutMs: 90_000 })

/** Small pictures: an emulated processor encodes them. */
const SMALL = { width: 320, height: 180, fps: 15 }
/** 50 ms on a real processor, 30 on a quiet emulated one; one that others keep busy too is many times slower. */
const PLACEHOLDER_MS = 5_000
/** Seconds between attempts, of the camera that others hold. */
const INTERVAL_S = 2
const CONFIG = {
  camera: { device_path: '/dev/video0', ...SMALL, reconnect_interval: 1, max_reconnect_attempts: 3 },
  // Frames of a busy machine are late, and late ones are no news here.
  server: { max_frame_age: 60 },
  cameras: [{ id: 'camera1', ...SMALL, reconnect_interval: INTERVAL_S, max_reconnect_attempts: 0 }],
}

describe('the camera face', () => {
  let folder
  let port
  let service
  const viewers = []
  const holders = []

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'camera-face-'))
    const file = join(folder, 'config.json')
    await writeFile(file, JSON.stringify(CONFIG))
    port = await freePort()
    // Nothing is plugged in when the service starts.
    await unplugVivid()
    service = await startService({
      config: {
        FACES_CAMERA_ENABLED: true,
        CAMERA_SERVER_CONFIG_FILE: file,
        CAMERA_SERVER_SERVER_HOST: '127.0.0.1',
        CAMERA_SERVER_SERVER_PORT: port,
        CAMERA_LINGER: '500ms',
      },
    })
  })
  afterEach(async () => {
    for (const viewer of viewers.splice(0)) viewer.close()
    for (const holder of holders.splice(0)) await holder.free()
    await ensureVivid()
  })
  after(async () => {
    await service?.stop()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  /** Each on a connection of its own: one that is kept may be closed by the other side just when it is used again. */
  const call = async (method, path, body) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false })
    sent.end(body === undefined ? undefined : JSON.stringify(body))
    const [answer] = await once(sent, 'response')
    return { status: answer.statusCode, body: JSON.parse(Buffer.concat(await answer.toArray()).toString()) }
  }
  const status = async (path = '/status') => (await call('GET', path)).body
  /** A test whose failure comes with what the service printed last. */
  const scenario = (name, body) =>
    test(name, async () => {
      try {
        await body()
      } catch (thrown) {
        console.error(service.output.split('\n').slice(-30).join('\n'))
        throw thrown
      }
    })
  const inState = (state, path) =>
    eventually(`${path ?? '/status'} is ${state}`, async () => {
      const now = await status(path)
      return now.state === state && now
    })
  const watch = async (path) => {
    const viewer = await Viewer.open(port, path)
    viewers.push(viewer)
    return viewer
  }
  /** Another program that streams from the node. */
  const hold = async (node) => {
    const child = spawn('v4l2-ctl', ['-d', node, '--set-fmt-video=width=320,height=180', '--stream-mmap', '--stream-count=0'])
    const exited = once(child, 'exit')
    const streams = new Promise((resolve) => {
      let printed = ''
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text) => {
          printed += text
          if (printed.includes('<')) resolve()
        })
      }
    })
    const holder = {
      pid: child.pid,
      free: async () => {
        child.kill('SIGKILL')
        await exited
      },
    }
    holders.push(holder)
    await Promise.race([streams, exited.then(() => assert.fail('v4l2-ctl ended'))])
    return holder
  }

  scenario('13.18 a camera that is absent at the start and plugged in later streams without any call', async () => {
    const absent = await status()
    assert.equal(absent.state, 'waiting')
    assert.equal(absent.is_running, true)
    assert.equal(absent.is_connected, false)
    assert.equal(absent.reconnect_attempts, 0)
    assert.equal(absent.stats.connection_errors, 0)
    const viewer = await watch()
    assert.equal(viewer.status, 200)
    await viewer.next({ live: false, from: 0 })
    await plugVivid()
    await viewer.next({ live: true })
    const streaming = await inState('streaming')
    assert.equal(streaming.is_connected, true)
    assert.equal(streaming.actual.width, SMALL.width)
    assert.equal(streaming.actual.height, SMALL.height)
    assert.equal(streaming.stats.connection_errors, 0)
  })

  scenario('13.17 a camera that comes back as another node is live again for the same viewers', async () => {
    const watching = [await watch(), await watch()]
    await Promise.all(watching.map((viewer) => viewer.next({ live: true, from: 0 })))
    const before = await inState('streaming')
    const nodesBefore = await vividNodes()
    // A number stays taken while a descriptor is open, so every camera moves up by one.
    const held = await open(nodesBefore[0])
    try {
      // The kernel takes the node away before the driver is done.
      const watcher = watchFolder('/dev')
      const gone = new Promise((resolve) =>
        watcher.on('change', (_, name) => name === basename(nodesBefore[0]) && resolve(performance.now())),
      )
      const placeholders = watching.map((viewer) => viewer.next({ live: false }))
      await unplugVivid()
      const goneMs = await gone
      watcher.close()
      const delays = (await Promise.all(placeholders)).map(({ atMs }) => atMs - goneMs)
      console.error(
        `    node gone to placeholder: ${delays.map((ms) => ms.toFixed(0)).join(' and ')} ms, on an emulated processor`,
      )
      assert.ok(Math.max(...delays) < PLACEHOLDER_MS)
      const away = await inState('waiting')
      assert.equal(away.is_running, true)
      assert.equal(away.is_connected, false)
      assert.equal(away.reconnect_attempts, 0)
      assert.equal(away.stats.connection_errors, before.stats.connection_errors + 1)
      assert.ok(away.stats.frames_captured >= before.stats.frames_captured)
      assert.equal(away.viewers.count, watching.length)

      await plugVivid()
      await Promise.all(watching.map((viewer) => viewer.next({ live: true })))
      assert.notDeepEqual(await vividNodes(), nodesBefore)
      const back = await inState('streaming')
      assert.equal(back.identity.id, before.identity.id)
      assert.notEqual(back.identity.node, before.identity.node)
      assert.equal(back.reconnect_attempts, 0)
      assert.match(back.stats.last_reconnect, /^\d{4}-\d\d-\d\dT/)
      assert.equal(back.stats.connection_errors, away.stats.connection_errors)
      assert.ok(back.stats.frames_captured > before.stats.frames_captured)
      assert.equal(back.viewers.count, watching.length)
      assert.ok(watching.every((viewer) => !viewer.ended))
    } finally {
      await held.close()
    }
    await unplugVivid()
  })

  scenario(
    '13.20 a camera that another program holds says so and by whom, and is live within one interval after it is free',
    async () => {
      const nodes = await vividNodes()
      const holder = await hold(nodes[1])
      const viewer = await watch('/cameras/camera1/video_feed')
      await viewer.next({ live: false, from: 0 })
      const busy = await eventually('the owner is named', async () => {
        const now = await status('/cameras/camera1')
        return now.last_error?.message.includes('v4l2-ctl') && now
      })
      assert.equal(busy.last_error.code, 'CAMERA_BUSY')
      assert.match(busy.last_error.message, new RegExp(`v4l2-ctl \\(pid ${holder.pid}\\)`))
      assert.equal(busy.is_running, true)
      assert.equal(busy.is_connected, false)
      // Long enough that pauses between attempts have doubled.
      await eventually('some attempts failed', async () => (await status('/cameras/camera1')).reconnect_attempts >= 3)
      await holder.free()
      const freedMs = performance.now()
      const live = await viewer.next({ live: true })
      const tookMs = live.atMs - freedMs
      // What the camera itself takes to start is its own business.
      const restartMs = performance.now()
      assert.equal((await call('POST', '/cameras/camera1/restart')).body.success, true)
      const startMs = performance.now() - restartMs
      console.error(`    freed to live: ${tookMs.toFixed(0)} ms, of which a start takes ${startMs.toFixed(0)}`)
      assert.ok(tookMs < INTERVAL_S * 1000 + startMs + 1_000, `live after ${tookMs} ms`)
      assert.equal((await inState('streaming', '/cameras/camera1')).reconnect_attempts, 0)
    },
  )

  scenario('13.19 exhausted attempts end in given_up and 503; restart and hotplug bring the camera back', async () => {
    const exhausting = { ...CONFIG.cameras[0], reconnect_interval: 0.2, max_reconnect_attempts: 2 }
    assert.equal((await call('PUT', '/config', { cameras: [exhausting] })).status, 200)
    const exhaust = async () => {
      await eventually('nobody captures', async () => !(await status('/cameras/camera1')).is_connected)
      const holder = await hold((await vividNodes())[1])
      const viewer = await watch('/cameras/camera1/video_feed')
      const given = await inState('given_up', '/cameras/camera1')
      assert.equal(given.is_running, false)
      assert.equal(given.reconnect_attempts, 2)
      assert.deepEqual((await call('GET', '/cameras/camera1/video_feed')).body.detail, 'Camera service not running')
      assert.equal((await call('GET', '/cameras/camera1/video_feed')).status, 503)
      await holder.free()
      assert.equal((await status('/cameras/camera1')).state, 'given_up')
      assert.ok(!viewer.ended)
      return viewer
    }
    const restarted = await exhaust()
    const { body } = await call('POST', '/cameras/camera1/restart')
    assert.deepEqual(body, { success: true, message: 'Camera restart successful' })
    await restarted.next({ live: true })
    restarted.close()

    const replugged = await exhaust()
    await unplugVivid()
    await plugVivid()
    await replugged.next({ live: true })
    await inState('streaming', '/cameras/camera1')
  })

  scenario('13.22 the wall clock set by an hour changes no age, no uptime and no reconnect', async () => {
    const viewer = await watch()
    await viewer.next({ live: true, from: 0 })
    const setClock = (by) => run('date', ['-s', by])
    for (const by of ['+1 hour', '-1 hour']) {
      const before = await inState('streaming')
      const beforeMs = performance.now()
      const from = viewer.parts.length
      await setClock(by)
      await eventually('frames go on', () => viewer.parts.length >= from + 15)
      assert.ok(
        viewer.parts.slice(from).every(({ headers }) => headers['x-frame-online'] === 'true'),
        'a placeholder was shown',
      )
      assert.ok(Number(viewer.last.headers['x-frame-age-ms']) < 60_000)
      const now = await status()
      const passedS = (performance.now() - beforeMs) / 1000
      assert.ok(
        Math.abs(now.stats.uptime - before.stats.uptime - passedS) < 60,
        `uptime ${before.stats.uptime} to ${now.stats.uptime}`,
      )
      assert.equal(now.stats.uptime_start, before.stats.uptime_start)
      assert.ok(now.stats.last_frame_age >= 0 && now.stats.last_frame_age < 60)

      await unplugVivid()
      await viewer.next({ live: false })
      await plugVivid()
      await viewer.next({ live: true })
    }
  })
})
