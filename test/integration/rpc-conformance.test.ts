/**
 * Every method of the contract × valid, each parameter wrong in each way, each role, no login, unknown things, dependency down, still
 * starting: exact code, message and data, and nothing has changed. Over a real socket of the started service, as JSON and as MessagePack.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { CONDITIONAL, soundParams, unknownThings, type WrongCall, wrongParams } from '../support/conformance.js'
import { CONTRACT, type ContractMethod } from '../support/contract.js'
import type { JsonSchema } from '../support/contract-types.js'
import { RpcClient, type RpcFailure } from '../support/rpc-client.js'
import { memoryServices, type RpcServer, startRpcServer } from '../support/rpc-server.js'
import { type RunningService, startService } from '../support/service.js'
import { faultsOf } from '../support/strict-schema.js'

const ROLES = ['viewer', 'operator', 'admin'] as const
const CODECS = ['json', 'msgpack'] as const
const METHODS: readonly (readonly [string, ContractMethod])[] = [
  ...Object.entries(CONTRACT.methods),
  ...Object.entries(CONTRACT.aliases).flatMap(([alias, name]) => {
    const method = CONTRACT.methods[name]
    return method === undefined ? [] : [[alias, method] as const]
  }),
]
const OPEN = ['ping', 'authenticate']
/** Whose answer depends on MediaMTX or on a switch: see below. */
const MEDIA = ['start_streaming', 'stop_streaming', 'get_stream_url', 'get_stream_status', 'get_streams']
const SWITCHED = ['discover_external_streams', 'add_external_stream', 'remove_external_stream', 'set_discovery_interval']

type Connected = Readonly<Record<(typeof ROLES)[number] | 'nobody', RpcClient>>

let service: RunningService
let results: ReadonlyMap<string, JsonSchema>
const clients = new Map<string, Connected>()

beforeAll(async () => {
  service = await startService({
    args: ['--virtual-cameras', '2'],
    env: {
      CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '1000000',
      // One client is nobody to the end.
      CAMERA_SERVICE_SERVER_AUTH_TIMEOUT: '0',
    },
  })
  for (const codec of CODECS) {
    const [nobody, viewer, operator, admin] = await Promise.all([undefined, ...ROLES].map((role) => connect(codec, role)))
    if (nobody && viewer && operator && admin) clients.set(codec, { nobody, viewer, operator, admin })
  }
  // What is found meanwhile is no change that a call made.
  await vi.waitFor(async () => expect(await connected('json').viewer.call('get_camera_list')).toMatchObject({ connected: 2 }))
  const document = (await (await fetch(`http://127.0.0.1:${service.port}/openrpc.json`)).json()) as {
    readonly methods: readonly { readonly name: string; readonly result: { readonly schema: JsonSchema } }[]
  }
  results = new Map(document.methods.map(({ name, result }) => [name, result.schema]))
})

afterAll(async () => {
  await Promise.all([...clients.values()].flatMap((some) => Object.values(some).map((client) => client.close())))
  expect(await service.stop()).toBe(0)
})

async function connect(codec: (typeof CODECS)[number], role: (typeof ROLES)[number] | undefined): Promise<RpcClient> {
  const client = await RpcClient.connect(service.url, { codec })
  if (role !== undefined) await client.login(service.token(role))
  return client
}

function connected(codec: string): Connected {
  const found = clients.get(codec)
  if (found === undefined) throw new Error(`nobody speaks ${codec}`)
  return found
}

/** All that a call could have changed. */
async function stateOf({ admin }: Connected): Promise<unknown> {
  const recordings = await Promise.all(['camera0', 'camera1'].map((device) => admin.call('get_recording_status', { device })))
  const [cameras, files, snapshots, external, subscriptions] = await Promise.all([
    admin.call('get_camera_list'),
    admin.call('list_recordings', { limit: 1000 }),
    admin.call('list_snapshots', { limit: 1000 }),
    admin.call<Record<string, unknown>>('get_external_streams'),
    admin.call<Record<string, unknown>>('get_subscription_stats'),
  ])
  const policy = join(service.stateDir, 'retention.json')
  const retention = existsSync(policy) ? readFileSync(policy, 'utf8') : undefined
  return { cameras, recordings, files, snapshots, external: { ...external, timestamp: '' }, subscriptions, retention }
}

/** The documented members for the code, the three that are always there, and those of `data`. */
function expectFailure(failure: RpcFailure, { what, code, message, data }: Omit<WrongCall, 'method' | 'params'>): void {
  expect({ what, code: failure.code, message: failure.message }).toEqual({ what, code, message })
  const members = [...CONTRACT.errorData, ...(CONTRACT.errors[String(code)]?.data ?? [])]
  expect({ what, members: members.filter((name) => failure.data[name] === undefined) }).toEqual({ what, members: [] })
  expect({ what, data: failure.data }).toMatchObject({ what, data })
}

describe.each(CODECS)('as %s', (codec) => {
  describe.each(METHODS)('%s', (name, method) => {
    it('with wrong parameters, or for what is not there, fails exactly and changes nothing', async () => {
      const all = connected(codec)
      const before = await stateOf(all)
      const calls = [...wrongParams(name, method), ...unknownThings(name, method)]
      if (name === 'set_retention_policy') calls.push(...CONDITIONAL)
      for (const call of calls) expectFailure(await all.admin.failure(call.method, call.params), call)
      expect(await stateOf(all)).toEqual(before)
    })

    it('without login and below its role is refused, whatever the parameters', async () => {
      const all = connected(codec)
      const before = await stateOf(all)
      for (const params of [soundParams(name), { device: 7 }]) {
        if (!OPEN.includes(name)) {
          expectFailure(await all.nobody.failure(name, params), {
            ...{ what: 'no login', code: -32001, message: 'Authentication failed or token expired' },
            data: { reason: 'auth_required' },
          })
        }
        for (const role of ROLES.slice(0, Math.max(0, ROLES.indexOf(method.role as 'viewer')))) {
          expectFailure(await all[role].failure(name, params), {
            ...{ what: role, code: -32002, message: 'Permission denied' },
            data: { reason: 'permission_denied', required_role: method.role, have_role: role },
          })
        }
      }
      expect(await stateOf(all)).toEqual(before)
    })
  })

  it('each role that is high enough is let in', async () => {
    const all = connected(codec)
    for (const [name, method] of METHODS) {
      for (const role of ROLES.slice(Math.max(0, ROLES.indexOf(method.role as 'viewer')))) {
        // Where there is a parameter, a wrong one is answered as such, so nothing happens.
        const [wrong] = wrongParams(name, method)
        if (wrong === undefined || OPEN.includes(name)) continue
        expect({ name, role, code: (await all[role].failure(name, wrong.params)).code }).toEqual({ name, role, code: -32602 })
      }
    }
  })

  it('what only reads answers the documented members and no others, unknown parameters or not', async () => {
    const all = connected(codec)
    const reading = METHODS.filter(([name, { role }]) => role === 'viewer' && !MEDIA.includes(name) && !name.endsWith('_info'))
    const admin = ['get_metrics', 'get_status', 'get_system_health', 'get_storage_info', 'cleanup_old_files']
    const names = [...reading.map(([one]) => one), 'get_server_info', ...admin, 'ping']
    for (const [name, { role: lowest }] of METHODS.filter(([one]) => names.includes(one))) {
      for (const role of ROLES.slice(Math.max(0, ROLES.indexOf(lowest as 'viewer')))) {
        for (const params of [soundParams(name), { ...soundParams(name), unknown_member: { a: [1] }, ['__proto__']: { b: 1 } }]) {
          const faults = faultsOf(results.get(name) ?? {}, await all[role].call(name, params))
          expect({ name, role, faults }).toEqual({ name, role, faults: [] })
        }
      }
    }
    expect(await all.admin.call('unsubscribe_events')).toEqual({ unsubscribed: true, topics: [] })
  })

  it('files are made, listed, described and deleted with the documented members and no others', async () => {
    const { admin, operator } = connected(codec)
    const checked = async (client: RpcClient, name: string, params: object): Promise<Record<string, unknown>> => {
      const result = await client.call<Record<string, unknown>>(name, params)
      expect({ name, faults: faultsOf(results.get(name) ?? {}, result) }).toEqual({ name, faults: [] })
      return result
    }
    const snapshot = await checked(operator, 'take_snapshot', {
      device: 'camera0',
      filename: `still-${codec}`,
      format: 'png',
      quality: 0,
    })
    expect(snapshot).toMatchObject({ device: 'camera0', filename: `still-${codec}.png`, status: 'SUCCESS' })
    expect(await checked(admin, 'get_snapshot_info', { filename: snapshot.filename })).toMatchObject({
      filename: snapshot.filename,
    })
    const deleted = { deleted: true, message: 'Snapshot file deleted successfully' }
    expect(await checked(admin, 'delete_snapshot', { filename: snapshot.filename })).toMatchObject(deleted)

    const device = 'camera0'
    const started = await checked(operator, 'start_recording', { device, duration: 60, format: 'mp4', filename: `film-${codec}` })
    expect(started).toMatchObject({ device, filename: `film-${codec}`, status: 'RECORDING', format: 'mp4' })
    expectFailure(await operator.failure('start_recording', { device }), {
      ...{ what: 'twice', code: -32020, message: 'Invalid state' },
      data: { state: 'RECORDING', allowed_states: ['IDLE'] },
    })
    expect(await checked(admin, 'get_recording_status', { device })).toMatchObject({ device, status: 'active' })
    expectFailure(await admin.failure('delete_recording', { filename: started.filename }), {
      ...{ what: 'while it is written', code: -32020, message: 'Invalid state' },
      data: { state: 'RECORDING' },
    })
    const stopped = await checked(operator, 'stop_recording', { device })
    expect(stopped).toMatchObject({ device, filename: started.filename, status: 'STOPPED', start_time: started.start_time })
    expectFailure(await operator.failure('stop_recording', { device }), {
      ...{ what: 'not recording', code: -32020, message: 'Invalid state' },
      data: { state: 'IDLE', allowed_states: ['RECORDING'] },
    })
    const list = await checked(admin, 'list_recordings', { limit: 1, offset: 0 })
    expect(list).toMatchObject({ limit: 1, offset: 0, files: [{ filename: started.filename }] })
    for (const filename of [`film-${codec}`, `film-${codec}.mp4`, `film-${codec}.fmp4`]) {
      expect(await checked(admin, 'get_recording_info', { filename })).toMatchObject({
        filename: started.filename,
        download_url: `/files/recordings/film-${codec}.mp4`,
      })
    }
    expect(await checked(admin, 'delete_recording', { filename: started.filename })).toMatchObject({
      message: 'Recording file deleted successfully',
    })
    const policy = { policy_type: 'age', max_age_days: 7, enabled: true }
    expect(await checked(admin, 'set_retention_policy', policy)).toMatchObject(policy)
  })

  it('without MediaMTX its methods fail with -32050, and without external streams theirs with -32030', async () => {
    const all = connected(codec)
    const { admin } = all
    const before = await stateOf(all)
    for (const name of MEDIA) {
      expectFailure(await admin.failure(name, soundParams(name)), {
        ...{ what: name, code: -32050, message: 'Dependency failed' },
        data: { dependency: 'MediaMTX', detail: expect.any(String) },
      })
    }
    for (const name of SWITCHED) {
      expectFailure(await admin.failure(name, soundParams(name)), {
        ...{ what: name, code: -32030, message: 'Unsupported' },
        data: { reason: 'feature_disabled', feature: 'external_discovery' },
      })
    }
    expect(await stateOf(all)).toEqual(before)
  })

  it('an unknown method is -32601, for whoever asks', async () => {
    for (const client of Object.values(connected(codec))) {
      for (const name of [
        'get_everything',
        'camera_status_update',
        'recording_status_update',
        'constructor',
        '__proto__',
        'rpc.',
      ]) {
        expectFailure(await client.failure(name), {
          ...{ what: name, code: -32601, message: 'Method not found' },
          data: { reason: 'method_not_found' },
        })
      }
    }
  })

  it('a login fails with the reason, and leaves the connection as it was', async () => {
    const { viewer } = connected(codec)
    for (const params of [{}, { auth_token: null }, { auth_token: 7 }, { auth_token: '' }, { auth_token: [] }, { api_key: {} }]) {
      expectFailure(await viewer.failure('authenticate', params), {
        ...{ what: JSON.stringify(params), code: -32001, message: 'Authentication failed or token expired' },
        data: { reason: 'auth_required' },
      })
    }
    for (const auth_token of ['x', 'a.b.c', `${service.token('admin')}x`, 'csk_nobody-has-this-key-0123456789']) {
      expectFailure(await viewer.failure('authenticate', { auth_token }), {
        ...{ what: 'a bad token', code: -32001, message: 'Authentication failed or token expired' },
        data: { reason: 'auth_failed' },
      })
    }
    expectFailure(await viewer.failure('authenticate', { auth_token: service.token('admin'), auth_type: 'magic' }), {
      ...{ what: 'auth_type', code: -32602, message: 'Invalid parameters' },
      data: { param: 'auth_type' },
    })
    expect(await viewer.call('authenticate', { token: 'x', auth_type: 'jwt' })).toEqual({
      authenticated: false,
      error: 'Authentication failed or token expired',
    })
    expectFailure(await viewer.failure('get_status'), {
      ...{ what: 'still a viewer', code: -32002, message: 'Permission denied' },
      data: { have_role: 'viewer' },
    })
  })
})

describe('while the service is starting', () => {
  let server: RpcServer

  beforeAll(async () => {
    server = await startRpcServer({ services: { system: { ...memoryServices().system, ready: () => false } } })
  })

  afterAll(() => server.stop())

  it.each(CODECS)('every method but three is -32050 as %s, after the role and before the parameters', async (codec) => {
    const client = await RpcClient.connect(server.url, { codec })
    await client.login(server.token('admin'))
    for (const [name] of METHODS) {
      if (OPEN.includes(name) || name === 'get_system_status') continue
      expectFailure(await client.failure(name, { device: 7 }), {
        ...{ what: name, code: -32050, message: 'Dependency failed' },
        data: { reason: 'service_initializing', dependency: 'camera_service', detail: expect.any(String) },
      })
    }
    expect(await client.call('ping')).toBe('pong')
    expect(await client.call('get_system_status')).toMatchObject({ status: expect.any(String) })
    await client.close()
  })
})
