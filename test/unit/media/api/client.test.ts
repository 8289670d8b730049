import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MediamtxClient } from '../../../../src/media/api/client.js'
import { MediaMeter } from '../../../../src/media/meter.js'
import { MediamtxDouble } from '../../../support/mediamtx-double/index.js'
import { stopwatch } from '../../../support/processor-wait.js'

let double: MediamtxDouble
let client: MediamtxClient

beforeEach(async () => {
  double = new MediamtxDouble({ credentials: { user: 'u', password: 'p' }, wrongCredentialsDelayMs: 50 })
  await double.start()
  client = new MediamtxClient({ origin: origin(double.port), credentials: { user: 'u', password: 'p' } })
})

afterEach(async () => {
  await client.close()
  await double.kill()
})

test('each call does what it says', async () => {
  expect(await client.info()).toMatchObject({ version: 'v1.20.1' })
  expect((await client.ports()).rtspPort).toBe(double.rtspPort)
  await client.replacePath('camera0', { maxReaders: 3 })
  expect((await client.listPathConfigs())[0]).toMatchObject({ name: 'camera0', fields: { maxReaders: 3 } })
  expect((await client.listPaths())[0]).toMatchObject({ name: 'camera0', available: false })
  await client.deletePath('camera0')
  await client.deletePath('camera0')
  expect(await client.listPaths()).toEqual([])
})

test('a list of many pages comes whole', async () => {
  for (let index = 0; index < 2_500; index++) double.call('POST', `config/paths/replace/path${index}`, {})
  expect(new Set((await client.listPaths()).map((path) => path.name)).size).toBe(2_500)
})

test('a refusal is permanent and keeps the server’s words', async () => {
  await expect(client.replacePath('camera0', { nothing: 1 })).rejects.toMatchObject({
    kind: 'rejected',
    message: 'json: unknown field "nothing"',
  })
})

test('calls are counted and timed by endpoint, and what failed by reason', async () => {
  const meter = new MediaMeter()
  const credentials = { user: 'u', password: 'p' }
  const counted = new MediamtxClient({ origin: origin(double.port), credentials, meter })
  const stranger = new MediamtxClient({ origin: origin(double.port), credentials: undefined, meter })
  await counted.listPaths()
  await counted.replacePath('camera0', {})
  await counted.replacePath('camera1', { nothing: 1 }).catch(() => undefined)
  await stranger.listPaths().catch(() => undefined)
  await double.kill()
  await counted.listPaths().catch(() => undefined)
  const { calls, callFailures } = meter.figures
  const counts = Object.entries(calls).map(([endpoint, each]) => [endpoint, each.counts.reduce((sum, count) => sum + count, 0)])
  expect(Object.fromEntries(counts)).toEqual({ 'paths/list': 3, 'config/paths/replace': 2 })
  expect(calls['paths/list']?.sumSeconds).toBeGreaterThan(0)
  expect(callFailures).toEqual({ 'config/paths/replace http': 1, 'paths/list auth': 1, 'paths/list refused': 1 })
  await Promise.all([counted.close(), stranger.close()])
})

test('wrong and missing credentials are the same failure', async () => {
  for (const credentials of [undefined, { user: 'u', password: 'x' }]) {
    const other = new MediamtxClient({ origin: origin(double.port), credentials })
    await expect(other.listPaths()).rejects.toMatchObject({ kind: 'unauthorized' })
    await other.close()
  }
})

test('without a server it fails as unreachable, at once', async () => {
  await double.kill()
  const took = stopwatch()
  await expect(client.listPaths()).rejects.toMatchObject({ kind: 'unreachable' })
  expect(took()).toBeLessThan(500)
})

test('a server that hangs after first contact is given 2 s', async () => {
  await client.info()
  double.faults.hang.add('paths/list')
  const begin = performance.now()
  const took = stopwatch()
  await expect(client.listPaths()).rejects.toMatchObject({ kind: 'timeout' })
  expect(performance.now() - begin).toBeGreaterThan(1_900)
  expect(took()).toBeLessThan(3_000)
})

test('R-23: what this process was held up itself is not the server’s delay', async () => {
  await client.info()
  const call = client.listPaths()
  while (!double.calls.includes('GET paths/list')) await new Promise((resolve) => setImmediate(resolve))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500)
  expect(await call).toEqual([])
})

test('a body that drips counts against the deadline, too', async () => {
  const timers: NodeJS.Timeout[] = []
  const server = await serve((response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    timers.push(setInterval(() => response.write(' '), 100))
  })
  const other = new MediamtxClient({ origin: origin((server.address() as AddressInfo).port), credentials: undefined })
  await expect(other.info()).rejects.toMatchObject({ kind: 'timeout' })
  for (const timer of timers) clearInterval(timer)
  await other.close()
  await end(server)
})

test('an endless body is cut off at 4 MiB', async () => {
  const server = await serve((response) => {
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    }
    response.on('drain', more)
    more()
  })
  const other = new MediamtxClient({ origin: origin((server.address() as AddressInfo).port), credentials: undefined })
  await expect(other.listPaths()).rejects.toMatchObject({ kind: 'torn' })
  await other.close()
  await end(server)
})

test('a connection that dies just as it is used is replaced by another', async () => {
  await client.listPaths()
  await double.restart()
  expect(await client.listPaths()).toEqual([])
})

test('closing cuts what is under way', async () => {
  double.faults.hang.add('paths/list')
  const call = client.listPaths()
  const refused = expect(call).rejects.toMatchObject({ kind: 'unreachable' })
  while (!double.calls.includes('GET paths/list')) await new Promise((resolve) => setImmediate(resolve))
  await client.close()
  await refused
})

function origin(port: number): string {
  return `http://127.0.0.1:${port}`
}

async function serve(answer: (response: ServerResponse) => void): Promise<Server> {
  const server = createServer((_request, response) => answer(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

async function end(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
