/**
 * Connections that the system does not hand over. Out of file descriptors it closes what connects and tells nobody, so the service notices
 * by itself, says so and goes on; for want of memory they wait.
 */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

it('a connection that the system cannot hand over at first is served when it can', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'accept-'))
  const [library, flag] = [join(folder, 'accept.so'), join(folder, 'fail')]
  execFileSync('cc', ['-O2', '-shared', '-fPIC', '-o', library, join(import.meta.dirname, 'kill/accept.c'), '-ldl'])
  const other = await startService({ camera: true, env: { LD_PRELOAD: library, ACCEPT_FLAG: flag } })
  try {
    for (let times = 1; times <= 2; times += 1) {
      writeFileSync(flag, '')
      expect((await ask(other.cameraPort, 'GET', '/health')).status).toBe(200)
      expect(existsSync(flag)).toBe(false)
    }
    expect(other.log()).not.toMatch(/error|fatal/i)
  } finally {
    await other.stop()
    rmSync(folder, { recursive: true })
  }
}, 60_000)
