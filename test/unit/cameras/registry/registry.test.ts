import { describe, expect, it } from 'vitest'
import { createLogger } from '../../../../src/base/logger.js'
import { CameraRegistry } from '../../../../src/cameras/registry/registry.js'
import { EventTape, format, identity, MJPEG_720, report, state } from '../../../support/devices.js'
import { FakeClock } from '../../../support/fake-clock.js'

function setUp() {
  const kept: string[][] = []
  const clock = new FakeClock()
  clock.advance(1_000)
  const links = { up: false }
  const registry = new CameraRegistry({
    clock,
    logger: createLogger({ level: 'silent', format: 'json' }),
    pins: new Map(),
    modeWish: () => ({}),
    quietMs: 50,
    maxMs: 250,
    ids: new Map(),
    onIds: (ids) => void kept.push([...ids.keys()]),
    links: (device, host) => (links.up ? { rtsp: `rtsp://${host}:8554/${device}` } : {}),
  })
  const told: string[] = []
  registry.events.on('connected', (camera) => told.push(`connected ${camera.device}`))
  registry.events.on('disconnected', (camera) => told.push(`disconnected ${camera.device}`))
  registry.events.on('statusChanged', ({ camera, oldStatus, newStatus }) =>
    told.push(`${camera.device} ${oldStatus}>${newStatus}${camera.reason === undefined ? '' : ` (${camera.reason})`}`),
  )
  return { clock, registry, told, kept, tape: new EventTape(), links }
}

describe('the camera registry', () => {
  it('tells a plugged camera once it is usable', () => {
    const { registry, told, tape } = setUp()
    registry.handle([tape.present(state())])
    expect(told).toEqual([])
    registry.handle([tape.ready(state())])
    expect(told).toEqual(['connected camera0', 'camera0 DISCONNECTED>CONNECTED'])
    expect(registry.listView('cam-host').value).toEqual({
      cameras: [{ device: 'camera0', status: 'CONNECTED', name: 'Bench camera', resolution: '1280x720', fps: 30, streams: {} }],
      total: 1,
      connected: 1,
    })
  })

  it('keeps the id of a camera that comes back as another node', () => {
    const { clock, registry, told, tape } = setUp()
    registry.handle([tape.ready(state())])
    clock.advance(100)
    registry.handle([tape.gone(state())])
    clock.advance(100)
    const back = state({ source: '/dev/video3#2', node: '/dev/video3' })
    registry.handle([tape.ready(back)])
    expect(registry.list().map((camera) => [camera.device, camera.node, camera.status])).toEqual([
      ['camera0', '/dev/video3', 'CONNECTED'],
    ])
    expect(told.filter((line) => line.includes('connected '))).toEqual([
      'connected camera0',
      'disconnected camera0',
      'connected camera0',
    ])
    expect(registry.resolve('/dev/video3')).toBe('camera0')
    expect(registry.resolve('/dev/video9')).toBe('camera9')
  })

  it('tells clients first, and the rest of the service once per camera and batch', () => {
    const { registry, told, tape } = setUp()
    registry.events.on('changed', (camera) => told.push(`changed ${camera.device} ${camera.status}`))
    registry.handle([tape.present(state()), tape.ready(state())])
    expect(told).toEqual(['connected camera0', 'camera0 DISCONNECTED>CONNECTED', 'changed camera0 CONNECTED'])
    registry.setCaptureFault('/dev/video0#1', 'CAMERA_BUSY')
    expect(told.slice(3)).toContain('changed camera0 ERROR')
  })

  it('never hides an unplugging between two appearances of one batch', () => {
    const { registry, tape } = setUp()
    const sources: (string | undefined)[] = []
    registry.handle([tape.ready(state())])
    registry.events.on('changed', ({ source }) => sources.push(source))
    const back = state({ source: '/dev/video3#2', node: '/dev/video3' })
    registry.handle([tape.gone(state()), tape.present(back), tape.ready(back)])
    expect(sources).toEqual([undefined, '/dev/video3#2'])
  })

  it('keeps name and capabilities of an unplugged camera', () => {
    const { registry, tape } = setUp()
    registry.handle([tape.ready(state()), tape.gone(state())])
    expect(registry.statusView('camera0', 'h').value).toMatchObject({ status: 'DISCONNECTED', name: 'Bench camera' })
    expect(registry.capabilitiesView('camera0').value).toEqual({
      device: 'camera0',
      formats: ['MJPG'],
      resolutions: ['1280x720'],
      fps_options: [30, 15],
      validation_status: 'DISCONNECTED',
    })
  })

  it('gives the reason beside ERROR', () => {
    const { registry, told, tape } = setUp()
    registry.handle([tape.present(state({ fault: { code: 'NO_PERMISSION', errno: 13, call: 'open' } }))])
    expect(told).toEqual(['camera0 DISCONNECTED>ERROR (permission_denied)'])
  })

  it('shows a camera that another program holds as ERROR until it is free', () => {
    const { clock, registry, told, tape } = setUp()
    registry.handle([tape.ready(state())])
    clock.advance(100)
    registry.setCaptureFault('/dev/video0#1', 'CAMERA_BUSY')
    clock.advance(100)
    registry.setCaptureFault('/dev/video0#1', undefined)
    expect(told.slice(2)).toEqual(['camera0 CONNECTED>ERROR (busy)', 'connected camera0', 'camera0 ERROR>CONNECTED'])
  })

  it('calls a camera without a usable format unsupported', () => {
    const { registry, tape } = setUp()
    registry.handle([tape.ready(state(), [format('HEVC', [[1920, 1080, 30]])])])
    expect(registry.get('camera0')).toMatchObject({ status: 'ERROR', reason: 'unsupported' })
  })

  it('believes a resync: what is missing is gone, what is new is there', () => {
    const { registry, tape } = setUp()
    registry.handle([tape.ready(state())])
    const other = state({
      source: '/dev/video2#4',
      node: '/dev/video2',
      identity: identity({ id: 'usb-1:1-x', port: 'usb1/7', vid: '1', pid: '1' }),
      report: report([MJPEG_720]),
    })
    registry.handle([tape.resync([other])])
    expect(registry.list().map((camera) => `${camera.device} ${camera.status}`)).toEqual([
      'camera0 DISCONNECTED',
      'camera2 CONNECTED',
    ])
  })

  it('ignores what an earlier appearance of a camera still says', () => {
    const { registry, tape } = setUp()
    registry.handle([tape.ready(state()), tape.gone(state())])
    registry.handle([tape.ready(state({ source: '/dev/video0#2' }))])
    registry.handle([tape.gone(state({ source: '/dev/video0#1' }))])
    expect(registry.get('camera0').status).toBe('CONNECTED')
  })

  it('renders lists and statuses once per change and host', () => {
    const { registry, tape, links } = setUp()
    registry.handle([tape.ready(state())])
    const list = registry.listView('a')
    expect(registry.listView('a')).toBe(list)
    expect(registry.statusView('camera0', 'a')).toBe(registry.statusView('camera0', 'a'))
    links.up = true
    registry.forgetLinks()
    expect(registry.listView('a')).not.toBe(list)
    expect(registry.listView('a').value.cameras[0]?.streams).toEqual({ rtsp: 'rtsp://a:8554/camera0' })
    expect(registry.listView('b').value.cameras[0]?.streams).toEqual({ rtsp: 'rtsp://b:8554/camera0' })
  })

  it('shows each change in lists, statuses and capabilities', () => {
    const { registry, tape } = setUp()
    const views = () => ({
      list: registry.listView('h').value.cameras.map((camera) => `${camera.device} ${camera.status}`),
      status: registry.statusView('camera0', 'h').value.status,
      validated: registry.capabilitiesView('camera0').value.validation_status,
    })
    registry.handle([tape.present(state())])
    expect(views()).toEqual({ list: ['camera0 DISCONNECTED'], status: 'DISCONNECTED', validated: 'DISCONNECTED' })
    registry.handle([tape.ready(state())])
    expect(views()).toEqual({ list: ['camera0 CONNECTED'], status: 'CONNECTED', validated: 'CONFIRMED' })
    registry.handle([tape.gone(state())])
    expect(views()).toEqual({ list: ['camera0 DISCONNECTED'], status: 'DISCONNECTED', validated: 'DISCONNECTED' })
  })

  it('keeps renderings for a bounded number of hosts', () => {
    const { registry, tape } = setUp()
    registry.handle([tape.ready(state())])
    const first = registry.listView('host0')
    for (let i = 1; i < 32; i += 1) registry.listView(`host${i}`)
    expect(registry.listView('host0')).toBe(first)
    registry.listView('one too many')
    expect(registry.listView('host0')).not.toBe(first)
  })

  it('takes the only camera of a model that left for the one that comes to another port', () => {
    const { registry, tape } = setUp()
    registry.handle([tape.ready(state()), tape.gone(state())])
    const elsewhere = identity({ id: 'usb-046d:0825-p3', serial: '', port: 'usb1/3' })
    registry.handle([tape.ready(state({ source: '/dev/video2#2', node: '/dev/video2', identity: elsewhere }))])
    expect(registry.list().map((camera) => [camera.device, camera.status])).toEqual([['camera0', 'CONNECTED']])
  })

  it('hands over the table of ids to be kept', () => {
    const { registry, kept, tape } = setUp()
    registry.handle([tape.ready(state())])
    expect(kept).toEqual([[identity().id]])
  })

  it('tells when the reason of an ERROR changes, and that a fault ends with the appearance it belongs to', () => {
    const { clock, registry, told, tape } = setUp()
    registry.handle([tape.ready(state())])
    for (const fault of ['CAMERA_BUSY', 'STALLED'] as const) {
      clock.advance(1_000)
      registry.setCaptureFault(state().source, fault)
    }
    expect(told.slice(-2)).toEqual(['camera0 CONNECTED>ERROR (busy)', 'camera0 ERROR>ERROR (stalled)'])
    registry.handle([tape.gone(state()), tape.ready(state({ source: '/dev/video0#2' }))])
    expect(registry.get('camera0').status).toBe('CONNECTED')
  })

  it('says once per appearance what a camera can do', () => {
    const { registry, tape } = setUp()
    let detected = 0
    registry.events.on('capabilitiesDetected', () => {
      detected += 1
    })
    registry.handle([tape.present(state()), tape.ready(state()), tape.ready(state())])
    expect(detected).toBe(1)
  })

  it('knows no other camera', () => {
    const { registry } = setUp()
    expect(() => registry.get('camera7')).toThrowError(expect.objectContaining({ code: 'CAMERA_NOT_FOUND' }))
  })
})
