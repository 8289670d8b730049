/** Every method of the table over a real socket. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RpcClient } from '../support/rpc-client.js'
import { type RpcServer, startRpcServer } from '../support/rpc-server.js'

let server: RpcServer

beforeAll(async () => {
  server = await startRpcServer()
})

afterAll(() => server.stop())

describe.each(['json', 'msgpack'] as const)('methods over %s', (codec) => {
  async function loggedIn(role: 'viewer' | 'operator' | 'admin'): Promise<RpcClient> {
    const client = await RpcClient.connect(server.url, { codec })
    await client.login(server.token(role))
    return client
  }

  it('answers ping before login', async () => {
    const client = await RpcClient.connect(server.url, { codec })
    expect(await client.call('ping', { extra: true })).toBe('pong')
    await client.close()
  })

  it('logs in and lists cameras', async () => {
    const client = await RpcClient.connect(server.url, { codec })
    expect(await client.login(server.token('operator'))).toEqual({
      authenticated: true,
      role: 'operator',
      permissions: ['view', 'control'],
      expires_at: expect.stringMatching(/Z$/),
      session_id: expect.any(String),
    })
    expect(await client.call('get_camera_list')).toMatchObject({ total: 2, connected: 2 })
    await client.close()
  })

  it('answers with the id of a camera named by its node', async () => {
    const client = await loggedIn('viewer')
    expect(await client.call('get_camera_status', { device: '/dev/video4' })).toMatchObject({ device: 'camera2' })
    await client.close()
  })

  it('takes a snapshot', async () => {
    const client = await loggedIn('operator')
    expect(await client.call('take_snapshot', { device: 'camera0', filename: 'desk.jpg' })).toMatchObject({
      filename: 'desk.jpg',
    })
    await client.close()
  })
})
