import { describe, expect, it } from 'vitest'
import { Rendered } from '../../../src/base/rendered.js'
import type { Rpc } from '../../../src/rpc/index.js'
import { memoryServices } from '../../support/rpc-server.js'
import { createBench } from '../../support/rpc-session.js'

const connected = { device: 'camera0', name: 'Desk', status: 'CONNECTED', driver: 'uvcvideo', card_name: 'Desk' }

function subscriber(topics: readonly string[], filters?: object) {
  const bench = createBench()
  const caller = bench.open()
  caller.login('viewer')
  const reply = caller.call('subscribe_events', filters === undefined ? { topics } : { topics, filters })
  caller.received.length = 0
  return { bench, caller, reply }
}

describe('subscribe_events', () => {
  it('answers the topics and the filters', () => {
    expect(subscriber(['camera.connected', 'camera.connected']).reply?.result).toEqual({
      subscribed: true,
      topics: ['camera.connected'],
      filters: {},
    })
    expect(subscriber(['camera.connected'], { device: 'camera0' }).reply?.result).toMatchObject({
      filters: { device: 'camera0' },
    })
  })

  it('replaces what was subscribed to before', () => {
    const { bench, caller } = subscriber(['camera.connected'])
    caller.call('subscribe_events', { topics: ['snapshot.taken'] })
    caller.received.length = 0
    bench.rpc.publish('camera.connected', connected)
    expect(caller.received).toEqual([])
  })

  it.each([
    [{ topics: ['camera.connected', 'camera.flown'] }, 'topics'],
    [{ topics: [] }, 'topics'],
    [{ topics: 'camera.connected' }, 'topics'],
    [{ topics: Array.from({ length: 65 }, (_, n) => `stream:local/camera${n}`) }, 'topics'],
    [{}, 'topics'],
    [{ topics: ['snapshot.taken'], filters: [] }, 'filters'],
    [{ topics: ['snapshot.taken'], filters: { timestamp_after: 'x' } }, 'filters'],
  ])('refuses %j and changes nothing', (params, param) => {
    const { caller } = subscriber(['camera.connected'])
    expect(caller.call('subscribe_events', params)?.error).toMatchObject({ code: -32602, data: { param } })
    expect(caller.call('get_subscription_stats')?.result).toMatchObject({ client_topics: ['camera.connected'] })
  })
})

describe('unsubscribe_events', () => {
  it('answers what was removed, all when nothing is named', () => {
    const { caller } = subscriber(['camera.connected', 'snapshot.taken', 'system.health'])
    expect(caller.call('unsubscribe_events', { topics: ['snapshot.taken', 'system.error'] })?.result).toEqual({
      unsubscribed: true,
      topics: ['snapshot.taken'],
    })
    expect(caller.call('unsubscribe_events')?.result).toMatchObject({ topics: ['camera.connected', 'system.health'] })
    expect(caller.call('get_subscription_stats')?.result).toMatchObject({ client_topics: [] })
  })
})

describe('get_subscription_stats', () => {
  it('counts what is subscribed to now', () => {
    const { bench, caller } = subscriber(['camera.connected', 'snapshot.taken'])
    const other = bench.open()
    other.login('viewer')
    other.call('subscribe_events', { topics: ['camera.connected'] })
    expect(caller.call('get_subscription_stats')?.result).toEqual({
      global_stats: { total_subscriptions: 3, active_clients: 2, topic_counts: { 'camera.connected': 2, 'snapshot.taken': 1 } },
      client_topics: ['camera.connected', 'snapshot.taken'],
      client_id: 'client_1',
    })
    other.close()
    expect(caller.call('get_subscription_stats')?.result).toMatchObject({
      global_stats: { total_subscriptions: 2, active_clients: 1 },
    })
  })
})

describe('delivery', () => {
  it('sends a notification without id, with a timestamp', () => {
    const { bench, caller } = subscriber(['camera.connected'])
    bench.rpc.publish('camera.connected', connected)
    expect(caller.received).toEqual([
      { jsonrpc: '2.0', method: 'camera.connected', params: { ...connected, timestamp: '2030-04-01T08:15:00.000Z' } },
    ])
  })

  it('sends nothing to a connection that subscribed to nothing', () => {
    const bench = createBench()
    const caller = bench.open()
    caller.login('viewer')
    caller.received.length = 0
    bench.rpc.publish('camera.connected', connected)
    expect(caller.received).toEqual([])
  })

  it('sends nothing after the token has ended', () => {
    const bench = createBench()
    const caller = bench.open()
    caller.login('viewer', 60_000)
    caller.call('subscribe_events', { topics: ['camera.connected'] })
    caller.received.length = 0
    bench.clock.advance(60_000)
    bench.rpc.publish('camera.connected', connected)
    expect(caller.received).toEqual([])
  })

  it('looks at the filters', () => {
    const { bench, caller } = subscriber(['camera.connected'], { device: 'camera1' })
    bench.rpc.publish('camera.connected', connected)
    bench.rpc.publish('camera.connected', { ...connected, device: 'camera1' })
    expect(caller.received.map((message) => message.params?.device)).toEqual(['camera1'])
  })

  it('tells an event once, under its own name, to who knows it by several', () => {
    const { bench, caller } = subscriber(['camera_status_update', 'camera.status_change'])
    bench.rpc.publish('camera.status_change', connected)
    expect(caller.received.map((message) => message.method)).toEqual(['camera.status_change'])
  })

  it.each([
    ['recording.started', 'recording.start', 'recording.started'],
    ['system_health_update', 'system.health', 'system_health_update'],
  ])('uses the name subscribed to: %s', (name, topic, method) => {
    const { bench, caller } = subscriber([name])
    bench.rpc.publish(topic, { device: 'camera0', filename: 'a' })
    expect(caller.received).toMatchObject([{ method, params: { device: 'camera0', filename: 'a' } }])
  })

  it('tells a camera that appeared once under the legacy name, although two events tell it', () => {
    const { bench, caller } = subscriber(['camera_status_update'])
    bench.rpc.publish('camera.connected', connected)
    bench.rpc.publish('camera.status_change', { device: 'camera0', old_status: 'DISCONNECTED', new_status: 'CONNECTED' })
    expect(caller.received).toHaveLength(1)
  })

  it('gives the legacy camera update the members of a camera', () => {
    const { bench, caller } = subscriber(['camera_status_update'])
    bench.rpc.publish('camera.status_change', { device: 'camera0', old_status: 'DISCONNECTED', new_status: 'CONNECTED' })
    expect(caller.received).toEqual([
      {
        jsonrpc: '2.0',
        method: 'camera_status_update',
        params: {
          device: 'camera0',
          status: 'CONNECTED',
          name: 'Bench camera0',
          resolution: '1280x720',
          fps: 25,
          streams: expect.any(Object),
        },
      },
    ])
  })

  it('gives the legacy recording update its own words', () => {
    const { bench, caller } = subscriber(['recording_status_update'])
    bench.rpc.publish('recording.start', { device: 'camera0', filename: 'a' })
    bench.rpc.publish('recording.stop', { device: 'camera0', filename: 'a', duration: 7 })
    expect(caller.received.map((message) => message.params)).toEqual([
      { device: 'camera0', status: 'STARTED', filename: 'a', duration: 0 },
      { device: 'camera0', status: 'STOPPED', filename: 'a', duration: 7 },
    ])
  })

  it('encodes an event once, however many hear it', () => {
    const sent: Uint8Array[] = []
    const bench = createBench()
    for (let count = 0; count < 3; count++) listen(bench.rpc, bench.token('viewer'), sent)
    bench.rpc.publish('camera.connected', connected)
    expect(sent).toHaveLength(3)
    expect(new Set(sent).size).toBe(1)
  })

  it('renders links for the host each client used', () => {
    const services = memoryServices()
    const hosts: string[] = []
    const cameras = {
      ...services.cameras,
      status: (device: string, host: string) => {
        hosts.push(host)
        return new Rendered(services.cameras.status(device, host).value)
      },
    }
    const bench = createBench({ services: { cameras } })
    const sent: Uint8Array[] = []
    listen(bench.rpc, bench.token('viewer'), sent, 'one', 'camera_status_update')
    listen(bench.rpc, bench.token('viewer'), sent, 'two', 'camera_status_update')
    listen(bench.rpc, bench.token('viewer'), sent, 'two', 'camera_status_update')
    bench.rpc.publish('camera.status_change', connected)
    expect(hosts).toEqual(['one', 'two'])
    expect(sent).toHaveLength(3)
  })
})

function listen(rpc: Rpc, token: string, sent: Uint8Array[], linkHost = 'cam-host', topic = 'camera.connected'): void {
  const peer = {
    send: () => undefined,
    notify: (payload: Uint8Array) => void sent.push(payload),
    close: () => undefined,
    rightChanged: () => undefined,
  }
  const session = rpc.openSession({ codec: 'json', linkHost, local: true, peer })
  const send = (method: string, params: object): void => {
    session.receive(new Uint8Array(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))).buffer, false)
  }
  send('authenticate', { auth_token: token })
  send('subscribe_events', { topics: [topic] })
}
