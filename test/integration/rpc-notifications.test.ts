/** Events over real sockets, in both encodings. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { RpcClient } from '../support/rpc-client.js'
import { type RpcServer, startRpcServer } from '../support/rpc-server.js'

let server: RpcServer

beforeAll(async () => {
  server = await startRpcServer()
})

afterAll(() => server.stop())

it.each(['json', 'msgpack'] as const)('reach a subscriber over %s', async (codec) => {
  const client = await RpcClient.connect(server.url, { codec })
  await client.login(server.token('viewer'))
  await client.call('subscribe_events', { topics: ['camera.disconnected'], filters: { device: 'camera0' } })
  const heard = client.notification('camera.disconnected')
  server.rpc.publish('camera.disconnected', { device: 'camera2' })
  server.rpc.publish('camera.disconnected', { device: 'camera0', name: 'Desk', status: 'DISCONNECTED' })
  expect(await heard).toEqual({ device: 'camera0', name: 'Desk', status: 'DISCONNECTED', timestamp: expect.stringMatching(/Z$/) })
  await client.close()
})

it('come between replies in the order in which things happened', async () => {
  const client = await RpcClient.connect(server.url)
  await client.login(server.token('viewer'))
  await client.call('subscribe_events', { topics: ['system.error'] })
  client.messages.length = 0
  for (let number = 1; number <= 50; number++) {
    const reply = client.request({ method: 'ping' })
    await reply
    server.rpc.publish('system.error', { error: `error ${number}` })
  }
  await client.call('ping')
  const kinds = client.messages.map((message) => (message.method === undefined ? 'reply' : 'event'))
  expect(kinds).toEqual([...Array.from({ length: 50 }, () => ['reply', 'event']).flat(), 'reply'])
  await client.close()
})

it('never reach a connection that subscribed to nothing, so the next frame is the reply', async () => {
  const client = await RpcClient.connect(server.url)
  await client.login(server.token('viewer'))
  client.messages.length = 0
  server.rpc.publish('camera.connected', { device: 'camera0' })
  expect(await client.call('ping')).toBe('pong')
  expect(client.messages).toHaveLength(1)
  await client.close()
})

it('reach a legacy login under the legacy name, without asking', async () => {
  const client = await RpcClient.connect(server.url)
  await client.call('authenticate', { token: server.token('viewer'), auth_type: 'jwt' })
  const heard = client.notification('camera_status_update')
  server.rpc.publish('camera.status_change', { device: 'camera0', old_status: 'ERROR', new_status: 'CONNECTED' })
  expect(await heard).toMatchObject({ device: 'camera0', status: 'CONNECTED', resolution: '1280x720' })
  await client.close()
})

it('end with the connection', async () => {
  const client = await RpcClient.connect(server.url)
  await client.login(server.token('viewer'))
  await client.call('subscribe_events', { topics: ['camera.connected'] })
  client.socket.terminate()
  await client.closed
  await expect.poll(() => server.http.connections).toBe(0)
  const other = await RpcClient.connect(server.url)
  await other.login(server.token('viewer'))
  expect(await other.call('get_subscription_stats')).toMatchObject({
    global_stats: { total_subscriptions: 0, active_clients: 0 },
  })
  await other.close()
})
