import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { ask, open } from '../../support/raw-http.js'

import { BIG, big, CLIP, desk, get, heldNow, lines, roots, server, tokenOf, viewer } from './downloads-rig.js'

describe('many, slow and leaving clients', () => {
  /** Asks for the big file and does not read on after its head. */
  const stalled = async (token = viewer) => {
    const client = open(server.port)
    client.socket.write(`GET /files/recordings/big.mp4 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n\r\n`)
    client.socket.once('data', () => client.socket.pause())
    await client.until('\r\n\r\n')
    return client
  }

  it('a fifth of one user is 429, a seventh of all 503, and places come back', async () => {
    const clients = await Promise.all([stalled(), stalled(), stalled(), stalled()])
    expect(desk.figures.active).toBe(4)
    expect(heldNow()).toBe(4)
    const fifth = await get(CLIP)
    expect([fifth.status, fifth.headers['retry-after']]).toEqual([429, '5'])
    clients.push(await stalled(tokenOf('bob')), await stalled(tokenOf('bob')))
    const seventh = await ask(server.port, 'GET', CLIP, { headers: { Authorization: `Bearer ${tokenOf('cid')}` } })
    expect([seventh.status, seventh.headers['retry-after']]).toEqual([503, '5'])
    for (const { socket } of clients) socket.destroy()
    await vi.waitFor(() => expect([desk.figures.active, heldNow()]).toEqual([0, 0]))
    expect((await get(CLIP)).status).toBe(200)
  })

  it('who takes next to nothing is cut', async () => {
    const { socket } = await stalled()
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await vi.waitFor(() => expect([desk.figures.active, heldNow()]).toEqual([0, 0]))
    socket.resume()
    await closed
  })

  it('memory does not grow with what clients leave lying', async () => {
    const before = process.memoryUsage()
    const clients = await Promise.all([stalled(), stalled(), stalled(), stalled()])
    const after = process.memoryUsage()
    for (const { socket } of clients) socket.destroy()
    expect(after.arrayBuffers + after.external - before.arrayBuffers - before.external).toBeLessThan(8 * 1024 * 1024)
    await vi.waitFor(() => expect(heldNow()).toBe(0))
  })

  it('a file that becomes shorter ends the connection, not the service', async () => {
    writeFileSync(join(roots.recording, 'shrinks.mp4'), big)
    const client = open(server.port)
    client.socket.write(`GET /files/recordings/shrinks.mp4 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${viewer}\r\n\r\n`)
    client.socket.once('data', () => client.socket.pause())
    await client.until('\r\n\r\n')
    truncateSync(join(roots.recording, 'shrinks.mp4'), 1_000)
    const closed = new Promise((resolve) => client.socket.once('close', resolve))
    client.socket.resume()
    await closed
    expect(client.received().length).toBeLessThan(BIG)
    await vi.waitFor(() => expect(heldNow()).toBe(0))
    expect((await get(CLIP, {}, 'HEAD')).status).toBe(200)
  })

  it('an answer follows another on one connection', async () => {
    const client = open(server.port)
    const request = `GET ${CLIP} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${viewer}\r\nRange: bytes=0-4\r\n\r\n`
    client.socket.write(request)
    await client.until('\r\n\r\n')
    client.socket.write(request)
    await vi.waitFor(() => expect(client.received().match(/206 Partial Content/g)).toHaveLength(2))
    client.socket.destroy()
  })

  it('no token and no ticket is in the log', () => expect(lines.join('')).not.toMatch(/ey[\w-]+\.|ticket=/))
})
