/**
 * The methods of streams and of external streams where both are there: documented members and no others, to each role that may, as JSON and
 * as MessagePack. What they answer without MediaMTX, to wrong parameters and to others is in rpc-conformance.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonSchema } from '../support/contract-types.js'
import { MediamtxDouble } from '../support/mediamtx-double/index.js'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'
import { faultsOf } from '../support/strict-schema.js'
import { until } from '../support/until.js'

const CODECS = ['json', 'msgpack'] as const
const DEVICE = { device: 'camera0' }
/** In a network that is allowed by default; nobody has to be there. */
const ADDED = { stream_url: 'rtsp://10.0.0.9:554/gate', stream_name: 'Gate' }

let double: MediamtxDouble
let service: RunningService
let results: ReadonlyMap<string, JsonSchema>

beforeAll(async () => {
  double = new MediamtxDouble()
  await double.start()
  service = await startService({
    args: ['--virtual-cameras', '1'],
    env: {
      CAMERA_SERVICE_MEDIAMTX_MODE: 'external',
      CAMERA_SERVICE_MEDIAMTX_API_PORT: String(double.port),
      CAMERA_SERVICE_EXTERNAL_DISCOVERY_ENABLED: 'true',
      CAMERA_SERVICE_EXTERNAL_DISCOVERY_SCAN_INTERVAL: '0s',
      // Nothing is looked for outside of this machine.
      CAMERA_SERVICE_EXTERNAL_DISCOVERY_SKYDIO_ENABLED: 'false',
    },
  })
  await until('MediaMTX has our path', () => double.names().includes('camera0'))
  const document = (await (await fetch(`http://127.0.0.1:${service.port}/openrpc.json`)).json()) as {
    readonly methods: readonly { readonly name: string; readonly result: { readonly schema: JsonSchema } }[]
  }
  results = new Map(document.methods.map(({ name, result }) => [name, result.schema]))
})

afterAll(async () => {
  expect(await service.stop()).toBe(0)
  await double.kill()
})

type Result = Readonly<Record<string, unknown>>

describe.each(CODECS)('as %s', (codec) => {
  let viewer: RpcClient
  let operator: RpcClient
  beforeAll(async () => {
    const connect = async (role: 'viewer' | 'operator'): Promise<RpcClient> => {
      const client = await RpcClient.connect(service.url, { codec })
      await client.login(service.token(role))
      return client
    }
    ;[viewer, operator] = await Promise.all([connect('viewer'), connect('operator')])
  })
  afterAll(() => Promise.all([viewer.close(), operator.close()]))

  async function checked(client: RpcClient, name: string, params: object = {}): Promise<Result> {
    const result = await client.call<Result>(name, { ...params, unknown_member: 1 })
    expect({ name, faults: faultsOf(results.get(name) ?? {}, result) }).toEqual({ name, faults: [] })
    return result
  }

  it('a camera is streamed, told and stopped', async () => {
    await until('nobody streams it', async () => (await checked(viewer, 'get_stream_url', DEVICE)).available === false)
    expect(await checked(operator, 'start_streaming', DEVICE)).toMatchObject({ ...DEVICE, status: 'STARTED' })
    expect(await checked(viewer, 'get_stream_status', DEVICE)).toMatchObject({ ...DEVICE, status: 'ACTIVE', ready: true })
    expect(await checked(viewer, 'get_stream_url', DEVICE)).toMatchObject({ available: true })
    expect(await checked(viewer, 'get_streams')).toContainEqual(expect.objectContaining({ name: 'camera0', ready: true }))
    expect(await checked(operator, 'stop_streaming', DEVICE)).toMatchObject({ ...DEVICE, status: 'STOPPED' })
    expect(await operator.failure('stop_streaming', DEVICE)).toMatchObject({ code: -32020, message: 'Invalid state' })
  })

  it('an external stream is added, listed and removed, networks are scanned, and the interval is set', async () => {
    expect(await checked(operator, 'add_external_stream', ADDED)).toMatchObject({ ...ADDED, status: 'ADDED' })
    expect(await checked(viewer, 'get_external_streams')).toMatchObject({ total_count: 1 })
    expect(await checked(operator, 'discover_external_streams', { force_rescan: true })).toMatchObject({ total_found: 0 })
    expect(await checked(operator, 'remove_external_stream', { stream_url: ADDED.stream_url })).toMatchObject({
      status: 'REMOVED',
    })
    expect(await checked(viewer, 'get_external_streams')).toMatchObject({ total_count: 0 })
    expect(await operator.failure('remove_external_stream', { stream_url: ADDED.stream_url })).toMatchObject({ code: -32010 })
    const admin = await RpcClient.connect(service.url, { codec })
    await admin.login(service.token('admin'))
    expect(await checked(admin, 'set_discovery_interval', { scan_interval: 0 })).toMatchObject({ scan_interval: 0 })
    await admin.close()
  })
})
