/** Row R-53 of reliability-security.md §2.5. */

import { expect, it } from 'vitest'
import { FaultProxy } from '../support/fault-proxy.js'
import { extent, full } from '../support/rows.js'
import { RpcClient } from '../support/rpc-client.js'
import { startRpcServer } from '../support/rpc-server.js'
import { until } from '../support/until.js'

it(`R-53: a peer that is gone without a word is found by ping, and its subscriptions are freed (${extent('s', 60, 8)})`, {
  timeout: 120_000,
}, async () => {
  const beat = { pingIntervalMs: full(30_000, 1_000), pongWaitMs: full(60_000, 8_000) }
  const server = await startRpcServer({ settings: { sweepMs: 200, ...beat } })
  const proxy = new FaultProxy(() => server.http.port)
  await proxy.start()
  const client = await RpcClient.connect(`ws://127.0.0.1:${proxy.port}/ws`)
  await client.login(server.token('viewer'))
  await client.call('subscribe_events', { topics: ['camera.connected'] })
  proxy.faults.stalled = true
  // The library looks at its deadlines each four seconds.
  const limitMs = full(60_000, 8_000) + 4_000
  expect(await until('it is found', () => server.http.connections === 0, limitMs)).toBeLessThanOrEqual(limitMs)
  const other = await RpcClient.connect(server.url)
  await other.login(server.token('viewer'))
  expect(await other.call('get_subscription_stats')).toMatchObject({
    global_stats: { total_subscriptions: 0, active_clients: 0 },
  })
  await other.close()
  client.socket.terminate()
  await proxy.stop()
  await server.stop()
})
