/** What clients of older editions look for: the port 8080 (here: a free one), and download URLs that open as they are. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { RpcClient } from '../support/rpc-client.js'
import { freePort, type RunningService, startService } from '../support/service.js'

let second: number
let service: RunningService

beforeAll(async () => {
  second = await freePort()
  service = await startService({
    args: ['--virtual-cameras', '1'],
    env: { CAMERA_SERVICE_SERVER_SECOND_PORT: String(second), CAMERA_SERVICE_DOWNLOADS_TICKETED_URLS: 'true' },
  })
}, 60_000)
afterAll(async () => {
  await service?.stop()
})

it('the second port is the same face; where another process holds it, the service goes on without', async () => {
  const client = await RpcClient.connect(`ws://127.0.0.1:${second}/ws`)
  expect(await client.call('ping')).toBe('pong')
  await client.close()

  const other = await startService({ env: { CAMERA_SERVICE_SERVER_SECOND_PORT: String(second) } })
  expect(other.log()).toMatch(new RegExp(`not listened on .*port=${second} .*another process holds it`))
  const elsewhere = await RpcClient.connect(other.url)
  expect(await elsewhere.call('ping')).toBe('pong')
  await elsewhere.close()
  expect(await other.stop()).toBe(0)
}, 60_000)

it('a download_url with a ticket opens its file once, on either port, and nothing else', async () => {
  const client = await RpcClient.connect(service.url)
  await client.login(service.token('operator'))
  await client.call('take_snapshot', { device: 'camera0', filename: 'one' })
  await client.call('take_snapshot', { device: 'camera0', filename: 'two' })
  const { files } = (await client.call('list_snapshots', {})) as { files: { filename: string; download_url: string }[] }
  const [two = '', one = ''] = files.map(({ download_url }) => download_url)
  expect(files.map(({ filename }) => filename)).toEqual(['two.jpg', 'one.jpg'])
  expect(one).toMatch(/^\/files\/snapshots\/one\.jpg\?ticket=[\w-]{32}$/)
  const status = async (port: number, url: string): Promise<number> => (await fetch(`http://127.0.0.1:${port}${url}`)).status
  expect(await status(service.port, one.replace('one.jpg', 'two.jpg'))).toBe(401)
  expect([await status(service.port, one), await status(service.port, one)]).toEqual([200, 401])
  expect(await status(second, two)).toBe(200)

  const info = (await client.call('get_snapshot_info', { filename: 'one.jpg' })) as { download_url: string }
  expect(await status(service.healthPort, info.download_url)).toBe(200)
  expect(service.log()).not.toMatch(/ticket=/)
  // No more tickets than one user may have open; what is left of the list goes without.
  const lists: unknown[] = []
  for (let calls = 0; calls < 140; calls += 1) lists.push(await client.call('list_snapshots', {}))
  expect(JSON.stringify(lists).match(/\?ticket=/g)?.length).toBe(256)
  await client.close()
})
