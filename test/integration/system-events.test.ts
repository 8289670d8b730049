/** Events of the started service as a whole, over a real socket. */

import { expect, it } from 'vitest'
import { RpcClient } from '../support/rpc-client.js'
import { startService } from '../support/service.js'

it('who listens is told that the service goes before the connection is closed with 1001', async () => {
  const service = await startService()
  const client = await RpcClient.connect(service.url)
  await client.login(service.token('viewer'))
  await client.call('subscribe_events', { topics: ['system.shutdown'] })
  const told = client.notification('system.shutdown')
  const stopped = service.stop()
  expect(await told).toEqual({
    reason: 'the service is being stopped',
    retry_after_ms: expect.any(Number),
    timestamp: expect.stringMatching(/Z$/),
  })
  expect(await client.closed).toMatchObject({ code: 1001 })
  expect(await stopped).toBe(0)
})

it('the start is the first event of its epoch', async () => {
  const service = await startService()
  const client = await RpcClient.connect(service.url)
  await client.login(service.token('viewer'))
  const first = await client.call<{ epoch: string }>('subscribe_events', { topics: ['system.startup'], epoch: '' })
  const told = client.notification('system.startup')
  await client.call('subscribe_events', { topics: ['system.startup'], epoch: first.epoch, since_seq: 0 })
  expect(await told).toMatchObject({ version: expect.any(String), build_info: { go_version: expect.any(String) }, seq: 1 })
  await client.close()
  expect(await service.stop()).toBe(0)
})
