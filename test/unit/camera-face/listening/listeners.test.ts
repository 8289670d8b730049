import { once } from 'node:events'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'
import { portOwner } from '../../../../src/camera-face/listening/listen-error.js'
import { freePort } from '../../../support/free-port.mjs'
import { ask, open } from '../../../support/raw-http.js'
import { type Stage, stage } from '../face.js'

const stages: Stage[] = []
afterEach(async () => {
  for (const one of stages.splice(0)) await one.close()
})

async function staged(...args: Parameters<typeof stage>): Promise<Stage> {
  const made = await stage(...args)
  stages.push(made)
  return made
}

const alive = async (port: number): Promise<number> => (await ask(port, 'GET', '/health')).status
const REFUSED = Number.NaN

describe('a face that moves', () => {
  it('listens on both addresses until the move is decided', async () => {
    const { face } = await staged()
    const [before, next] = [face.port, await freePort()]
    const move = await face.prepareMove({ host: '127.0.0.1', port: next })
    expect([await alive(before), await alive(next)]).toEqual([200, 200])
    await move.commit()
    expect([await alive(before), await alive(next), face.port]).toEqual([REFUSED, 200, next])
  })

  it('comes back when the move is taken back', async () => {
    const { face } = await staged()
    const [before, next] = [face.port, await freePort()]
    const move = await face.prepareMove({ host: '127.0.0.1', port: next })
    await move.undo()
    expect([await alive(before), await alive(next), face.port]).toEqual([200, REFUSED, before])
  })

  it('keeps connections of the old address', async () => {
    const { face } = await staged()
    const client = open(face.port)
    client.socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await client.until('retry:')
    await (await face.prepareMove({ host: '127.0.0.1', port: await freePort() })).commit()
    const last = stages[0]
    last?.changeState('camera0', { ...last.ports.status, state: 'stalled' })
    await client.until('"stalled"')
    client.socket.destroy()
  })

  it('changes the address of its port too, and back', async () => {
    const { face } = await staged()
    const { port } = face
    const wide = await face.prepareMove({ host: '0.0.0.0', port })
    expect(await alive(port)).toBe(200)
    await wide.undo()
    expect([await alive(port), face.port]).toEqual([200, port])
    await (await face.prepareMove({ host: '0.0.0.0', port })).commit()
    expect([await alive(port), face.port]).toEqual([200, port])
  })

  it('listens nowhere once it is stopped, whatever becomes of the move', async () => {
    for (const decide of ['commit', 'undo'] as const) {
      const { face } = await staged()
      const [before, next] = [face.port, await freePort()]
      const move = await face.prepareMove({ host: '127.0.0.1', port: next })
      await face.stop()
      expect([await alive(before), await alive(next)]).toEqual([REFUSED, REFUSED])
      await move[decide]()
      expect([await alive(before), await alive(next)]).toEqual([REFUSED, REFUSED])
    }
  })

  it('does not move any more while it is stopped', async () => {
    const { face } = await staged()
    const next = { host: '127.0.0.1', port: await freePort() }
    const moving = face.prepareMove(next)
    const stopped = face.stop()
    await expect(moving).rejects.toThrow('the camera face is being closed')
    await stopped
    await expect(face.prepareMove(next)).rejects.toThrow('the camera face is being closed')
    expect(await alive(next.port)).toEqual(REFUSED)
  })

  it('stays where it is when the new address cannot be had', async () => {
    const { face } = await staged()
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    await expect(face.prepareMove({ host: '127.0.0.1', port })).rejects.toThrow(
      `127.0.0.1:${port}: node (pid ${process.pid}) holds the port`,
    )
    taken.close()
    await expect(face.prepareMove({ host: '192.0.2.1', port: face.port })).rejects.toThrow('does not have that address')
    expect(await alive(face.port)).toBe(200)
  })
})

describe('the owner of a port', () => {
  it('is named where it can be seen', async () => {
    const server = createServer().listen(0, '::1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    expect(await portOwner(port)).toMatchObject({ pid: process.pid })
    server.close()
    await once(server, 'close')
    expect(await portOwner(port)).toBeUndefined()
  })
})

describe('strangers', () => {
  const address = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address

  it.skipIf(address === undefined)('have so many connections and viewers per address', async () => {
    const { port } = await staged({
      host: '0.0.0.0',
      settings: { auth: 'none', maxConnectionsPerAddress: 3, maxUnauthenticatedPerAddress: 2 },
    })
    const clients = Array.from({ length: 3 }, () => open(port, address))
    await Promise.all(clients.map(({ socket }) => once(socket, 'connect')))
    const more = open(port, address)
    expect(await more.until('\r\n\r\n')).toMatch(/^HTTP\/1\.1 503 /)
    expect(await alive(port)).toBe(200)
    for (const { socket } of clients) socket.destroy()

    const statuses: number[] = []
    for (let index = 0; index < 3; index += 1) {
      await expect.poll(async () => (await fetch(`http://${address}:${port}/health`)).status).toBe(200)
      const response = await fetch(`http://${address}:${port}/video_feed`)
      statuses.push(response.status)
      await response.body?.cancel()
    }
    expect(statuses).toEqual([200, 200, 503])
    expect((await ask(port, 'GET', '/video_feed')).status).toBe(200)
  })
})
