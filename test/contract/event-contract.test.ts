/** What is told under each topic has the members of the contract, and no others but those that stand here with their reason. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectNotifications } from '../../src/app/notifications.js'
import { connectRecordings } from '../../src/app/recordings.js'
import { TypedEvents } from '../../src/base/events.js'
import { createLogger } from '../../src/base/logger.js'
import { CameraRegistry } from '../../src/cameras/registry/registry.js'
import type { MediaEvents } from '../../src/media/service.js'
import type { RecordingEvents } from '../../src/recordings/types.js'
import { TOPICS } from '../../src/rpc/index.js'
import type { SnapshotEvents } from '../../src/snapshots/service.js'
import { CONTRACT } from '../support/contract.js'
import { EventTape, state } from '../support/devices.js'
import { FakeClock } from '../support/fake-clock.js'
import { freePort } from '../support/free-port.mjs'
import { RpcClient } from '../support/rpc-client.js'
import { type RpcServer, startRpcServer } from '../support/rpc-server.js'
import { type RunningService, startService } from '../support/service.js'

/** Topic → members beyond the contract. */
const OURS: Readonly<Record<string, readonly string[]>> = {
  // Why a camera cannot be used: its state alone does not say.
  'camera.status_change': ['reason'],
  // Which way it changed.
  'mediamtx.stream': ['status'],
  // When to come back, another time for each client (reliability-security §2.6).
  'system.shutdown': ['retry_after_ms'],
}

/** On request (reliability-security §1.1). */
const NUMBERS = ['seq', 'epoch']

let server: RpcServer
let service: RunningService
let client: RpcClient
const told = new Map<string, Readonly<Record<string, unknown>>[]>()

function hear(from: RpcClient): Promise<unknown> {
  return from.call('subscribe_events', { topics: Object.keys(CONTRACT.topics) })
}

function keep(from: RpcClient): void {
  for (const { method, params } of from.messages) {
    if (method !== undefined && params !== undefined) told.set(method, [...(told.get(method) ?? []), params])
  }
}

beforeAll(async () => {
  server = await startRpcServer()
  client = await RpcClient.connect(server.url)
  await client.login(server.token('viewer'))
  await hear(client)
  tellAll((topic, payload) => server.rpc.publish(topic, payload))
  await client.call('ping')
  keep(client)

  // What only a whole service tells.
  service = await startService({
    args: ['--virtual-cameras', '1'],
    camera: true,
    // Nobody answers there, which makes for an event of health.
    env: { CAMERA_SERVICE_MEDIAMTX_MODE: 'external', CAMERA_SERVICE_MEDIAMTX_API_PORT: String(await freePort()) },
  })
  const other = await RpcClient.connect(service.url)
  await other.login(service.token('viewer'))
  const topics = ['system.startup', 'system.shutdown', 'system.health']
  const { epoch } = (await other.call('subscribe_events', { topics, epoch: '' })) as { readonly epoch: string }
  const health = other.notification('system.health')
  await other.call('subscribe_events', { topics, epoch, since_seq: 0 })
  await health
  const ended = other.notification('system.shutdown')
  await service.stop()
  await ended
  keep(other)
})

afterAll(async () => {
  await client.close()
  await server.stop()
})

describe('what is told', () => {
  it.each([...TOPICS].filter((topic) => topic in CONTRACT.topics))('%s', (topic) => check(topic))
})

function check(topic: string): void {
  const payloads = told.get(topic) ?? []
  expect(payloads).not.toEqual([])
  expect([...new Set(payloads.flatMap((payload) => payloadDifferences(topic, payload)))]).toEqual([])
}

/** Names and kinds of members; `integer(s)?` may be missing. */
function payloadDifferences(topic: string, payload: Readonly<Record<string, unknown>>): string[] {
  const members = CONTRACT.topics[topic]?.params ?? {}
  const lines = Object.keys(payload).flatMap((name) =>
    name in members || [...NUMBERS, ...(OURS[topic] ?? [])].includes(name) ? [] : [`${name}: ours`],
  )
  for (const [name, type] of Object.entries(members)) {
    const value = payload[name]
    if (value === undefined) lines.push(...(type.endsWith('?') ? [] : [`${name}: missing`]))
    else if (!isOf(type, value)) lines.push(`${name}: ${JSON.stringify(value)} in place of ${type}`)
  }
  return lines
}

function isOf(type: string, value: unknown): boolean {
  if (type.startsWith('string[]')) return Array.isArray(value)
  if (type.startsWith('integer')) return Number.isInteger(value)
  if (type.startsWith('string(date-time)')) return !Number.isNaN(Date.parse(String(value)))
  return typeof value === type.replace(/[?(].*$/, '')
}

/** Every fact of the parts, through what turns facts into topics. */
function tellAll(publish: (topic: string, payload: Readonly<Record<string, unknown>>) => void): void {
  const fail = (thrown: unknown): never => {
    throw thrown
  }
  const registry = new CameraRegistry({
    ...{ clock: new FakeClock(), logger: createLogger({ level: 'silent', format: 'json' }), pins: new Map(), ids: new Map() },
    ...{ modeWish: () => undefined, quietMs: 0, maxMs: 0, onIds: () => undefined, links: () => ({}) },
  })
  const snapshots = { events: new TypedEvents<SnapshotEvents>(fail) }
  const media = { events: new TypedEvents<MediaEvents>(fail) }
  const recordings = { events: new TypedEvents<RecordingEvents>(fail) }
  const configuration = {
    onRefused: (listener: (faults: readonly string[]) => void) => {
      listener(['camera.fps: 7000 is more than 240'])
      return () => undefined
    },
  }
  connectNotifications({ registry, snapshots, media, configuration, cameraConfig: undefined }, publish)
  connectRecordings(recordings, publish)

  const tape = new EventTape()
  registry.handle([tape.ready(state())])
  registry.handle([tape.gone(state())])
  const [camera] = registry.list()
  if (camera === undefined) throw new Error('no camera')
  registry.events.emit('capabilitiesFailed', { camera, error: 'it does not answer' })
  snapshots.events.emit('taken', { device: 'camera0', filename: 'a.jpg', file: '/x/a.jpg', resolution: '640x480' })
  snapshots.events.emit('failed', { device: 'camera0', error: 'no picture' })
  media.events.emit('stateChanged', { state: 'down', detail: 'it has gone' })
  media.events.emit('pathsChanged', { changed: ['camera0'] })
  media.events.emit('pathsChanged', { changed: Array.from({ length: 1_000 }, (_, number) => `camera${number}`) })
  media.events.emit('streamStarted', { device: 'camera0', use: 'viewing' })
  media.events.emit('streamStopped', { device: 'camera0', use: 'recording' })
  const fact = { device: 'camera0', filename: 'a', name: 'a', startedMs: 0, writer: 'mediamtx' } as const
  recordings.events.emit('started', fact)
  recordings.events.emit('stopped', { ...fact, duration: 3 })
  recordings.events.emit('failed', { ...fact, duration: 3, reason: 'device_disconnected' })
  recordings.events.emit('progress', { device: 'camera0', filename: 'a', duration: 1, file_size: 7 })
}

it('tells each path by itself, so that a filter by device can match, and very many at once as one', () => {
  const paths = (told.get('mediamtx.path') ?? []).map(({ device, path }) => ({ device, path }))
  expect(paths).toEqual([{ device: 'camera0', path: 'camera0' }, {}])
})

it('tells what a stream is for', () => {
  const types = ['started', 'stopped'].map((change) => told.get(`mediamtx.stream_${change}`)?.[0]?.stream_type)
  expect(types).toEqual(['viewing', 'recording'])
})
