import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { redirects } from '../../../src/external/redirect.js'

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(accept: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    accept(socket)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

it.each([301, 302, 303, 305])(
  'S-45: a machine that answers %i is found out, and where it sends to is never asked',
  async (status) => {
    let forbidden = 0
    const elsewhere = await listen(() => {
      forbidden += 1
    })
    const asked: string[] = []
    const port = await listen((socket) =>
      socket.on('data', (data) => {
        asked.push(String(data))
        socket.write(`RTSP/1.0 ${status} Moved\r\nCSeq: 1\r\nLocation: rtsp://127.0.0.1:${elsewhere}/x\r\n\r\n`)
      }),
    )
    expect(await redirects(`rtsp://user:s3cret@127.0.0.1:${port}/live`)).toBe(true)
    expect(forbidden).toBe(0)
    expect(asked.join('')).toMatch(new RegExp(`^DESCRIBE rtsp://127.0.0.1:${port}/live RTSP/1.0\r\n`))
    expect(asked.join('')).not.toContain('s3cret')
  },
)

it.each([
  'RTSP/1.0 200 OK\r\n\r\n',
  'RTSP/1.0 401 Unauthorized\r\n\r\n',
  'RTSP/1.0 404 Not Found\r\n\r\n',
  `nonsense${'x'.repeat(5_000)}`,
])('an answer of %.20s is none', async (answer) => {
  const port = await listen((socket) => socket.once('data', () => socket.write(answer)))
  expect(await redirects(`rtsp://127.0.0.1:${port}/live`)).toBe(false)
})

it('a machine that is away, silent or hangs up sends nowhere', async () => {
  const silent = await listen(() => undefined)
  const rude = await listen((socket) => socket.destroy())
  const closed = await listen(() => undefined)
  await new Promise((resolve) => servers.pop()?.close(resolve))
  for (const port of [silent, rude, closed]) expect(await redirects(`rtsp://127.0.0.1:${port}/live`, 100)).toBe(false)
  expect(await redirects(`rtsps://127.0.0.1:${rude}/live`, 100)).toBe(false)
})
