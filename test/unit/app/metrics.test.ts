import { describe, expect, it } from 'vitest'
import { metricsPort } from '../../../src/app/metrics.js'
import { createLogger } from '../../../src/base/logger.js'
import { CameraRegistry } from '../../../src/cameras/registry/registry.js'
import { EventTape, state } from '../../support/devices.js'
import { FakeClock } from '../../support/fake-clock.js'

function setUp(media?: Parameters<typeof metricsPort>[0]['media']) {
  const clock = new FakeClock()
  const facts = { ready: false }
  const registry = new CameraRegistry({
    clock,
    logger: createLogger({ level: 'silent', format: 'json' }),
    pins: new Map(),
    modeWish: () => undefined,
    quietMs: 0,
    maxMs: 0,
    ids: new Map(),
    onIds: () => undefined,
    links: () => ({}),
  })
  const port = metricsPort({
    registry,
    media,
    connections: () => 0,
    storageDir: '/',
    recordings: () => 2,
    memoryUsedPercent: () => 41.26,
    diskUsedPercent: async () => undefined,
    ready: () => facts.ready,
    clock,
  })
  return { clock, facts, registry, port, tape: new EventTape() }
}

describe('get_system_status', () => {
  it('is starting until every component is up', () => {
    const { port, facts } = setUp()
    expect(port.systemStatus()).toMatchObject({ status: 'starting', available_cameras: [], discovery_active: true })
    facts.ready = true
    expect(port.systemStatus()).toEqual({
      status: 'ready',
      message: 'System is fully operational',
      available_cameras: [],
      discovery_active: false,
    })
  })

  it('is starting with nothing but unknown devices, partial with some cameras, ready when all are known', () => {
    const { port, facts, registry, tape } = setUp()
    facts.ready = true
    registry.handle([tape.present(state())])
    expect(port.systemStatus().status).toBe('starting')
    registry.handle([tape.ready(state())])
    expect(port.systemStatus()).toMatchObject({ status: 'ready', available_cameras: ['camera0'] })
    const other = state({
      source: '/dev/video2#2',
      node: '/dev/video2',
      identity: { ...state().identity, id: 'other', port: 'usb1/9' },
    })
    registry.handle([tape.present(other)])
    expect(port.systemStatus()).toMatchObject({ status: 'partial', available_cameras: ['camera0'], discovery_active: true })
  })
})

describe('get_system_status while MediaMTX is away', () => {
  it.each([
    ['down', 'starting', 'partial'],
    ['up', 'ready', 'ready'],
    // None was asked for.
    ['searching', 'ready', 'ready'],
    ['off', 'ready', 'ready'],
  ] as const)('%s: %s without cameras, %s with some', (state_, without, with_) => {
    const { port, facts, registry, tape } = setUp({ state: state_, streams: () => Promise.reject(new Error('not asked')) })
    facts.ready = true
    expect(port.systemStatus()).toMatchObject({ status: without, discovery_active: false })
    registry.handle([tape.ready(state())])
    expect(port.systemStatus()).toMatchObject({ status: with_, available_cameras: ['camera0'], discovery_active: false })
  })
})

describe('get_metrics', () => {
  it('has numbers without MediaMTX and without a disk to look at, and no device node', async () => {
    const { port, registry, tape, clock } = setUp()
    registry.handle([tape.ready(state())])
    const metrics = await port.metrics()
    expect(metrics).toMatchObject({
      timestamp: '2030-04-01T08:15:00.000Z',
      system_metrics: { cpu_usage: expect.any(Number), memory_usage: 41.3, disk_usage: 0 },
      camera_metrics: {
        connected_cameras: 1,
        cameras: {
          camera0: {
            ...{ path: 'camera0', name: 'Bench camera', status: 'CONNECTED', device_num: 0 },
            last_seen: '2030-04-01T08:15:00.000Z',
            formats: [{ pixel_format: 'MJPG', width: 1280, height: 720, frame_rates: ['30.000', '15.000'] }],
          },
        },
      },
      recording_metrics: { active_recordings: 2 },
      stream_metrics: { active_streams: 0, total_streams: 0, total_viewers: 0 },
    })
    expect(metrics.system_metrics.goroutines).toBeGreaterThan(0)
    expect(JSON.stringify(metrics)).not.toContain('/dev/')

    registry.handle([tape.gone(state())])
    clock.advance(60_000)
    expect((await port.metrics()).camera_metrics).toMatchObject({
      connected_cameras: 0,
      cameras: { camera0: { status: 'DISCONNECTED', last_seen: '2030-04-01T08:15:00.000Z' } },
    })
  })
})
