/** Out of file descriptors: the system closes what connects and tells nobody, so the service notices by itself, says so and goes on. */

import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { ask } from '../support/raw-http.js'
import { type RunningService, startService } from '../support/service.js'

const LIMIT = 200
let service: RunningService
const sockets: Socket[] = []
beforeAll(async () => {
  // The hard limit too: a process raises its soft one to that.
  service = await startService({
    camera: true,
    args: ['--virtual-cameras', '1'],
    wrapper: ['prlimit', `--nofile=${LIMIT}:${LIMIT}`],
  })
}, 60_000)
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  await service?.stop()
})

const DEADLINE = { timeout: 20_000 }

it('is told in the log once and counted, and everything works again when descriptors are free', async () => {
  expect((await ask(service.cameraPort, 'GET', '/health')).status).toBe(200)
  // More than there are descriptors for.
  for (let opened = 0; opened < LIMIT; opened += 1) {
    const socket = connect({ host: '127.0.0.1', port: service.cameraPort })
    sockets.push(socket)
    await new Promise((resolve) => socket.on('error', resolve).once('connect', resolve))
  }
  await vi.waitFor(() => expect(service.log()).toContain('no file descriptor is free'), DEADLINE)

  for (const socket of sockets.splice(0)) socket.destroy()
  await vi.waitFor(() => expect(service.log()).toContain('file descriptors are free again'), DEADLINE)
  const status = JSON.parse((await ask(service.cameraPort, 'GET', '/status')).body)
  expect(status.server.faults.connection.DESCRIPTOR_LIMIT).toMatchObject({
    count: expect.any(Number),
    reason: expect.stringContaining('EMFILE'),
  })
  expect(service.log().split('no file descriptor is free')).toHaveLength(2)
  expect(status.is_connected).toBe(true)
}, 60_000)
