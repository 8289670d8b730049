// Cameras that are pulled and plugged again: told at once, kept apart, nothing lost, nothing leaked.
import assert from 'node:assert/strict'
import { open } from 'node:fs/promises'
import { connect } from 'node:net'
import { after, afterEach, before, describe, test } from 'node:test'
import { ensureVivid, plugVivid, unplugVivid, vividNodes } from './support/drivers.mjs'
import { startService } from './support/service.mjs'
import { eventually } from './support/wait.mjs'

const CYCLES = 50
/** What there is after these must do for all. */
const WARM_UP_CYCLES = 10
/** Pools whose threads start one by one, with the first work that meets all others busy: no more than these, whenever it is. */
const POOL_SIZES = { 'camera-probe': 4 }
const DEVICES = ['camera0', 'camera1', 'camera2']

describe('hotplug', () => {
  let service
  let client
  before(async () => {
    service = await startService()
    client = await service.client()
    await client.call('subscribe_events', { topics: ['camera.connected', 'camera.disconnected'] })
    await allConnected()
  })
  afterEach(ensureVivid)
  after(() => service?.stop())

  const vividCameras = async () => (await client.call('get_camera_list')).cameras.filter(({ name }) => name.startsWith('vivid'))
  const allConnected = () =>
    eventually('all vivid cameras are connected', async () => {
      const cameras = await vividCameras()
      return cameras.length === DEVICES.length && cameras.every(({ status }) => status === 'CONNECTED')
    })
  const all = (topic, from) =>
    Promise.all(
      DEVICES.map((device) => client.notification(topic, (params) => params.device === device, { from, timeoutMs: 60_000 })),
    )

  async function cycle() {
    const from = client.notifications.length
    await unplugVivid()
    await all('camera.disconnected', from)
    await plugVivid()
    return all('camera.connected', from)
  }

  test('unplugging and plugging arrive as notifications with the camera and its state', async () => {
    const from = client.notifications.length
    await unplugVivid()
    const [gone] = await all('camera.disconnected', from)
    assert.equal(gone.params.status, 'DISCONNECTED')
    assert.match(gone.params.timestamp, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    assert.deepEqual(
      (await vividCameras()).map(({ status }) => status),
      ['DISCONNECTED', 'DISCONNECTED', 'DISCONNECTED'],
    )

    await plugVivid()
    const [back] = await all('camera.connected', from)
    assert.equal(back.params.status, 'CONNECTED')
    await allConnected()
  })

  test('a camera that comes back as another node keeps its id', async () => {
    const hdmi = (await client.call('get_camera_capabilities', { device: 'camera2' })).resolutions
    const nodesBefore = await vividNodes()
    // A number stays taken while a descriptor is open, so every instance moves up by one: each number now is another camera.
    const held = await open(nodesBefore[0])
    try {
      await cycle()
      const nodesNow = await vividNodes()
      assert.notDeepEqual(nodesNow, nodesBefore)
      await allConnected()
      assert.deepEqual((await vividCameras()).map(({ device }) => device).sort(), DEVICES)
      assert.deepEqual((await client.call('get_camera_capabilities', { device: 'camera2' })).resolutions, hdmi)
      for (const [number, node] of nodesNow.entries()) {
        assert.equal((await client.call('get_camera_status', { device: node })).device, `camera${number}`, node)
      }
    } finally {
      await held.close()
    }
    await cycle()
    assert.deepEqual(await vividNodes(), nodesBefore)
  })

  test(`${CYCLES} cycles lose no event and leak no descriptor and no thread`, async () => {
    // The index of files is opened when it is first asked, or a minute after the start.
    await client.call('list_recordings')
    const from = client.notifications.length
    let before
    for (let i = 0; i < CYCLES; i++) {
      if (i === WARM_UP_CYCLES) before = await service.resources()
      await cycle()
    }
    await allConnected()

    const told = client.notifications.slice(from)
    for (const device of DEVICES) {
      const ofDevice = told.filter(({ params }) => params.device === device).map(({ method }) => method)
      const expected = Array.from({ length: CYCLES }, () => ['camera.disconnected', 'camera.connected']).flat()
      assert.deepEqual(ofDevice, expected, device)
    }
    let now
    const count = (of, name) => of.threads.filter((thread) => thread === name).length
    const threadsAsBefore = (name) => count(now, name) <= (POOL_SIZES[name] ?? count(before, name))
    await eventually('no more descriptors and threads than before', async () => {
      now = await service.resources()
      return now.descriptors.length <= before.descriptors.length && now.threads.every(threadsAsBefore)
    }).catch((thrown) => {
      const lists = (of) => `${of.descriptors.join(' ')} | ${of.threads.join(' ')}`
      throw new Error(`${thrown.message}\nbefore: ${lists(before)}\nnow: ${lists(now)}`)
    })
  })
})

/** Descriptors that the service may have, and those that it keeps for cameras, files and logs. */
const [LIMIT, KEPT] = [256, 64]

test('R-18: cameras that are plugged while descriptors run out are probed and connected', async () => {
  await ensureVivid()
  const service = await startService({
    wrapper: ['prlimit', `--nofile=${LIMIT}:${LIMIT}`],
    config: { SERVER_MAX_UNAUTHENTICATED: 1_000 },
  })
  const sockets = []
  try {
    const client = await service.client()
    await client.call('subscribe_events', { topics: ['camera.connected', 'camera.disconnected'] })
    for (let opened = 0; opened < 400; opened++)
      sockets.push(connect({ host: '127.0.0.1', port: service.port }).on('error', () => {}))
    await eventually('descriptors run out', () => service.output.includes('file descriptors run out'))
    const { descriptors } = await service.resources()
    // Some of those kept may be in use: that is what they are for.
    assert.ok(descriptors.length <= LIMIT - KEPT / 2, `${descriptors.length} of ${LIMIT} are open`)
    const from = client.notifications.length
    const told = (topic, device) => client.notification(topic, (params) => params.device === device, { from, timeoutMs: 60_000 })
    await unplugVivid()
    await Promise.all(DEVICES.map((device) => told('camera.disconnected', device)))
    await plugVivid()
    for (const { params } of await Promise.all(DEVICES.map((device) => told('camera.connected', device)))) {
      assert.equal(params.status, 'CONNECTED')
      // The second phase, too: what it can do was asked of the driver.
      assert.ok((await client.call('get_camera_capabilities', { device: params.device })).resolutions.length > 0)
    }
    assert.ok(!service.output.includes('file descriptors are free again'))
  } finally {
    for (const socket of sockets) socket.destroy()
    await service.stop()
  }
})
