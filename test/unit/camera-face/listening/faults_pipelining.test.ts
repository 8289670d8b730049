/** Clients that send requests without waiting for the answers. */

import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, open, raw } from '../../../support/raw-http.js'
import { type Stage, stage } from '../face.js'

let current: Stage
beforeAll(async () => {
  current = await stage({ settings: { maxPipelined: 8 } })
})
afterAll(() => current.close())

const HEALTH = 'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'

describe('pipelined requests', () => {
  it('are answered one after the other up to the limit', async () => {
    const last = 'GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'
    const text = await raw(current.port, HEALTH.repeat(7) + last)
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual([...Array.from({ length: 7 }, () => 'HTTP/1.1 200'), 'HTTP/1.1 404'])
  })

  it('beyond the limit end their connection, and no other', async () => {
    const before = current.log.length
    await raw(current.port, HEALTH.repeat(5_000))
    expect((await ask(current.port, 'GET', '/health')).status).toBe(200)
    // Nothing of the flood was worked through after the end: only what had its turn before.
    expect(current.log.length - before).toBeLessThan(20)
  })

  it('beyond the limit end a stream of events', async () => {
    const { socket, until } = open(current.port)
    socket.write('GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    await until('camera_state')
    const closed = once(socket, 'close')
    socket.write(HEALTH.repeat(50))
    await closed
  })

  it('count no more once they are answered', async () => {
    const { socket, received } = open(current.port)
    for (let turn = 1; turn <= 20; turn += 1) {
      socket.write(HEALTH)
      await expect.poll(() => received().split('healthy').length - 1).toBe(turn)
    }
    expect(socket.destroyed).toBe(false)
    socket.destroy()
  })
})
