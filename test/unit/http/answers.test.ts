/** Answers to clients that read slowly, not at all, or ask again before they have read. */

import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { createLogger } from '../../../src/base/logger.js'
import { PlainServer } from '../../../src/http/index.js'
import { ask } from '../../support/raw-http.js'

const BODY = Array.from({ length: 2_000_000 }, (_, index) => `${index}`.padStart(10, ' ')).join('')
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function served(): Promise<number> {
  const logger = createLogger({ level: 'silent', format: 'json', write: () => undefined })
  const large = { path: '/large', answer: () => ({ status: '200 OK', headers: {}, body: BODY }) }
  const empty = { path: '/empty', answer: () => ({ status: '200 OK', headers: {}, body: '' }) }
  const address = { host: '127.0.0.1', port: 0, key: 'port' }
  const server = new PlainServer({ name: 'test', address, routes: [{ pages: [large, empty] }], clock: systemClock, logger })
  await server.start(new AbortController().signal)
  ends.push(() => server.stop())
  return server.port
}

function asking(port: number, requests: string): Socket {
  const socket = connect({ host: '127.0.0.1', port })
  socket.on('error', () => undefined)
  ends.push(() => socket.destroy())
  socket.write(requests)
  return socket
}

const GET = 'GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n'

it('a long body comes whole to a client that pauses', async () => {
  const socket = asking(await served(), GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
  const pieces: Buffer[] = []
  for await (const piece of socket) {
    pieces.push(piece as Buffer)
    if (pieces.length % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    if (Buffer.concat(pieces.slice(-1)).length > 0 && pieces.reduce((sum, { length }) => sum + length, 0) > BODY.length) break
  }
  const text = Buffer.concat(pieces).toString('latin1')
  const digest = (value: string): string => createHash('sha256').update(value).digest('hex')
  expect(digest(text.slice(text.indexOf('\r\n\r\n') + 4))).toBe(digest(BODY))
})

it('who asks again before the answer has left is cut, and what waits does not add up', async () => {
  const port = await served()
  const before = process.memoryUsage().rss
  const socket = asking(port, GET.repeat(2_000))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  // Read, or the end is never heard of.
  socket.resume()
  await closed
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024)
})

it('HEAD has the length of the body, and ends the connection', async () => {
  const port = await served()
  const { status, headers, body } = await ask(port, 'HEAD', '/large')
  expect([status, headers['content-length'], headers.connection, body]).toEqual([200, String(BODY.length), 'close', ''])
  expect((await ask(port, 'HEAD', '/empty')).headers['content-length']).toBe('0')
})
