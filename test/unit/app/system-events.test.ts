import { expect, it } from 'vitest'
import { SystemEvents } from '../../../src/app/system-events.js'
import { TypedEvents } from '../../../src/base/events.js'
import type { Health } from '../../../src/monitor/index.js'
import type { RecordingEvents } from '../../../src/recordings/index.js'
import { FakeClock } from '../../support/fake-clock.js'

const WELL: Health = { status: 'HEALTHY', reasons: [], parts: { components: 'HEALTHY', load: 'HEALTHY' } }
const ILL: Health = {
  status: 'DEGRADED',
  reasons: ['mediamtx is ERROR'],
  parts: { components: 'DEGRADED', load: 'HEALTHY' },
}

async function started() {
  const clock = new FakeClock()
  const told: (readonly [string, unknown])[] = []
  const events = new TypedEvents<RecordingEvents>(() => undefined)
  const state = { health: WELL, fault: undefined as string | undefined }
  const serverInfo = {
    ...{ name: 'n', version: '1.2.3', build_date: '', go_version: 'node', architecture: 'amd64' },
    ...{ capabilities: [], supported_formats: [], max_cameras: 1 },
  }
  const service = new SystemEvents({
    system: { health: async () => state.health, memoryUsedPercent: () => 12.34, serverInfo: () => serverInfo },
    media: undefined,
    recordings: {
      events,
      storage: {
        get fault() {
          return state.fault
        },
      },
    },
    connections: () => 7,
    debounce: { health_monitor_seconds: 15, storage_monitor_seconds: 30, performance_monitor_seconds: 45 },
    publish: (topic, payload) => void told.push([topic, payload]),
    clock,
  })
  await service.start()
  async function pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      clock.advance(1_000)
      await new Promise(setImmediate)
    }
  }
  return { service, told, state, events, pass }
}

it('tells that the service is up, and that it goes', async () => {
  const { service, told } = await started()
  await service.stop()
  await service.stop()
  expect(told).toEqual([
    ['system.startup', { version: '1.2.3', build_info: { build_date: '', go_version: 'node', architecture: 'amd64' } }],
    ['system.shutdown', { reason: 'the service is being stopped' }],
  ])
})

it('tells a change of the health when it is seen, and flapping no more than twice in 15 s', async () => {
  const { told, state, pass } = await started()
  told.length = 0
  state.health = ILL
  await pass(5)
  expect(told).toEqual([
    ['system.health', { status: 'DEGRADED', metrics: { memory_usage: 12.3, connections: 7, reasons: ['mediamtx is ERROR'] } }],
  ])
  state.health = WELL
  await pass(5)
  state.health = ILL
  await pass(5)
  expect(told).toHaveLength(2)
  await pass(10)
  expect(told.map(([, payload]) => (payload as { status: string }).status)).toEqual(['DEGRADED', 'HEALTHY', 'DEGRADED'])
})

it('tells the storage at once, the same word not again within 30 s', async () => {
  const { told, events, pass } = await started()
  told.length = 0
  for (const state of ['full', 'ok', 'full', 'ok', 'low'] as const) events.emit('storageChanged', { state, usedPercent: 91.26 })
  expect(told).toEqual([
    ['system.health', { status: 'UNHEALTHY', metrics: { storage: 'full', disk_usage: 91.3 } }],
    ['system.health', { status: 'HEALTHY', metrics: { storage: 'ok', disk_usage: 91.3 } }],
    ['system.health', { status: 'DEGRADED', metrics: { storage: 'low', disk_usage: 91.3 } }],
  ])
  events.emit('storageChanged', { state: 'full', usedPercent: 99 })
  await pass(29)
  expect(told).toHaveLength(3)
  await pass(1)
  expect(told.at(-1)).toEqual(['system.health', { status: 'UNHEALTHY', metrics: { storage: 'full', disk_usage: 99 } }])
})

it('tells that nothing can be stored, without the folder, each time it begins', async () => {
  const { told, state, pass } = await started()
  const errors = (): unknown[] => told.filter(([topic]) => topic === 'system.error').map(([, payload]) => payload)
  await pass(5)
  expect(errors()).toEqual([])
  state.fault = 'recordings: /srv/recordings: EROFS'
  await pass(20)
  expect(errors()).toEqual([{ error: 'recordings or snapshots cannot be stored' }])
  state.fault = undefined
  await pass(5)
  state.fault = 'recordings: /srv/recordings: EROFS'
  await pass(5)
  expect(errors()).toHaveLength(2)
})
