/** of the client: what is slow, torn, endless or lost is a typed failure in time, with few connections. */

import { createServer, type Server } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MediamtxClient } from '../../../../src/media/api/client.js'
import { FaultProxy } from '../../../support/fault-proxy.js'
import { MediamtxDouble } from '../../../support/mediamtx-double/index.js'
import { stopwatch } from '../../../support/processor-wait.js'

let double: MediamtxDouble
let proxy: FaultProxy
let client: MediamtxClient
const servers: Server[] = []

beforeEach(async () => {
  double = new MediamtxDouble({ file: { camera0: {}, camera1: { record: true } } })
  await double.start()
  proxy = new FaultProxy(() => double.port)
  await proxy.start()
  client = clientOf(proxy.port)
})

afterEach(async () => {
  await client.close()
  await proxy.stop()
  await double.kill()
  for (const server of servers.splice(0)) server.close()
})

test('R-04: a reply cut at whatever byte is a failure, never a shorter list', async () => {
  const whole = await client.listPaths()
  const reply = await fetch(`http://127.0.0.1:${double.port}/v3/paths/list`)
  const head = [...reply.headers].reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0)
  const length = head + (await reply.text()).length
  expect(length).toBeGreaterThan(600)
  await client.close()
  for (let bytes = 0; bytes < length; bytes += bytes < 120 ? 1 : 7) {
    proxy.faults.cutAfterBytes = bytes
    const other = clientOf(proxy.port)
    await expect(other.listPaths(), `cut after ${bytes}`).rejects.toMatchObject({ name: 'MediamtxError' })
    await other.close()
  }
  proxy.faults.cutAfterBytes = undefined
  client = clientOf(proxy.port)
  expect(await client.listPaths()).toEqual(whole)
})

test.each([
  ['garbage', 200, 'application/json', '{"items": [', 'torn'],
  ['a list that is none', 200, 'application/json', '{"items": 7}', 'torn'],
  ['another content', 200, 'text/html', '{"items": [], "pageCount": 0}', 'torn'],
  ['a failure of the server', 500, 'application/json', '{"error": "terminated"}', 'broken'],
  ['a bad gateway', 502, 'text/html', '<html>', 'broken'],
  ['too many requests', 429, 'application/json', '{}', 'torn'],
  ['a redirection', 301, 'text/html', '', 'torn'],
  ['an unknown route', 404, 'text/plain', '404 page not found', 'disabled'],
  ['an unknown object', 404, 'application/json', '{"error":"path not found"}', 'missing'],
])('R-04: %s is told as what it is', async (_what, status, type, body, kind) => {
  const port = await answering(`HTTP/1.1 ${status} X\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  const other = clientOf(port)
  await expect(other.listPaths()).rejects.toMatchObject({ name: 'MediamtxError', kind })
  await other.close()
})

test('R-04: what is not HTTP at all is torn', async () => {
  const other = clientOf(await answering('SSH-2.0-OpenSSH_9.2\r\n'))
  await expect(other.listPaths()).rejects.toMatchObject({ kind: 'torn' })
  await other.close()
})

test('R-04: a body of a byte a second ends with the deadline', async () => {
  await client.info()
  proxy.faults.dripMs = 1_000
  const took = stopwatch()
  await expect(client.listPaths()).rejects.toMatchObject({ kind: 'timeout' })
  expect(took()).toBeLessThan(2_500)
})

test('R-04: an endless body costs little memory and ends at its cap', async () => {
  let sentBytes = 0
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"items":[')
    const more = () => {
      while (!socket.destroyed) {
        sentBytes += 65_536
        if (!socket.write(Buffer.alloc(65_536, 0x20))) return
      }
    }
    socket.on('drain', more)
    more()
  })
  const other = clientOf(await listening(server))
  await expect(other.listPaths()).rejects.toMatchObject({ kind: 'torn', message: expect.stringContaining('4194304') })
  await other.close()
  // What the kernel holds between the two comes on top.
  expect(sentBytes).toBeLessThan(16 * 1024 * 1024)
})

test('R-03: a stopped server costs its deadline and no more than 8 connections, and answers when it goes on', async () => {
  await client.info()
  proxy.faults.stalled = true
  const took = stopwatch()
  const calls = Array.from({ length: 50 }, () => client.listPaths().catch((thrown: unknown) => thrown))
  const failures = await Promise.all(calls)
  expect(took()).toBeLessThan(3_000)
  expect(failures.every((failure) => failure instanceof Error && 'kind' in failure && failure.kind === 'timeout')).toBe(true)
  expect(proxy.mostOpen).toBeLessThanOrEqual(8)
  proxy.resume()
  expect(await client.listPaths()).toHaveLength(2)
})

test('R-07: an add whose reply is lost is done once more, and what is there in the end is one path', async () => {
  double.faults.dropReply.add('config/paths/replace')
  const body = { maxReaders: 4 }
  await expect(client.replacePath('camera7', body)).rejects.toMatchObject({ kind: 'unreachable' })
  double.faults.dropReply.clear()
  await client.replacePath('camera7', body)
  expect(double.names()).toEqual(['camera0', 'camera1', 'camera7'])
  expect(double.config('camera7')).toMatchObject(body)
})

function clientOf(port: number): MediamtxClient {
  return new MediamtxClient({ origin: `http://127.0.0.1:${port}`, credentials: undefined })
}

function answering(reply: string): Promise<number> {
  return listening(
    createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end(reply))
    }),
  )
}

async function listening(server: Server): Promise<number> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
