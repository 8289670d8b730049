/** Whole calls: envelope, dispatcher, schemas of all methods, and filters of subscriptions at work on an event. */

import assert from 'node:assert/strict'
import { CATALOGUE } from '../../../src/base/errors.js'
import { METHODS } from '../../../src/rpc/index.js'
import { createBench } from '../../support/rpc-session.js'
import type { FuzzTarget } from '../engine/target.js'

const LOWER_ROLES = ['viewer', 'operator'] as const
const CODES = new Set<number>(Object.values(CATALOGUE).map(({ rpc }) => rpc))
const bench = createBench()

const call = (method: string, params: object): string => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })

export const target: FuzzTarget = {
  parsers: [
    'src/rpc/params-check.ts',
    'src/rpc/rule.ts',
    'src/rpc/schema.ts',
    'src/rpc/login-params.ts',
    'src/rpc/filters.ts',
    'src/rpc/topics.ts',
  ],
  seeds: [
    ...METHODS.map(({ name }) => call(name, { device: 'camera0' })),
    call('take_snapshot', { device: 'camera0', format: 'jpg', quality: 80, filename: 'a.jpg' }),
    call('start_recording', { device: '/dev/video4', duration: 60, duration_seconds: 3, format: 'fmp4' }),
    call('list_recordings', { limit: 10, offset: 0, order: 'desc' }),
    call('set_retention_policy', { policy_type: 'age', max_age_days: 7, enabled: true }),
    call('subscribe_events', {
      topics: ['camera.connected', 'recording.started'],
      filters: { device: 'camera0', topic: 'camera.connected', timestamp_after: '2030-04-01T08:15:00Z' },
    }),
    call('subscribe_events', { topics: ['camera.connected'], filters: 7 }),
    ...[{ timestamp_before: 'soon' }, { device: ['camera0'] }, { device: 'x'.repeat(257) }, {}].map((filters) =>
      call('subscribe_events', { topics: ['camera.connected'], filters }),
    ),
    call('authenticate', { auth_token: 'a.b.c', auth_type: 'jwt' }),
    ...[{}, { token: 'a.b.c' }, { api_key: 'k' }, { auth_token: 'a.b.c', auth_type: 'x' }].map((login) =>
      call('authenticate', login),
    ),
    // What breaks a rule is told with the rule and with what was sent.
    call('take_snapshot', { device: 'camera0', quality: 101 }),
    call('take_snapshot', { device: 'camera0', quality: 0, format: 'jpg' }),
    call('take_snapshot', { device: 'x'.repeat(100) }),
    call('subscribe_events', { topics: [] }),
    call('subscribe_events', { topics: [{ name: 'camera.connected' }] }),
    call('set_discovery_interval', { scan_interval: -1 }),
    call('add_external_stream', { stream_url: 'rtsp://192.168.1.20/live', stream_name: 'door' }),
  ],
  words: [
    ...METHODS.map(({ name }) => `"${name}"`),
    ...['"device"', '"params"', '"limit"', '"offset"', '"filters"', '"topics"', '"filename"', '"auth_token"', '"quality"'],
    ...['null', 'true', '[]', '{}', '-1', '1e400', '""', '"camera2"', '"__proto__"', '"constructor"', '"../"', '"\\ud800"'],
  ],
  run(input) {
    const caller = bench.open()
    // Mostly somebody who may call everything.
    caller.login(LOWER_ROLES[input.length % 8] ?? 'admin')
    try {
      const reply = caller.send(input.toString())
      if (reply?.error !== undefined) {
        const { code, message } = reply.error
        assert.ok(CODES.has(code), `an error of no catalogue: ${code} ${message}`)
        assert.notEqual(code, CATALOGUE.INTERNAL.rpc, JSON.stringify(reply.error))
      }
      bench.rpc.publish('camera.connected', { device: 'camera0', timestamp: '2030-04-01T08:15:01.000Z' })
      assert.deepEqual(bench.logs, [])
      assert.deepEqual(caller.closes, [])
    } finally {
      caller.close()
    }
  },
}
